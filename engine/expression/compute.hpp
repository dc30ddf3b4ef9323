// The inside of evaluation: scalars over columns, where a column may be one value for all rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/expression/evaluate.hpp"

namespace tailrace::engine {

// Columns of which those that no one asks for may be nullptr. `errors`: none, or one list a column
// (columns that are maps computed before, some rows of which failed).
struct EvaluationInput {
  std::vector<ColumnPtr> columns;
  std::vector<RowErrors> errors;
  std::size_t rows = 0;
};

struct Computed {
  ColumnPtr column;       // a row with an error has NULL here
  bool constant = false;  // one value, and one error or none, for all rows
  RowErrors errors;
};

// `input` has at least one row.
Computed compute_scalar(const Scalar& scalar, const EvaluationInput& input,
                        const EvaluationContext& context);

// A value (and error) for each of `rows` rows.
Computed expand(Computed computed, std::size_t rows);

// The rows `selected` (ascending) of those columns that the scalar uses.
EvaluationInput select_input(const EvaluationInput& input, const ScalarPtr& scalar,
                             std::span<const std::uint32_t> selected);

// CASE, COALESCE, AND, OR: what evaluates only where it must. In choose.cpp.
Computed compute_case(const scalar::Case& node, const Type& type, const EvaluationInput& input,
                      const EvaluationContext& context);
Computed compute_coalesce(const scalar::Coalesce& node, const Type& type,
                          const EvaluationInput& input, const EvaluationContext& context);
Computed compute_logic(const std::vector<ScalarPtr>& operands, bool is_or,
                       const EvaluationInput& input, const EvaluationContext& context);

}  // namespace tailrace::engine
