// SUBSCRIBE: snapshot, changes in order, the end, errors, a reader that is too slow.
#include "engine/cluster/subscription.hpp"
#include "tests/engine/cluster/setting.hpp"

namespace tailrace::engine::test {

namespace {

struct Seen {
  std::vector<std::string> updates;  // "time offset +diff row"
  Timestamp upper = 0;
};

// Reads until everything below `upper` has come.
Seen read_to(Subscription& subscription, Timestamp upper, Timestamp base) {
  Seen seen;
  CancelToken cancel;
  while (seen.upper < upper) {
    subscription.wait(cancel);
    while (const auto batch = subscription.poll()) {
      REQUIRE((seen.upper == 0 || batch->lower == seen.upper));
      seen.upper = batch->upper;
      for (std::size_t row = 0; row < batch->rows.rows; ++row) {
        const Batch one = slice(batch->rows, row, 1);
        seen.updates.push_back(std::to_string(one.times[0] - base) +
                               (one.diffs[0] > 0 ? " +" : " ") + std::to_string(one.diffs[0]) +
                               " " + by_hand::lines(one.with_diff(1))[0]);
      }
    }
  }
  return seen;
}

}  // namespace

TEST_CASE("a subscription gives the contents, then every change at its time") {
  Setting setting;
  setting.write(setting.orders, {{"1", "1", "5"}});
  const Timestamp as_of = setting.write(setting.orders, {{"2", "1", "6"}});
  const auto hold = setting.store().hold(std::vector{setting.orders}, as_of);
  const Timestamp first = setting.write(setting.orders, {{"1", "1", "5"}}, -1);
  const Timestamp second = setting.write(setting.orders, {{"3", "1", "7"}});
  const auto with = setting.cluster().subscribe(setting.get_orders(), as_of, true, std::nullopt);
  const auto without =
      setting.cluster().subscribe(setting.get_orders(), as_of, false, std::nullopt);
  const auto plus = [&](Timestamp time, const char* rest) {
    return std::to_string(time - as_of) + rest;
  };
  CHECK(read_to(*with, second + 1, as_of).updates ==
        std::vector<std::string>{"0 +1 1|1|5", "0 +1 2|1|6", plus(first, " -1 1|1|5"),
                                 plus(second, " +1 3|1|7")});
  CHECK(read_to(*without, second + 1, as_of).updates ==
        std::vector<std::string>{plus(first, " -1 1|1|5"), plus(second, " +1 3|1|7")});
  // Progress alone comes too.
  const Timestamp later = setting.advance();
  CHECK(read_to(*with, later + 1, as_of).updates.empty());
}

TEST_CASE("a subscription ends where it was told to") {
  Setting setting;
  const Timestamp as_of = setting.advance();
  const auto subscription =
      setting.cluster().subscribe(setting.get_orders(), as_of, true, as_of + 50);
  setting.write(setting.orders, {{"1", "1", "5"}});
  setting.advance(200);
  setting.write(setting.orders, {{"2", "1", "5"}});
  const Seen seen = read_to(*subscription, as_of + 50, as_of);
  CHECK(seen.upper == as_of + 50);
  CHECK(seen.updates.size() == 1);
  CHECK(!subscription->poll());
}

TEST_CASE("a subscription from a time that is gone fails and says so") {
  Setting setting;
  const auto subscription =
      setting.cluster().subscribe(setting.get_orders(), 1, true, std::nullopt);
  CancelToken cancel;
  subscription->wait(cancel);
  CHECK_THROWS_AS(subscription->poll(), SqlError);
}

TEST_CASE("an error in the data ends a subscription") {
  Setting setting;
  const Timestamp as_of = setting.advance();
  const PlanPtr plan =
      map(setting.get_orders(),
          {by_hand::apply("/", {by_hand::int4(1), column(1, TypeId::int4)}, TypeId::int4)});
  const auto subscription = setting.cluster().subscribe(plan, as_of, true, std::nullopt);
  setting.write(setting.orders, {{"1", "0", "5"}});
  CHECK_THROWS_WITH_AS(read_to(*subscription, as_of + 1000, as_of), "division by zero", SqlError);
}

TEST_CASE("a subscriber that does not read is cut off") {
  SubscriptionQueue queue;
  Batch rows = by_hand::rows({TypeId::text}, {{std::string(40 << 20, 'x')}});
  queue.add({1, 2, rows}, false);
  CHECK_THROWS_AS(queue.add({2, 3, rows}, false), SqlError);
  CHECK(queue.poll());
  queue.add({2, 3, rows}, false);
}

}  // namespace tailrace::engine::test
