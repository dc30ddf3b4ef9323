// Scalars computed beside the columns of a batch, for keys and arguments of operators.
#pragma once

#include <vector>

#include "engine/dataflow/operator.hpp"
#include "engine/plan/scalar.hpp"

namespace tailrace::engine {

// Extends batches by columns for scalars that are not plain columns already. Rows for which a
// scalar fails leave the batch; their errors, with their times and diffs, are collected.
class ComputedColumns {
 public:
  ComputedColumns() = default;
  ComputedColumns(std::vector<ScalarPtr> scalars, std::size_t input_width);

  // Where each scalar stands in the extended batch.
  const std::vector<int>& positions() const { return positions_; }
  std::vector<Type> types() const;  // of the scalars
  Batch extend(const Batch& input, ErrorCollector& errors) const;

 private:
  std::vector<ScalarPtr> scalars_;
  std::vector<int> positions_;
  std::vector<ScalarPtr> computed_;
};

// The rows without NULL in any of these columns: NULL joins with nothing.
Batch without_nulls(const Batch& batch, std::span<const int> columns);

}  // namespace tailrace::engine
