#include "repr/batch.hpp"

#include "repr/error.hpp"

namespace tailrace {

std::vector<Type> Batch::types() const {
  std::vector<Type> types;
  types.reserve(columns.size());
  for (const ColumnPtr& column : columns) types.push_back(column->type());
  return types;
}

std::size_t Batch::memory_bytes() const {
  std::size_t bytes = sizeof(Batch);
  for (const ColumnPtr& column : columns) bytes += column->memory_bytes();
  if (!times.is_uniform()) bytes += times.values().size() * sizeof(Timestamp);
  if (!diffs.is_uniform()) bytes += diffs.values().size() * sizeof(Diff);
  return bytes;
}

Batch Batch::with_time(Timestamp time) const {
  Batch batch = *this;
  batch.times = PerRow<Timestamp>::uniform(time);
  return batch;
}

Batch Batch::with_diff(Diff diff) const {
  Batch batch = *this;
  batch.diffs = PerRow<Diff>::uniform(diff);
  return batch;
}

Batch Batch::negated() const {
  if (diffs.is_uniform()) return with_diff(-diffs.uniform_value());
  std::vector<Diff> negative(rows);
  for (std::size_t row = 0; row < rows; ++row) negative[row] = -diffs[row];
  Batch batch = *this;
  batch.diffs = PerRow<Diff>::each(std::move(negative));
  return batch;
}

Batch Batch::project(std::span<const int> wanted) const {
  Batch batch;
  batch.rows = rows;
  batch.times = times;
  batch.diffs = diffs;
  batch.columns.reserve(wanted.size());
  for (int column : wanted) batch.columns.push_back(columns[static_cast<std::size_t>(column)]);
  return batch;
}

namespace {

template <class T>
PerRow<T> gather(const PerRow<T>& values, std::span<const std::uint32_t> rows) {
  if (values.is_uniform()) return values;
  std::vector<T> chosen(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) chosen[i] = values.values()[rows[i]];
  return PerRow<T>::each(std::move(chosen));
}

template <class T>
PerRow<T> slice(const PerRow<T>& values, std::size_t first, std::size_t count) {
  if (values.is_uniform()) return values;
  const auto begin = values.values().begin() + static_cast<std::ptrdiff_t>(first);
  return PerRow<T>::each({begin, begin + static_cast<std::ptrdiff_t>(count)});
}

template <class T, class Get>
PerRow<T> concatenate(std::span<const Batch> batches, std::size_t rows, Get get) {
  bool uniform = true;
  const Batch* first = nullptr;
  for (const Batch& batch : batches) {
    if (batch.rows == 0) continue;
    if (!first) first = &batch;
    uniform = uniform && get(batch).is_uniform() &&
              get(batch).uniform_value() == get(*first).uniform_value();
  }
  if (!first) return batches.empty() ? PerRow<T>() : get(batches.front());
  if (uniform) return get(*first);
  std::vector<T> all;
  all.reserve(rows);
  for (const Batch& batch : batches) {
    const PerRow<T>& values = get(batch);
    if (values.is_uniform()) {
      all.insert(all.end(), batch.rows, values.uniform_value());
    } else {
      all.insert(all.end(), values.values().begin(), values.values().end());
    }
  }
  return PerRow<T>::each(std::move(all));
}

}  // namespace

Batch gather(const Batch& batch, std::span<const std::uint32_t> rows) {
  Batch chosen;
  chosen.rows = rows.size();
  chosen.columns.reserve(batch.columns.size());
  for (const ColumnPtr& column : batch.columns) chosen.columns.push_back(gather(column, rows));
  chosen.times = gather(batch.times, rows);
  chosen.diffs = gather(batch.diffs, rows);
  return chosen;
}

Batch slice(const Batch& batch, std::size_t first, std::size_t count) {
  if (first == 0 && count == batch.rows) return batch;
  Batch part;
  part.rows = count;
  part.columns.reserve(batch.columns.size());
  for (const ColumnPtr& column : batch.columns) part.columns.push_back(slice(column, first, count));
  part.times = slice(batch.times, first, count);
  part.diffs = slice(batch.diffs, first, count);
  return part;
}

Batch concatenate(std::span<const Batch> batches) {
  if (batches.empty()) return {};
  if (batches.size() == 1) return batches.front();
  Batch whole;
  for (const Batch& batch : batches) whole.rows += batch.rows;
  std::vector<ColumnPtr> parts;
  for (std::size_t column = 0; column < batches.front().columns.size(); ++column) {
    parts.clear();
    for (const Batch& batch : batches) {
      if (batch.rows != 0) parts.push_back(batch.columns[column]);
    }
    whole.columns.push_back(parts.empty() ? batches.front().columns[column] : concatenate(parts));
  }
  whole.times = concatenate<Timestamp>(
      batches, whole.rows, [](const Batch& b) -> const auto& { return b.times; });
  whole.diffs = concatenate<Diff>(
      batches, whole.rows, [](const Batch& b) -> const auto& { return b.diffs; });
  return whole;
}

Batch empty_batch(std::span<const Type> types) {
  Batch batch;
  batch.columns.reserve(types.size());
  for (const Type& type : types) batch.columns.push_back(ColumnBuilder(type).finish());
  return batch;
}

BatchBuilder::BatchBuilder(std::span<const Type> types) {
  columns_.reserve(types.size());
  for (const Type& type : types) columns_.emplace_back(type);
}

std::size_t BatchBuilder::memory_bytes() const {
  std::size_t bytes = times_.capacity() * sizeof(Timestamp) + diffs_.capacity() * sizeof(Diff);
  for (const ColumnBuilder& column : columns_) bytes += column.memory_bytes();
  return bytes;
}

void BatchBuilder::end_row(Timestamp time, Diff diff) {
  times_.push_back(time);
  diffs_.push_back(diff);
}

void BatchBuilder::append_row(std::span<const Value> values, Timestamp time, Diff diff) {
  ensure(values.size() == columns_.size(), "a value for each column");
  for (std::size_t i = 0; i < values.size(); ++i) columns_[i].append_value(values[i]);
  end_row(time, diff);
}

void BatchBuilder::append_from(const Batch& batch, std::size_t row) {
  append_from(batch, row, batch.times[row], batch.diffs[row]);
}

void BatchBuilder::append_from(const Batch& batch, std::size_t row, Timestamp time, Diff diff) {
  ensure(batch.columns.size() == columns_.size(), "a value for each column");
  for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i].append_from(*batch.columns[i], row);
  end_row(time, diff);
}

Batch BatchBuilder::finish() {
  Batch batch;
  batch.rows = diffs_.size();
  batch.columns.reserve(columns_.size());
  for (ColumnBuilder& column : columns_) {
    ensure(column.size() == batch.rows, "every column has a value for every row");
    batch.columns.push_back(column.finish());
  }
  batch.times = PerRow<Timestamp>::each(std::move(times_));
  batch.diffs = batch.rows == 0 ? PerRow<Diff>::uniform(1) : PerRow<Diff>::each(std::move(diffs_));
  times_ = {};
  diffs_ = {};
  return batch;
}

}  // namespace tailrace
