#include <algorithm>

#include "repr/order.hpp"
#include "repr/sort.hpp"

namespace tailrace {

namespace {

// The times as a column, so that they sort after the row's own columns; at least `advance_to` each.
ColumnPtr time_column(const Batch& batch, Timestamp advance_to) {
  std::vector<std::byte> bytes(batch.rows * sizeof(Timestamp));
  for (std::size_t row = 0; row < batch.rows; ++row) {
    const Timestamp time = std::max(batch.times[row], advance_to);
    std::memcpy(bytes.data() + row * sizeof(Timestamp), &time, sizeof time);
  }
  return Column::from_fixed(TypeId::uint8, Layout::uint64, 0, batch.rows, std::move(bytes), {});
}

}  // namespace

Batch consolidate(const Batch& batch, Timestamp advance_to) {
  if (batch.rows == 0) return batch;
  std::vector<SortColumn> by;
  by.reserve(batch.columns.size() + 1);
  for (const ColumnPtr& column : batch.columns) by.push_back({column.get()});
  ColumnPtr times;
  if (!batch.times.is_uniform()) {
    times = time_column(batch, advance_to);
    by.push_back({times.get()});
  }
  const SortedRows sorted = sort_by_columns(by, batch.rows, Equality::identity);

  const auto same = [&](std::size_t i, std::size_t j) {
    if (sorted.words[i] != sorted.words[j]) return false;
    for (std::size_t column = sorted.first_undecided; column < by.size(); ++column) {
      if (!equal_values(*by[column].column, sorted.rows[i], *by[column].column, sorted.rows[j],
                        Equality::identity)) {
        return false;
      }
    }
    return true;
  };
  std::vector<std::uint32_t> rows;
  std::vector<Diff> diffs;
  rows.reserve(batch.rows);
  diffs.reserve(batch.rows);
  bool unmoved = true;
  for (std::size_t i = 0; i < batch.rows;) {
    Diff diff = batch.diffs[sorted.rows[i]];
    std::size_t end = i + 1;
    while (end < batch.rows && same(i, end)) diff += batch.diffs[sorted.rows[end++]];
    if (diff != 0) {
      unmoved = unmoved && sorted.rows[i] == rows.size();
      rows.push_back(sorted.rows[i]);
      diffs.push_back(diff);
    }
    i = end;
  }

  // What is consolidated already keeps its columns.
  Batch result = unmoved && rows.size() == batch.rows ? batch : gather(batch, rows);
  result.diffs = rows.empty() ? PerRow<Diff>::uniform(1) : PerRow<Diff>::each(std::move(diffs));
  if (batch.times.is_uniform()) {
    result.times = PerRow<Timestamp>::uniform(std::max(batch.times.uniform_value(), advance_to));
  } else {
    const auto advanced = times->values<Timestamp>();
    std::vector<Timestamp> chosen(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) chosen[i] = advanced[rows[i]];
    result.times = PerRow<Timestamp>::each(std::move(chosen));
  }
  return result;
}

}  // namespace tailrace
