// Histories of statuses stay bounded, and keep the newest.
#include "engine/coordinator/status_history.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>

#include "repr/order.hpp"
#include "tests/storage/fixture.hpp"

using namespace tailrace;
using engine::StatusHistory;

namespace {

const catalog::BuiltinTable& table() {
  return catalog::builtin_table("mz_internal", "mz_aws_privatelink_connection_status_history");
}

struct Relation {
  storage::testing::TemporaryDirectory directory;
  std::unique_ptr<storage::Store> store;

  Relation() {
    storage::StoreOptions options;
    options.directory = directory.path();
    options.sync = false;
    store = storage::Store::open(options);
    storage::CommitRequest request;
    storage::CollectionDescription description;
    for (const auto& column : table().columns)
      description.schema.columns.push_back({std::string(column.name), column.type});
    request.create.emplace_back(catalog::collection_of(table()), description);
    REQUIRE_FALSE(store->commit(std::move(request)).error);
  }

  void add(StatusHistory& history, const std::string& object, std::int64_t when) {
    catalog::BuiltinRows rows(table().columns);
    rows.add({{"occurred_at", Value(when)},
              {"connection_id", Value(object)},
              {"status", Value(fmt::format("{}", when))}});
    storage::CommitRequest request;
    storage::CollectionDelta delta;
    delta.collection = catalog::collection_of(table());
    delta.delta.rows.push_back(std::make_shared<const Batch>(rows.finish()));
    request.deltas.push_back(std::move(delta));
    history.trim(request);
    REQUIRE_FALSE(store->commit(std::move(request)).error);
  }

  // The times of each object, none of them twice and none negative.
  std::map<std::string, std::vector<std::int64_t>> contents() const {
    const auto now = store->snapshot(catalog::collection_of(table()), store->latest_time());
    const int columns[] = {0, 1, 2};
    std::vector<Batch> read;
    for (const auto& chunk : now.rows.chunks) read.push_back(chunk->read(columns));
    const Batch rows = consolidate(concatenate(read), now.time);
    std::map<std::string, std::vector<std::int64_t>> found;
    for (std::size_t row = 0; row < rows.rows; ++row) {
      CHECK(rows.diffs[row] == 1);
      found[std::get<std::string>(rows.columns[1]->value(row))].push_back(
          std::get<std::int64_t>(rows.columns[0]->value(row)));
    }
    for (auto& [object, times] : found) std::sort(times.begin(), times.end());
    return found;
  }
};

}  // namespace

TEST_CASE("a history of statuses keeps the newest of each object, and is bounded") {
  Relation relation;
  StatusHistory history(*relation.store, table(), "connection_id");
  for (std::int64_t when = 1; when <= 1000; ++when) {
    relation.add(history, "u1", when);
    if (when % 100 == 0) relation.add(history, "u2", when);
    if (when % 50 == 0) CHECK(relation.contents()["u1"].size() <= 400);
  }
  // As after a restart: the first change takes away what is too much.
  StatusHistory later(*relation.store, table(), "connection_id");
  relation.add(later, "u2", 1001);
  auto contents = relation.contents();
  REQUIRE(contents["u1"].size() == StatusHistory::kept_of_each);
  CHECK(contents["u1"].front() == 901);
  CHECK(contents["u1"].back() == 1000);
  CHECK(contents["u2"].size() == 11);
}
