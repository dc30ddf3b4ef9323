// The smallest and largest value of a column within a range of rows, for skipping chunks.
#pragma once

#include <optional>

#include "repr/column.hpp"

namespace tailrace::storage {

struct ChunkBounds {
  bool only_nulls = false;
  // SQL order; none: not known. A maximum may be larger than any value there, a minimum smaller.
  std::optional<Value> min;
  std::optional<Value> max;
};

ChunkBounds bounds_of(const Column& column, std::size_t first, std::size_t count);

}  // namespace tailrace::storage
