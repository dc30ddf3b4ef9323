#include "tests/storage/kill_sequence.hpp"

#include <string>

namespace tailrace::storage::testing {

namespace {

bool updates(std::int64_t step) {
  return step % 3 == 0 && step > 3;
}
bool stages(std::int64_t step) {
  return step % 7 == 0;
}
bool truncates(std::int64_t step) {
  return step % 11 == 0;
}
bool abandons(std::int64_t step) {
  return step % 13 == 0;
}

std::string value_of(std::int64_t row) {
  return "row " + std::to_string(row) + std::string(row % 97, '.');
}
std::string updated(std::int64_t row) {
  return "updated " + std::to_string(row);
}
// The row that an updating step changes; no two steps change the same.
std::int64_t target(std::int64_t step) {
  return step - 3;
}

std::vector<Row> rows_of_step(std::int64_t step) {
  std::vector<Row> rows{{step, value_of(step)}};
  if (updates(step)) {
    rows.push_back({target(step), value_of(target(step)), -1});
    rows.push_back({target(step), updated(target(step))});
  }
  return rows;
}

void stage(Store& store, CollectionId collection, const std::vector<Row>& rows,
           CommitRequest& request) {
  auto writer = store.stage(collection);
  writer->write(batch_of(rows));
  for (auto& part : writer->finish()) request.parts.push_back(std::move(part));
}

}  // namespace

CommitRequest kill_creation() {
  CommitRequest request;
  for (const CollectionId id : {kill_rows, kill_truncated, kill_view}) {
    request.create.emplace_back(
        id,
        key_value_description(id == kill_view ? CollectionKind::derived : CollectionKind::clocked));
    // Until the view has its hold.
    request.create.back().second.retention_ms = 3'600'000;
  }
  request.records.push_back({RecordSpace::positions, "step", "0"});
  return request;
}

CommitRequest kill_step(Store& store, std::int64_t step) {
  CommitRequest request;
  request.preconditions.records.push_back(
      {RecordSpace::positions, "step", std::to_string(step - 1)});
  request.records.push_back({RecordSpace::positions, "step", std::to_string(step)});
  const std::vector<Row> rows = rows_of_step(step);
  const std::vector<Row> row{{step, value_of(step)}};
  if (truncates(step)) request.truncate.push_back(kill_truncated);
  if (stages(step)) {
    stage(store, kill_rows, rows, request);
    stage(store, kill_truncated, row, request);
  } else {
    request.deltas.push_back({kill_rows, delta_of(rows)});
    request.deltas.push_back({kill_truncated, delta_of(row)});
  }
  if (step == 1) {
    for (const CollectionId id : {kill_rows, kill_truncated, kill_view}) {
      request.set_retention_ms.emplace_back(id, 5);
    }
  }
  if (abandons(step)) {
    CommitRequest unnamed;
    stage(store, kill_rows, {{-step, "never named"}}, unnamed);
  }
  return request;
}

std::int64_t last_step(const Store& store) {
  const auto step = store.read_record(RecordSpace::positions, "step");
  return step ? std::stoll(*step) : -1;
}

Contents kill_rows_after(std::int64_t step) {
  Contents contents;
  for (std::int64_t i = 1; i <= step; ++i) {
    for (const Row& row : rows_of_step(i)) contents[{row.key, row.value}] += row.diff;
  }
  std::erase_if(contents, [](const auto& entry) { return entry.second == 0; });
  return contents;
}

Contents kill_truncated_after(std::int64_t step) {
  Contents contents;
  for (std::int64_t i = 1; i <= step; ++i) {
    if (truncates(i)) contents.clear();
    contents[{i, value_of(i)}] += 1;
  }
  return contents;
}

}  // namespace tailrace::storage::testing
