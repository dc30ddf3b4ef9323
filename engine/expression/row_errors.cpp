#include "engine/expression/row_errors.hpp"

#include <algorithm>

namespace tailrace::engine {

void add_errors(RowErrors& into, RowErrors more) {
  if (more.empty()) return;
  if (into.empty()) {
    into = std::move(more);
    return;
  }
  RowErrors merged;
  merged.reserve(into.size() + more.size());
  auto a = into.begin();
  auto b = more.begin();
  while (a != into.end() || b != more.end()) {
    if (b == more.end() || (a != into.end() && a->first <= b->first)) {
      if (b != more.end() && a->first == b->first) ++b;
      merged.push_back(std::move(*a++));
    } else {
      merged.push_back(std::move(*b++));
    }
  }
  into = std::move(merged);
}

RowErrors select_errors(const RowErrors& errors, std::span<const std::uint32_t> selected) {
  RowErrors result;
  auto at = errors.begin();
  for (std::size_t i = 0; i < selected.size() && at != errors.end(); ++i) {
    while (at != errors.end() && at->first < selected[i]) ++at;
    if (at != errors.end() && at->first == selected[i]) {
      result.emplace_back(static_cast<std::uint32_t>(i), at->second);
    }
  }
  return result;
}

RowErrors spread_errors(RowErrors errors, std::span<const std::uint32_t> selected) {
  for (auto& [row, error] : errors) row = selected[row];
  return errors;
}

ColumnPtr null_at_errors(const ColumnPtr& column, const RowErrors& errors) {
  const bool all_null = std::all_of(errors.begin(), errors.end(), [&](const auto& error) {
    return column->is_null(error.first);
  });
  if (all_null) return column;
  ColumnBuilder builder(column->type(), column->size());
  std::size_t row = 0;
  for (const auto& [failed, error] : errors) {
    builder.append_range(*column, row, failed - row);
    builder.append_null();
    row = failed + 1;
  }
  builder.append_range(*column, row, column->size() - row);
  return builder.finish();
}

}  // namespace tailrace::engine
