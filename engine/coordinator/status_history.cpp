#include "engine/coordinator/status_history.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "repr/order.hpp"

namespace tailrace::engine {

namespace {

// Commits between two looks: what there is meanwhile is bounded too.
constexpr std::size_t commits_between = 256;

std::size_t column_named(const catalog::BuiltinTable& table, std::string_view name) {
  const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                  [&](const auto& column) { return column.name == name; });
  ensure(found != table.columns.end(), "the relation has such a column");
  return static_cast<std::size_t>(found - table.columns.begin());
}

}  // namespace

StatusHistory::StatusHistory(storage::Store& store, const catalog::BuiltinTable& table,
                             std::string_view object)
    : store_(store),
      collection_(catalog::collection_of(table)),
      object_column_(column_named(table, object)),
      time_column_(column_named(table, "occurred_at")),
      columns_(table.columns.size()) {
  std::iota(columns_.begin(), columns_.end(), 0);
}

void StatusHistory::trim(storage::CommitRequest& request) {
  if (until_next_ > 0) {
    --until_next_;
    return;
  }
  until_next_ = commits_between;
  const storage::Snapshot now = store_.snapshot(collection_, store_.latest_time());
  std::vector<Batch> read;
  for (const auto& chunk : now.rows.chunks) read.push_back(chunk->read(columns_));
  if (read.empty()) return;
  // At one time: what was taken away before cancels out.
  const Batch rows = consolidate(concatenate(read), now.time);
  std::map<std::string, std::vector<std::uint32_t>> of_object;
  for (std::uint32_t row = 0; row < rows.rows; ++row)
    of_object[std::get<std::string>(rows.columns[object_column_]->value(row))].push_back(row);
  std::vector<std::uint32_t> surplus;
  const auto time_of = [&](std::uint32_t row) {
    return std::get<std::int64_t>(rows.columns[time_column_]->value(row));
  };
  for (auto& [object, own] : of_object) {
    if (own.size() <= kept_of_each) continue;
    std::sort(own.begin(), own.end(),
              [&](std::uint32_t a, std::uint32_t b) { return time_of(a) > time_of(b); });
    surplus.insert(surplus.end(), own.begin() + kept_of_each, own.end());
  }
  if (surplus.empty()) return;
  storage::CollectionDelta delta;
  delta.collection = collection_;
  delta.delta.rows.push_back(std::make_shared<const Batch>(gather(rows, surplus).negated()));
  request.deltas.push_back(std::move(delta));
}

}  // namespace tailrace::engine
