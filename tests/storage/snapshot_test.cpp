// Snapshots: definite at each time between since and upper, whatever happens meanwhile.
#include <doctest/doctest.h>

#include <thread>

#include "tests/storage/fixture.hpp"

namespace tailrace::storage::testing {

TEST_CASE("a snapshot answers the same before and after folds, merges and restarts") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 1'000'000);
  std::map<Timestamp, Contents> expected;
  Contents model;
  for (int step = 0; step < 60; ++step) {
    fixture.wall += 10;
    const std::int64_t key = step % 7;
    std::vector<Row> rows;
    for (const auto& [row, diff] : model) {
      if (row.first == key) rows.push_back({row.first, row.second, -diff});
    }
    rows.push_back({key, "v" + std::to_string(step)});
    for (const Row& row : rows) model[{row.key, row.value}] += row.diff;
    std::erase_if(model, [](const auto& entry) { return entry.second == 0; });
    expected[fixture.commit(write(a, rows))] = model;
    if (step % 20 == 10) fixture.store().compact_now(a);
    if (step % 30 == 25) fixture.reopen();
  }
  for (int round = 0; round < 3; ++round) {
    for (const auto& [time, contents] : expected) {
      CHECK(contents_at(fixture.store(), a, time) == contents);
    }
    if (round == 0) fixture.store().compact_now(a);
    if (round == 1) fixture.reopen();
  }
}

TEST_CASE("times outside of since and upper are refused with both in the message") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 100);
  fixture.wall += 1000;
  const Timestamp time = fixture.commit(write(a, {{1, "one"}}));
  CHECK(fixture.store().since(a) == time - 100);
  CHECK_NOTHROW(fixture.store().snapshot(a, time - 100));
  try {
    fixture.store().snapshot(a, time + 1);
    FAIL("read above the upper");
  } catch (const SqlError& error) {
    CHECK(error.state() == sqlstate::invalid_parameter_value);
    CHECK(error.message().find(std::to_string(time - 100)) != std::string::npos);
    CHECK(error.message().find(std::to_string(time + 1)) != std::string::npos);
  }
  CHECK_THROWS_AS(fixture.store().snapshot(a, time - 101), SqlError);
}

TEST_CASE("a hold keeps since until it moves or ends") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 100);
  const auto b = fixture.create(CollectionKind::clocked, 100);
  fixture.wall += 1000;
  const Timestamp first = fixture.commit(write(a, {{1, "one"}}));
  const std::vector<CollectionId> both{a, b};
  auto holds = fixture.store().hold(both, first);
  REQUIRE(holds.size() == 2);
  CHECK(holds[0]->time() == first);
  fixture.wall += 1000;
  const Timestamp second = fixture.commit(write(a, {{1, "one", -1}, {1, "eins"}}));
  fixture.wall += 1000;
  fixture.commit(write(b, {{5, "five"}}));
  fixture.store().compact_now(a);
  CHECK(fixture.store().since(a) == first);
  CHECK(fixture.store().since(b) == first);
  CHECK(contents_at(fixture.store(), a, first) == Contents{{{1, "one"}, 1}});
  holds[0]->advance(second);
  CHECK(fixture.store().since(a) == second);
  holds.clear();
  CHECK(fixture.store().since(a) == fixture.store().latest_time() - 100);
  CHECK(fixture.store().hold(both, 1)[0]->time() == fixture.store().since(a));
}

TEST_CASE("a snapshot outlives compaction, drop and the store") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 0);
  fixture.commit(write(a, {{1, "one"}}));
  fixture.store().compact_now(a);
  const Snapshot snapshot = fixture.store().snapshot(a, fixture.store().latest_time());
  fixture.commit(write(a, {{1, "one", -1}}));
  fixture.store().compact_now(a);
  CommitRequest drop;
  drop.drop.push_back(a);
  fixture.commit(std::move(drop));
  CHECK(contents_of(snapshot.rows) == Contents{{{1, "one"}, 1}});
  fixture.close();
  CHECK(contents_of(snapshot.rows) == Contents{{{1, "one"}, 1}});
}

TEST_CASE("chunks that cannot match are known by their bounds") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 0);
  std::vector<Row> rows;
  for (int i = 0; i < 200'000; ++i) rows.push_back({i, "v"});
  fixture.commit(write(a, rows));
  fixture.store().compact_now(a);
  const Snapshot snapshot = fixture.store().snapshot(a, fixture.store().latest_time());
  REQUIRE(snapshot.rows.chunks.size() >= 3);
  CHECK(snapshot.rows.rows_max() == 200'000);
  auto matching = [&](std::optional<Value> min, std::optional<Value> max) {
    const std::vector<ColumnRange> ranges{{.column = 0, .min = min, .max = max}};
    std::size_t count = 0;
    for (const auto& chunk : snapshot.rows.chunks) count += chunk->may_match(ranges) ? 1 : 0;
    return count;
  };
  CHECK(matching(Value(std::int64_t{150'000}), Value(std::int64_t{150'000})) == 1);
  CHECK(matching(Value(std::int64_t{-5}), Value(std::int64_t{-1})) == 0);
  CHECK(matching(Value(std::int64_t{200'000}), std::nullopt) == 0);
  CHECK(matching(std::nullopt, std::nullopt) == snapshot.rows.chunks.size());
  CHECK(!snapshot.rows.chunks[0]->may_retract());
  const std::vector<int> second{1};
  CHECK(snapshot.rows.chunks[0]->read(second).columns.size() == 1);
}

TEST_CASE("readers see whole commits while writers and the compactor are at work") {
  Fixture fixture;
  fixture.close();
  fixture.tail_bytes_max = 200'000;
  fixture.open();
  const auto a = fixture.create(CollectionKind::clocked, 0);
  const auto b = fixture.create(CollectionKind::clocked, 0);
  std::atomic<bool> stop = false;
  // Each commit moves one unit from a to b or back: their sum never changes.
  fixture.commit(write(a, {{0, "unit", 100}}));
  std::vector<std::thread> threads;
  for (int writer = 0; writer < 2; ++writer) {
    threads.emplace_back([&, writer] {
      for (int i = 0; i < 300; ++i) {
        const Diff direction = (i + writer) % 2 == 0 ? 1 : -1;
        CommitRequest request = write(a, {{0, "unit", -direction}});
        request.deltas.push_back({b, delta_of({{0, "unit", direction}})});
        fixture.wall += 1;
        fixture.store().commit(std::move(request));
      }
    });
  }
  threads.emplace_back([&] {
    while (!stop) {
      fixture.store().compact_now(a);
      fixture.store().compact_now(b);
    }
  });
  const std::vector<CollectionId> both{a, b};
  for (int i = 0; i < 300; ++i) {
    const auto holds = fixture.store().hold(both, fixture.store().latest_time());
    const Timestamp time = std::max(holds[0]->time(), holds[1]->time());
    Diff sum = 0;
    for (const auto id : both) {
      for (const auto& [row, diff] : contents_at(fixture.store(), id, time)) sum += diff;
    }
    CHECK(sum == 100);
  }
  threads[0].join();
  threads[1].join();
  stop = true;
  threads[2].join();
}

}  // namespace tailrace::storage::testing
