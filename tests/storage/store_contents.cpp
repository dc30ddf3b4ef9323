#include "tests/storage/store_contents.hpp"

#include "repr/data_error.hpp"

namespace tailrace::storage::testing {

CollectionDescription key_value_description(CollectionKind kind) {
  CollectionDescription description;
  description.kind = kind;
  description.schema.columns = {{"key", TypeId::int8, false}, {"value", TypeId::text, false}};
  description.key = {0};
  return description;
}

Batch batch_of(const std::vector<Row>& rows) {
  const std::vector<Type> types = key_value_description().schema.types();
  BatchBuilder builder(types);
  for (const Row& row : rows) {
    builder.column(0).append(row.key);
    builder.column(1).append_bytes(row.value);
    builder.end_row(row.time, row.diff);
  }
  return builder.finish();
}

Delta delta_of(const std::vector<Row>& rows) {
  Delta delta;
  if (!rows.empty()) delta.rows.push_back(std::make_shared<const Batch>(batch_of(rows)));
  return delta;
}

Delta errors_of(const std::vector<std::string>& messages, Diff diff) {
  BatchBuilder builder(error_schema().types());
  for (const auto& message : messages) {
    append_error(builder, {.message = message}, 0, diff);
  }
  Delta delta;
  delta.errors.push_back(std::make_shared<const Batch>(builder.finish()));
  return delta;
}

std::vector<Row> rows_of(const Batch& batch) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < batch.rows; ++i) {
    rows.push_back({.key = batch.columns[0]->values<std::int64_t>()[i],
                    .value = std::string(batch.columns[1]->bytes(i)),
                    .diff = batch.diffs[i],
                    .time = batch.times[i]});
  }
  return rows;
}

Contents contents_of(const Chunks& chunks) {
  Contents contents;
  const std::vector<int> columns{0, 1};
  for (const auto& chunk : chunks.chunks) {
    for (const Row& row : rows_of(chunk->read(columns))) contents[{row.key, row.value}] += row.diff;
  }
  std::erase_if(contents, [](const auto& entry) { return entry.second == 0; });
  return contents;
}

Contents contents_at(Store& store, CollectionId collection, Timestamp time) {
  return contents_of(store.snapshot(collection, time).rows);
}

Contents contents_now(Store& store, CollectionId collection) {
  return contents_at(store, collection, store.upper(collection) - 1);
}

std::map<std::string, Diff> errors_at(Store& store, CollectionId collection, Timestamp time) {
  std::map<std::string, Diff> errors;
  const std::vector<int> columns{0, 1, 2, 3};
  for (const auto& chunk : store.snapshot(collection, time).errors.chunks) {
    const Batch batch = chunk->read(columns);
    for (std::size_t row = 0; row < batch.rows; ++row) {
      errors[error_at(batch, row).message] += batch.diffs[row];
    }
  }
  std::erase_if(errors, [](const auto& entry) { return entry.second == 0; });
  return errors;
}

CommitRequest write(CollectionId collection, const std::vector<Row>& rows) {
  CommitRequest request;
  request.deltas.push_back({collection, delta_of(rows)});
  return request;
}

}  // namespace tailrace::storage::testing
