// Columns as order-preserving words, for sort.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "repr/sort.hpp"

namespace tailrace {

// A word a row, in the order of the column (direction and NULLs included) as far as they go.
struct SortCodes {
  std::vector<std::uint64_t> codes;  // of rows[i]
  int bits = 0;                      // codes are below 2^bits
  bool exact = false;                // equal codes are equal values
};

SortCodes sort_codes(const SortColumn& by, std::span<const std::uint32_t> rows, Equality equality);

}  // namespace tailrace
