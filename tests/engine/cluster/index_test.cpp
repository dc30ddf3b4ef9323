// Indexes: look-ups, snapshots, sharing among dataflows, readers beside the writer.
#include <atomic>
#include <thread>

#include "engine/dataflow/arranged_batch.hpp"
#include "repr/order.hpp"
#include "tests/engine/cluster/setting.hpp"

namespace tailrace::engine::test {

namespace {

std::shared_ptr<IndexReader> create_index(Setting& setting, CollectionId on, PlanPtr plan, int key,
                                          CollectionId id) {
  const ScalarPtr scalar = column(key, plan->types[static_cast<std::size_t>(key)]);
  setting.cluster().install(
      IndexDescription{.id = id, .on = on, .plan = std::move(plan), .key = {scalar}});
  setting.wait_hydrated(id);
  return setting.cluster().index(id);
}

std::vector<std::string> look_up(IndexReader& index, const Batch& keys, Timestamp time) {
  CancelToken cancel;
  index.wait_complete(time, cancel);
  return by_hand::lines(index.lookup(keys, time));
}

std::vector<std::string> all_of(IndexReader& index, Timestamp time, std::size_t width) {
  CancelToken cancel;
  index.wait_complete(time, cancel);
  std::vector<Batch> rows;
  for (const auto& chunk : index.snapshot(time).rows.chunks)
    rows.push_back(chunk->read(all_columns(width)).with_time(0));
  return rows.empty() ? std::vector<std::string>() : by_hand::lines(consolidate(concatenate(rows)));
}

}  // namespace

TEST_CASE("an index answers look-ups and snapshots at the times that it holds") {
  Setting setting;
  setting.write(setting.orders,
                {{"10", "1", "5"}, {"11", "2", "7"}, {"12", "1", "1"}, {"13", "NULL", "2"}});
  const auto index =
      create_index(setting, setting.orders, setting.get_orders(), 1, setting.next_id());
  const Timestamp before = setting.advance(10);
  const Timestamp after = setting.write(setting.orders, {{"10", "1", "5"}}, -1);
  const Batch one = by_hand::rows({TypeId::int4}, {{"1"}});
  CHECK(look_up(*index, one, after) == std::vector<std::string>{"12|1|1"});
  CHECK(look_up(*index, one, before) == std::vector<std::string>{"10|1|5", "12|1|1"});
  CHECK(look_up(*index, by_hand::rows({TypeId::int4}, {{"2"}, {"NULL"}, {"77"}, {"1"}, {"2"}}),
                after) == std::vector<std::string>{"11|2|7", "12|1|1"});
  CHECK(look_up(*index, by_hand::rows({TypeId::int4}, {{"5"}}), after).empty());
  CHECK(all_of(*index, before, 3).size() == 4);
  CHECK(all_of(*index, after, 3).size() == 3);
  CHECK_THROWS_AS(index->lookup(one, index->upper()), SqlError);
}

TEST_CASE("queries planned before an index was readable can tell that it is now") {
  Setting setting;
  setting.write(setting.orders, {{"10", "1", "5"}});
  const std::uint64_t before = setting.cluster().indexes_version();
  create_index(setting, setting.orders, setting.get_orders(), 1, setting.next_id());
  // Told just after it can be read.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (setting.cluster().indexes_version() == before &&
         std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  CHECK(setting.cluster().indexes_version() > before);
}

TEST_CASE("an index on a view feeds other dataflows, and lives as long as they do") {
  Setting setting;
  setting.write(setting.customers, {{"1", "north"}, {"2", "south"}});
  setting.write(setting.orders, {{"10", "1", "5"}, {"11", "2", "7"}});
  const PlanPtr plan = setting.revenue();
  const CollectionId view = setting.next_id();  // not stored
  const CollectionId id = setting.next_id();
  // The reader comes first, and waits for the index.
  const PlanPtr above = filter(
      get_collection(view, "v", plan->types, plan->nullable),
      {by_hand::apply("=", {column(0, TypeId::text), by_hand::text("north")}, TypeId::boolean)});
  const CollectionId stored = setting.create_view(above);
  const auto index = create_index(setting, view, plan, 0, id);
  Timestamp time = setting.write(setting.orders, {{"12", "1", "5"}});
  CHECK(look_up(*index, by_hand::rows({TypeId::text}, {{"north"}}), time) ==
        std::vector<std::string>{"north|2|10"});
  CHECK(setting.view_at(stored, time) == std::vector<std::string>{"north|2|10"});
  setting.cluster().drop(id);
  CHECK(setting.cluster().index(id) == nullptr);
  time = setting.write(setting.orders, {{"13", "1", "1"}});
  CHECK(setting.view_at(stored, time) == std::vector<std::string>{"north|3|11"});
}

TEST_CASE("a join uses an index by its key in place of an arrangement of its own") {
  Setting setting(2);
  std::vector<std::vector<std::string>> rows;
  for (int i = 0; i < 500; ++i) rows.push_back({std::to_string(i), std::to_string(i % 40), "1"});
  setting.write(setting.orders, rows);
  rows.clear();
  for (int i = 0; i < 40; ++i) rows.push_back({std::to_string(i), i % 2 ? "odd" : "even"});
  setting.write(setting.customers, rows);
  create_index(setting, setting.orders, setting.get_orders(), 1, setting.next_id());
  create_index(setting, setting.customers, setting.get_customers(), 0, setting.next_id());
  const PlanPtr plan = setting.revenue();
  const CollectionId view = setting.create_view(plan);
  const Timestamp first = setting.advance(5);
  CHECK(setting.view_at(view, first) == setting.once(plan, first));
  CHECK(setting.cluster().status(view)->arranged_rows == 2);  // the groups
  Timestamp time = first;
  for (int i = 0; i < 30; ++i) {
    setting.write(setting.orders, {{std::to_string(1000 + i), std::to_string(i % 45), "2"}});
    time = setting.write(setting.customers, {{std::to_string(40 + i % 5), i % 2 ? "odd" : "even"}});
    if (i % 3 == 0)
      time = setting.write(setting.customers, {{std::to_string(i), i % 2 ? "odd" : "even"}}, -1);
  }
  for (Timestamp t = first; t <= time; t += 5)
    CHECK(setting.view_at(view, t) == setting.once(plan, t));
  CHECK(setting.view_at(view, time) == setting.once(plan, time));
}

TEST_CASE("readers of an index see one time each, while the writer goes on") {
  Setting setting(2);
  const auto index =
      create_index(setting, setting.orders, setting.get_orders(), 1, setting.next_id());
  std::atomic<bool> done{false};
  std::atomic<int> reads{0};
  std::thread reader([&] {
    const Batch key = by_hand::rows({TypeId::int4}, {{"1"}});
    while (!done) {
      const Timestamp time = index->upper() - 1;
      const auto hold = index->hold(time);
      // Every commit moves one order from or to customer 1 within itself: the amounts always add up
      // to 0.
      const Batch rows = index->lookup(key, time);
      std::int64_t sum = 0;
      for (std::size_t row = 0; row < rows.rows; ++row) {
        sum += rows.columns[2]->values<std::int64_t>()[row] * rows.diffs[row];
      }
      if (sum != 0) FAIL("a torn read");
      ++reads;
    }
  });
  for (int i = 0; i < 400; ++i) {
    setting.write(setting.orders, {{std::to_string(2 * i), "1", std::to_string(i)},
                                   {std::to_string(2 * i + 1), "1", std::to_string(-i)}});
  }
  const Timestamp time = setting.advance();
  CancelToken cancel;
  index->wait_complete(time, cancel);
  eventually([&] { return reads > 100; });
  done = true;
  reader.join();
  CHECK(index->lookup(by_hand::rows({TypeId::int4}, {{"1"}}), time).rows == 800);
}

TEST_CASE("an index whose dataflow stopped tells why to who waits") {
  Setting setting;
  const auto index =
      create_index(setting, setting.orders, setting.get_orders(), 1, setting.next_id());
  setting.drop(setting.orders);
  CancelToken cancel;
  CHECK_THROWS_AS(index->wait_complete(setting.advance() + 1000, cancel), SqlError);
}

}  // namespace tailrace::engine::test
