// TRUNCATE: everything before it is undone at its time, whether in parts, in the tail or in the
// same commit.
#include <doctest/doctest.h>

#include <thread>

#include "tests/storage/fixture.hpp"

namespace tailrace::storage::testing {

namespace {

CommitRequest truncate(CollectionId collection, const std::vector<Row>& rows = {}) {
  CommitRequest request;
  request.truncate.push_back(collection);
  if (!rows.empty()) request.deltas.push_back({collection, delta_of(rows)});
  return request;
}

}  // namespace

TEST_CASE("a truncation leaves what the same commit adds, and history") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 1'000'000);
  fixture.commit(write(a, {{1, "part"}}));
  fixture.store().compact_now(a);
  fixture.wall += 10;
  const Timestamp before = fixture.commit(write(a, {{2, "tail"}}));
  fixture.wall += 10;
  const Timestamp first = fixture.commit(truncate(a, {{3, "new"}}));
  fixture.wall += 10;
  const Timestamp second = fixture.commit(truncate(a));
  auto check = [&] {
    CHECK(contents_at(fixture.store(), a, before) == Contents{{{1, "part"}, 1}, {{2, "tail"}, 1}});
    CHECK(contents_at(fixture.store(), a, first) == Contents{{{3, "new"}, 1}});
    CHECK(contents_at(fixture.store(), a, second).empty());
  };
  check();
  fixture.reopen();
  check();
  fixture.store().compact_now(a);
  check();
  fixture.reopen();
  check();
}

TEST_CASE("a truncated part disappears from disk without being read, once since allows") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 0);
  std::vector<Row> rows;
  for (int i = 0; i < 50'000; ++i) rows.push_back({i, "value " + std::to_string(i * 7919)});
  fixture.commit(write(a, rows));
  fixture.store().compact_now(a);
  CHECK(fixture.store().status(a).part_updates == 50'000);
  fixture.commit(truncate(a));
  CHECK(fixture.store().status(a).tail_updates == 0);
  CHECK(contents_now(fixture.store(), a).empty());
  fixture.store().compact_now(a);
  CHECK(fixture.store().status(a).part_updates == 0);
  CHECK(fixture.store().status(a).part_bytes == 0);
}

TEST_CASE("a truncation that a fold overtakes is not lost") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 1'000'000);
  // The fold reads the tail, the truncation comes, the fold publishes: a hold on nothing but luck,
  // so often.
  for (int round = 0; round < 30; ++round) {
    const Timestamp before = fixture.commit(write(a, {{round, "x"}, {round, "y"}}));
    std::thread folding([&] { fixture.store().compact_now(a); });
    const Timestamp after = fixture.commit(truncate(a));
    folding.join();
    CHECK(contents_at(fixture.store(), a, before).size() == 2);
    CHECK(contents_at(fixture.store(), a, after).empty());
    if (round % 10 == 5) fixture.reopen();
    CHECK(contents_now(fixture.store(), a).empty());
  }
}

TEST_CASE("a listener hears of a truncation what it undoes") {
  Fixture fixture;
  const auto a = fixture.create();
  fixture.commit(write(a, {{1, "part"}}));
  fixture.store().compact_now(a);
  const Timestamp start = fixture.commit(write(a, {{2, "tail"}}));
  auto listener = fixture.store().listen({a}, start + 1);
  fixture.commit(truncate(a));
  Contents undone;
  while (auto changes = listener->poll()) {
    for (const auto& collection : changes->changed) {
      for (const auto& [row, diff] : contents_of(collection.rows)) undone[row] += diff;
    }
  }
  CHECK(undone == Contents{{{1, "part"}, -1}, {{2, "tail"}, -1}});
}

TEST_CASE("truncations and writes in one group apply in their order") {
  Fixture fixture;
  const auto a = fixture.create();
  std::atomic<int> done = 0;
  auto count = [&](const CommitOutcome&) { ++done; };
  // The committer is kept busy by the first, so that the others wait together.
  CommitRequest slow = write(a, {{0, "first"}});
  slow.at_time = [](Timestamp, CommitRequest&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
  };
  fixture.store().commit_async(std::move(slow), count);
  fixture.store().commit_async(write(a, {{1, "one"}}), count);
  fixture.store().commit_async(truncate(a, {{2, "two"}}), count);
  fixture.store().commit_async(truncate(a, {{3, "three"}}), count);
  fixture.commit(write(a, {{4, "four"}}));
  CHECK(done == 4);
  CHECK(contents_now(fixture.store(), a) == Contents{{{3, "three"}, 1}, {{4, "four"}, 1}});
  fixture.reopen();
  CHECK(contents_now(fixture.store(), a) == Contents{{{3, "three"}, 1}, {{4, "four"}, 1}});
}

}  // namespace tailrace::storage::testing
