// Compaction: space follows live data, in the background and on demand.
#include <doctest/doctest.h>

#include <thread>

#include "tests/storage/fixture.hpp"

namespace tailrace::storage::testing {

namespace {

std::vector<Row> table(int rows, int version) {
  std::vector<Row> all;
  for (int i = 0; i < rows; ++i)
    all.push_back({i, "row " + std::to_string(i) + " v" + std::to_string(version)});
  return all;
}

std::vector<Row> update(int rows, int from, int to) {
  std::vector<Row> all = table(rows, from);
  for (Row& row : all) row.diff = -1;
  const auto added = table(rows, to);
  all.insert(all.end(), added.begin(), added.end());
  return all;
}

}  // namespace

TEST_CASE("a table updated a hundred times over takes at most three times its fresh size") {
  constexpr int rows = 100'000;
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 0);
  fixture.commit(write(a, table(rows, 0)));
  fixture.store().compact_now(a);
  const auto fresh = fixture.store().disk_bytes();
  for (int version = 1; version <= 100; ++version) {
    fixture.commit(write(a, update(rows, version - 1, version)));
  }
  fixture.store().compact_now(a);
  // A merge in the background may still let go of its inputs.
  while (fixture.store().disk_bytes() > 3 * fresh) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK(fixture.store().status(a).part_updates == rows);
  CHECK(contents_now(fixture.store(), a).size() == rows);
  fixture.reopen();
  CHECK(contents_now(fixture.store(), a).size() == rows);
}

TEST_CASE("the background keeps tails within their bound and parts near the live data") {
  constexpr int rows = 2'000;
  Fixture fixture;
  fixture.close();
  fixture.tail_bytes_max = 1 << 20;
  fixture.open();
  const auto a = fixture.create(CollectionKind::clocked, 0);
  fixture.commit(write(a, table(rows, 0)));
  for (int version = 1; version <= 150; ++version) {
    fixture.wall += 1;
    fixture.commit(write(a, update(rows, version - 1, version)));
  }
  // Conditions, not times: the compactor gets there.
  for (;;) {
    const auto status = fixture.store().status(a);
    if (status.tail_bytes < 1 << 20 && status.part_updates < 30'000) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK(contents_now(fixture.store(), a).size() == rows);
}

TEST_CASE("a table whose rows are all deleted takes no parts") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 0);
  fixture.commit(write(a, table(10'000, 0)));
  fixture.store().compact_now(a);
  std::vector<Row> gone = table(10'000, 0);
  for (Row& row : gone) row.diff = -1;
  fixture.commit(write(a, gone));
  fixture.store().compact_now(a);
  CHECK(fixture.store().status(a).part_updates == 0);
}

TEST_CASE("many small commits are joined in memory") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 0);
  for (int i = 0; i < 500; ++i) {
    std::vector<Row> rows{{1, "v" + std::to_string(i)}};
    if (i > 0) rows.push_back({1, "v" + std::to_string(i - 1), -1});
    fixture.commit(write(a, rows));
  }
  while (fixture.store().snapshot(a, fixture.store().latest_time()).rows.chunks.size() > 100) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK(contents_now(fixture.store(), a) == Contents{{{1, "v499"}, 1}});
  fixture.reopen();
  CHECK(contents_now(fixture.store(), a) == Contents{{{1, "v499"}, 1}});
}

TEST_CASE("what was joined away does not come back in the past after a restart") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 0);
  const auto b = fixture.create(CollectionKind::clocked, 0);
  const Timestamp created = fixture.store().latest_time();
  // Runs that add up to nothing are joined to nothing; the log may go only with the parts' since.
  for (int i = 0; i < 200; ++i) {
    fixture.commit(write(a, {{1, "x", i % 2 == 0 ? 1 : -1}}));
  }
  while (fixture.store().status(a).tail_updates > 64) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  fixture.store().compact_now(b);
  fixture.reopen();
  if (fixture.store().since(a) == created) {
    CHECK(contents_at(fixture.store(), a, created + 1) == Contents{{{1, "x"}, 1}});
  }
  fixture.store().compact_now(a);
  fixture.reopen();
  CHECK(contents_now(fixture.store(), a).empty());
}

TEST_CASE("merges put the parts of one collection together, in its order") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 0);
  Contents expected;
  for (int part = 0; part < 8; ++part) {
    std::vector<Row> rows;
    for (int i = 0; i < 20'000; ++i) {
      rows.push_back({i * 8 + part, "p" + std::to_string(part)});
      expected[{rows.back().key, rows.back().value}] = 1;
    }
    auto writer = fixture.store().stage(a);
    writer->write(batch_of(rows));
    CommitRequest request;
    request.parts = writer->finish();
    fixture.commit(std::move(request));
  }
  fixture.store().compact_now(a);
  const Snapshot snapshot = fixture.store().snapshot(a, fixture.store().latest_time());
  // How many there are depends on which of them the background had merged before.
  CHECK(snapshot.rows.chunks.size() < 8);
  std::int64_t last = -1;
  const std::vector<int> columns{0, 1};
  for (const auto& chunk : snapshot.rows.chunks) {
    for (const Row& row : rows_of(chunk->read(columns))) {
      REQUIRE(row.key == last + 1);
      last = row.key;
    }
  }
  CHECK(contents_of(snapshot.rows) == expected);
}

}  // namespace tailrace::storage::testing
