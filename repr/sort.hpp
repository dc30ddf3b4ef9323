// Sorting of rows by packed words. Private to repr: sort_rows and consolidate stand on it.
//
// The leading key columns are packed into 64 bits a row, in an order-preserving way: an integer
// takes as many bits as the column's range needs, a string gives the bytes after what all strings
// have in common. Rows are sorted by these words (radix). Rows whose words are equal are sorted
// again among themselves, from the first column that the words do not decide, where their common
// prefix is longer and their range smaller; few rows are compared in full.
#pragma once

#include <span>
#include <vector>

#include "repr/order.hpp"

namespace tailrace {

struct SortColumn {
  const Column* column = nullptr;
  bool descending = false;
  bool nulls_first = false;
};

struct SortedRows {
  std::vector<std::uint32_t> rows;   // stable
  std::vector<std::uint64_t> words;  // of rows[i], ascending
  std::size_t first_undecided = 0;   // equal words: equal in the columns before this one
};

SortedRows sort_by_columns(std::span<const SortColumn> columns, std::size_t rows,
                           Equality equality);

}  // namespace tailrace
