#include "engine/coordinator/row_sources.hpp"

#include <algorithm>

namespace tailrace::engine {

BatchesSource::BatchesSource(Schema schema, std::deque<Batch> batches,
                             std::optional<MemoryCharge> charge)
    : schema_(std::move(schema)), batches_(std::move(batches)) {
  if (charge) charge_.emplace(std::move(*charge));
}

std::optional<Batch> BatchesSource::next(std::size_t rows_max) {
  while (!batches_.empty() && batches_.front().empty()) batches_.pop_front();
  if (batches_.empty()) return std::nullopt;
  Batch& front = batches_.front();
  if (rows_max == 0 || front.rows <= rows_max) {
    Batch whole = std::move(front);
    batches_.pop_front();
    return whole;
  }
  Batch part = slice(front, 0, rows_max);
  front = slice(front, rows_max, front.rows - rows_max);
  return part;
}

std::unique_ptr<RowSource> text_rows(std::vector<std::string> columns,
                                     const std::vector<std::vector<std::string>>& rows) {
  Schema schema;
  for (auto& column : columns) schema.columns.push_back({std::move(column), TypeId::text, false});
  const std::vector<Type> types = schema.types();
  BatchBuilder builder(types);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) builder.column(i).append_bytes(row[i]);
    builder.end_row(0, 1);
  }
  std::deque<Batch> batches;
  batches.push_back(builder.finish());
  return std::make_unique<BatchesSource>(std::move(schema), std::move(batches));
}

std::unique_ptr<RowSource> one_text_row(std::string column, std::string value) {
  return text_rows({std::move(column)}, {{std::move(value)}});
}

Batch expand_diffs(const Batch& batch) {
  if (batch.diffs.is_uniform() && batch.diffs.uniform_value() == 1) return batch;
  std::vector<std::uint32_t> rows;
  for (std::size_t i = 0; i < batch.rows; ++i) {
    const Diff diff = batch.diffs[i];
    if (diff < 0) {
      throw SqlError(sqlstate::internal_error, "Invalid data in source, saw retractions (" +
                                                   std::to_string(-diff) +
                                                   ") for row that does not exist");
    }
    rows.insert(rows.end(), static_cast<std::size_t>(diff), static_cast<std::uint32_t>(i));
  }
  return gather(batch, rows).with_diff(1);
}

}  // namespace tailrace::engine
