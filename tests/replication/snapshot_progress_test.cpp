#include "replication/postgres/snapshot_progress.hpp"

#include <doctest/doctest.h>

using namespace tailrace::replication;

namespace {

constexpr std::int64_t second = 1'000'000;

struct Source {
  std::vector<IngestedTable> tables;
  SourceCounters counters;

  TableCounters& add() {
    tables.emplace_back().counters = std::make_shared<TableCounters>();
    return *tables.back().counters;
  }
  std::optional<SnapshotProgress> at(std::int64_t now) const {
    return snapshot_progress(tables, counters, now);
  }
};

}  // namespace

TEST_CASE("remaining time of a snapshot goes by the mean pace so far") {
  CHECK(remaining_time(1000, 250, 10 * second) == 30 * second);
  CHECK(remaining_time(1000, 1000, 10 * second) == 0);
  CHECK(remaining_time(1000, 1200, 10 * second) == 0);  // the estimate was too low
  CHECK(remaining_time(0, 0, 0) == 0);
  CHECK(remaining_time(1000, 0, 10 * second) == std::nullopt);
  CHECK(remaining_time(1000, 1, 0) == std::nullopt);
  CHECK(remaining_time(~std::uint64_t{0}, 1, 1'000'000 * second).value() > 0);
}

TEST_CASE("progress of a snapshot is that of the tables that wait for it") {
  Source source;
  CHECK_FALSE(source.at(0));
  TableCounters& first = source.add();
  first.snapshot_records_known.set(50);
  first.snapshot_records_staged.set(50);
  TableCounters& second_table = source.add();

  SUBCASE("it has not begun") {
    const SnapshotProgress progress = source.at(0).value();
    CHECK(progress.tables == 2);
    CHECK_FALSE(progress.began_at);
    CHECK_FALSE(progress.remaining);
  }
  SUBCASE("it is under way") {
    source.counters.snapshot_began_at = 100 * second;
    CHECK_FALSE(source.at(110 * second)->remaining);  // how much the other has is not known
    second_table.snapshot_records_known.set(150);
    second_table.snapshot_records_staged.set(50);
    const SnapshotProgress progress = source.at(110 * second).value();
    CHECK(progress.began_at == 100 * second);
    CHECK(progress.records_known == 200);
    CHECK(progress.records_staged == 100);
    CHECK(progress.remaining == 10 * second);
  }
  SUBCASE("what is committed, or never will be, is left out") {
    first.snapshot_committed = true;
    CHECK(source.at(0)->tables == 1);
    second_table.ceased = true;
    CHECK_FALSE(source.at(0));
  }
}
