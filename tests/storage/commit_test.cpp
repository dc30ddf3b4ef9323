// Commits: atomic over collections and records, at one time, after their preconditions.
#include <doctest/doctest.h>

#include <thread>

#include "tests/storage/fixture.hpp"

namespace tailrace::storage::testing {

TEST_CASE("a commit is visible at its time in all collections, and not before") {
  Fixture fixture;
  const auto a = fixture.create();
  const auto b = fixture.create();
  CommitRequest request = write(a, {{1, "one"}});
  request.deltas.push_back({b, delta_of({{2, "two"}})});
  const Timestamp before = fixture.store().latest_time();
  const Timestamp time = fixture.commit(std::move(request));
  CHECK(time > before);
  CHECK(contents_at(fixture.store(), a, before).empty());
  CHECK(contents_at(fixture.store(), a, time) == Contents{{{1, "one"}, 1}});
  CHECK(contents_at(fixture.store(), b, time) == Contents{{{2, "two"}, 1}});
  CHECK(fixture.store().upper(a) == time + 1);
}

TEST_CASE("what was committed is there after a restart, with its records and versions") {
  Fixture fixture;
  const auto a = fixture.create();
  CommitRequest request = write(a, {{1, "one"}, {2, "two"}});
  request.records.push_back({RecordSpace::positions, "source", "lsn 7"});
  request.records.push_back({RecordSpace::catalog, "t", "table"});
  request.bumps_catalog_version = true;
  const Timestamp time = fixture.commit(std::move(request));
  fixture.commit(write(a, {{1, "one", -1}, {1, "eins"}}));
  const Timestamp last = fixture.store().latest_time();
  fixture.reopen();
  CHECK(fixture.store().latest_time() >= last);
  CHECK(contents_now(fixture.store(), a) == Contents{{{1, "eins"}, 1}, {{2, "two"}, 1}});
  CHECK(contents_at(fixture.store(), a, time) == Contents{{{1, "one"}, 1}, {{2, "two"}, 1}});
  CHECK(fixture.store().read_record(RecordSpace::positions, "source") == "lsn 7");
  CHECK(fixture.store().scan_records(RecordSpace::catalog, "").size() == 1);
  CHECK(fixture.store().catalog_version() == 1);
  CHECK(fixture.store().describe(a)->schema == key_value_description().schema);
}

TEST_CASE("a precondition that fails writes nothing and says which") {
  Fixture fixture;
  const auto a = fixture.create();
  const Timestamp time = fixture.commit(write(a, {{1, "one"}}));

  CommitRequest stale = write(a, {{2, "two"}});
  stale.preconditions.unchanged_since.emplace_back(a, time - 1);
  auto outcome = fixture.store().commit(stale);
  REQUIRE(outcome.conflict);
  CHECK(outcome.conflict->what == Conflict::What::collection);

  CommitRequest position = write(a, {{2, "two"}});
  position.preconditions.records.push_back({RecordSpace::positions, "source", "lsn 1"});
  outcome = fixture.store().commit(position);
  REQUIRE(outcome.conflict);
  CHECK(outcome.conflict->what == Conflict::What::record);

  CommitRequest version = write(a, {{2, "two"}});
  version.preconditions.catalog_version = 5;
  outcome = fixture.store().commit(version);
  REQUIRE(outcome.conflict);
  CHECK(outcome.conflict->what == Conflict::What::catalog_version);

  CHECK(contents_now(fixture.store(), a) == Contents{{{1, "one"}, 1}});
  CommitRequest fresh = write(a, {{2, "two"}});
  fresh.preconditions.unchanged_since.emplace_back(a, time);
  fresh.preconditions.records.push_back({RecordSpace::positions, "source", std::nullopt});
  fixture.commit(fresh);
}

TEST_CASE("of two commits with one precondition in one group, one wins") {
  Fixture fixture;
  const auto a = fixture.create();
  const Timestamp time = fixture.store().latest_time();
  std::atomic<int> won = 0;
  std::atomic<int> lost = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      CommitRequest request = write(a, {{i, "x"}});
      request.preconditions.unchanged_since.emplace_back(a, time);
      ++(fixture.store().commit(std::move(request)).conflict ? lost : won);
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(won == 1);
  CHECK(lost == 7);
  CHECK(contents_now(fixture.store(), a).size() == 1);
}

TEST_CASE("a commit to a collection that does not exist is refused as a whole") {
  Fixture fixture;
  const auto a = fixture.create();
  CommitRequest request = write(a, {{1, "one"}});
  request.deltas.push_back({CollectionId{99}, delta_of({{2, "two"}})});
  const auto outcome = fixture.store().commit(std::move(request));
  REQUIRE(outcome.error);
  CHECK(outcome.error->state() == sqlstate::undefined_table);
  CHECK(contents_now(fixture.store(), a).empty());
}

TEST_CASE("what depends on the time is added once it is known") {
  Fixture fixture;
  const auto a = fixture.create();
  CommitRequest request = write(a, {{1, "one"}});
  request.at_time = [&](Timestamp time, CommitRequest& self) {
    self.deltas.push_back({a, delta_of({{2, std::to_string(time)}})});
    self.records.push_back({RecordSpace::catalog, "at", std::to_string(time)});
  };
  const Timestamp time = fixture.commit(std::move(request));
  fixture.reopen();
  CHECK(contents_now(fixture.store(), a) ==
        Contents{{{1, "one"}, 1}, {{2, std::to_string(time)}, 1}});
  CHECK(fixture.store().read_record(RecordSpace::catalog, "at") == std::to_string(time));
}

TEST_CASE("a dropped collection is gone for readers, writers and after a restart") {
  Fixture fixture;
  const auto a = fixture.create();
  fixture.commit(write(a, {{1, "one"}}));
  const Snapshot snapshot = fixture.store().snapshot(a, fixture.store().latest_time());
  CommitRequest drop;
  drop.drop.push_back(a);
  fixture.commit(std::move(drop));
  CHECK(contents_of(snapshot.rows) == Contents{{{1, "one"}, 1}});
  CHECK_THROWS_AS(fixture.store().snapshot(a, fixture.store().latest_time()), SqlError);
  CHECK(fixture.store().collections().empty());
  fixture.reopen();
  CHECK(!fixture.store().describe(a));
}

TEST_CASE("errors are stored beside rows") {
  Fixture fixture;
  const auto a = fixture.create();
  CommitRequest request;
  request.deltas.push_back({a, errors_of({"bad row"})});
  const Timestamp first = fixture.commit(std::move(request));
  fixture.store().compact_now(a);
  fixture.reopen();
  CHECK(errors_at(fixture.store(), a, first) == std::map<std::string, Diff>{{"bad row", 1}});
  CommitRequest retract;
  retract.deltas.push_back({a, errors_of({"bad row"}, -1)});
  const Timestamp second = fixture.commit(std::move(retract));
  CHECK(errors_at(fixture.store(), a, second).empty());
}

}  // namespace tailrace::storage::testing
