#include "engine/dataflow/computed_columns.hpp"

#include <variant>

#include "engine/expression/evaluate.hpp"

namespace tailrace::engine {

ComputedColumns::ComputedColumns(std::vector<ScalarPtr> scalars, std::size_t input_width)
    : scalars_(std::move(scalars)) {
  for (const ScalarPtr& scalar : scalars_) {
    if (const auto* plain = std::get_if<scalar::Column>(&scalar->node)) {
      positions_.push_back(plain->index);
      continue;
    }
    positions_.push_back(static_cast<int>(input_width + computed_.size()));
    computed_.push_back(scalar);
  }
}

std::vector<Type> ComputedColumns::types() const {
  std::vector<Type> types;
  for (const ScalarPtr& scalar : scalars_) types.push_back(scalar->type);
  return types;
}

Batch ComputedColumns::extend(const Batch& input, ErrorCollector& errors) const {
  if (computed_.empty()) return input;
  Batch extended = input;
  std::vector<bool> failed;
  for (const ScalarPtr& scalar : computed_) {
    Evaluated evaluated = evaluate(scalar, input, {});
    for (const auto& [row, error] : evaluated.errors) {
      if (failed.empty()) failed.resize(input.rows);
      if (failed[row]) continue;  // one error a row
      failed[row] = true;
      errors.add(error, input.times[row], input.diffs[row]);
    }
    extended.columns.push_back(std::move(evaluated.column));
  }
  if (failed.empty()) return extended;
  std::vector<std::uint32_t> kept;
  for (std::uint32_t row = 0; row < input.rows; ++row) {
    if (!failed[row]) kept.push_back(row);
  }
  return gather(extended, kept);
}

Batch without_nulls(const Batch& batch, std::span<const int> columns) {
  bool any = false;
  for (const int column : columns)
    any = any || batch.columns[static_cast<std::size_t>(column)]->has_nulls();
  if (!any) return batch;
  std::vector<std::uint32_t> kept;
  for (std::uint32_t row = 0; row < batch.rows; ++row) {
    bool null = false;
    for (const int column : columns)
      null = null || batch.columns[static_cast<std::size_t>(column)]->is_null(row);
    if (!null) kept.push_back(row);
  }
  return kept.size() == batch.rows ? batch : gather(batch, kept);
}

}  // namespace tailrace::engine
