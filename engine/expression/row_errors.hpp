// Small arithmetic on errors of rows (RowErrors: ascending by row, at most one a row).
#pragma once

#include <cstdint>
#include <span>

#include "engine/expression/evaluate.hpp"

namespace tailrace::engine {

// Adds the errors of rows that have none yet.
void add_errors(RowErrors& into, RowErrors more);
// The errors of the rows `selected` (ascending), numbered by their place in it.
RowErrors select_errors(const RowErrors& errors, std::span<const std::uint32_t> selected);
// The inverse: error of row i becomes that of row selected[i].
RowErrors spread_errors(RowErrors errors, std::span<const std::uint32_t> selected);
// The column with NULL where there is an error.
ColumnPtr null_at_errors(const ColumnPtr& column, const RowErrors& errors);

}  // namespace tailrace::engine
