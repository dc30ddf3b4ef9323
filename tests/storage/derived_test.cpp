// Derived collections: appended at given times, with an upper of their own.
#include <doctest/doctest.h>

#include <thread>

#include "tests/storage/fixture.hpp"

namespace tailrace::storage::testing {

TEST_CASE("an append needs the expected upper and moves it") {
  Fixture fixture;
  const auto view = fixture.create(CollectionKind::derived, 1'000'000);
  const Timestamp start = fixture.store().upper(view);
  CHECK(start == fixture.store().latest_time());
  auto outcome = fixture.store().append(view, start, start + 10,
                                        delta_of({{1, "one", 1, start}, {2, "two", 1, start + 5}}));
  CHECK(outcome.appended);
  CHECK(outcome.upper == start + 10);
  outcome = fixture.store().append(view, start, start + 20, delta_of({{3, "three", 1, start}}));
  CHECK(!outcome.appended);
  CHECK(outcome.upper == start + 10);
  CHECK(contents_at(fixture.store(), view, start).size() == 1);
  CHECK(contents_at(fixture.store(), view, start + 5).size() == 2);
  CHECK_THROWS_AS(fixture.store().snapshot(view, start + 10), SqlError);
}

TEST_CASE("after a restart a derived collection goes on from its upper") {
  Fixture fixture;
  const auto view = fixture.create(CollectionKind::derived, 0);
  Timestamp upper = fixture.store().upper(view);
  Contents model;
  for (int i = 0; i < 40; ++i) {
    const bool empty = i % 3 == 2;
    const Row row{i, "x", 1, upper};
    REQUIRE(
        fixture.store().append(view, upper, upper + 5, empty ? Delta{} : delta_of({row})).appended);
    if (!empty) model[{i, "x"}] = 1;
    upper += 5;
    if (i % 10 == 7) fixture.store().compact_now(view);
    if (i % 10 == 9) fixture.reopen();
    REQUIRE(fixture.store().upper(view) == upper);
    CHECK(contents_now(fixture.store(), view) == model);
  }
}

TEST_CASE("commits do not write to derived collections, nor appends to others") {
  Fixture fixture;
  const auto view = fixture.create(CollectionKind::derived);
  const auto table = fixture.create();
  const auto outcome = fixture.store().commit(write(view, {{1, "one"}}));
  REQUIRE(outcome.error);
  CHECK(outcome.error->state() == sqlstate::wrong_object_type);
  CHECK_THROWS_AS(fixture.store().append(table, 0, 1, {}), SqlError);
}

TEST_CASE("a listener over a table and a view gets what is complete in both") {
  Fixture fixture;
  const auto table = fixture.create();
  const auto view = fixture.create(CollectionKind::derived);
  const Timestamp start = fixture.store().upper(view);
  auto listener = fixture.store().listen({table, view}, start);
  fixture.wall += 100;
  const Timestamp time = fixture.commit(write(table, {{1, "one"}}));
  CHECK(!listener->poll());
  fixture.store().append(view, start, time + 1, delta_of({{1, "seen", 1, time}}));
  const auto changes = listener->poll();
  REQUIRE(changes);
  CHECK(changes->upper == time + 1);
  CHECK(changes->changed.size() == 2);
}

TEST_CASE("a large append becomes a part, with its times") {
  Fixture fixture;
  const auto view = fixture.create(CollectionKind::derived, 1'000'000);
  const Timestamp start = fixture.store().upper(view);
  fixture.store().append(view, start, start + 1, delta_of({{-1, "small", 1, start}}));
  auto listener = fixture.store().listen({view}, start + 1);
  std::vector<Row> rows;
  for (int i = 0; i < 400'000; ++i) {
    rows.push_back(
        {i, "a value of some length for row " + std::to_string(i), 1, start + 1 + i % 2});
  }
  CHECK(fixture.store().append(view, start + 1, start + 3, delta_of(rows)).appended);
  CHECK(fixture.store().status(view).part_updates == 400'000);
  CHECK(fixture.store().status(view).tail_updates == 1);
  auto changes = listener->poll();
  REQUIRE(changes);
  CHECK(contents_of(changes->changed.at(0).rows).size() == 400'000);
  changes.reset();
  listener.reset();
  for (int round = 0; round < 2; ++round) {
    CHECK(fixture.store().upper(view) == start + 3);
    CHECK(contents_at(fixture.store(), view, start).size() == 1);
    CHECK(contents_at(fixture.store(), view, start + 1).size() == 200'001);
    CHECK(contents_at(fixture.store(), view, start + 2).size() == 400'001);
    fixture.reopen();
  }
}

TEST_CASE("waiting for a view ends with its append") {
  Fixture fixture;
  const auto view = fixture.create(CollectionKind::derived);
  const Timestamp start = fixture.store().upper(view);
  std::thread appender([&] { fixture.store().append(view, start, start + 1, {}); });
  CancelToken cancel;
  fixture.store().wait_complete(view, start, cancel);
  appender.join();
  std::thread canceller([&] { cancel.cancel(); });
  CHECK_THROWS_AS(fixture.store().wait_complete(view, start + 1000, cancel), SqlError);
  canceller.join();
}

TEST_CASE("after a start inputs keep their since until views have taken up their holds") {
  Fixture fixture;
  const auto table = fixture.create(CollectionKind::clocked, 10);
  const auto view = fixture.create(CollectionKind::derived, 10);
  const Timestamp first = fixture.commit(write(table, {{1, "one"}}));
  fixture.store().append(view, fixture.store().upper(view), first + 1,
                         delta_of({{1, "one", 1, first}}));
  const std::vector<CollectionId> input{table};
  auto hold = fixture.store().hold(input, first);
  fixture.wall += 10'000;
  fixture.commit(write(table, {{2, "two"}}));
  fixture.store().compact_now(table);
  hold.clear();
  fixture.reopen();
  CHECK(fixture.store().upper(view) == first + 1);
  hold = fixture.store().hold(input, first);
  CHECK(hold[0]->time() == first);
  fixture.store().holds_taken_up();
  CHECK(fixture.store().since(table) == first);
  hold.clear();
  CHECK(fixture.store().since(table) > first);
}

}  // namespace tailrace::storage::testing
