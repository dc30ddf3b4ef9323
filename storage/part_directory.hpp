// What is in a part: its types and order, and for each chunk its rows, times and bounds. Read once,
// kept.
//
//   version (1) | collection (8) | errors (1) | types | key columns | rows a page (4)
//   | chunks (4) | chunk...  | only-null flags | minima, maxima (a column each, a row per chunk,
//   NULL: unknown) chunk: rows (4) | min time (8) | max time (8) | diff (8) | 1 if it holds for all
//   rows (1)
//
// Fences: the first key of each page, over the whole part, as one batch; long values are cut to a
// prefix.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "repr/batch.hpp"
#include "storage/collection_id.hpp"

namespace tailrace::storage {

struct PartChunkInfo {
  std::uint32_t rows = 0;
  Timestamp min_time = 0;
  Timestamp max_time = 0;
  Diff min_diff = 1;
  Diff max_diff = 1;

  bool uniform_time() const { return min_time == max_time; }
  bool uniform_diff() const { return min_diff == max_diff; }
};

struct PartDirectory {
  CollectionId collection;
  bool errors = false;
  std::vector<Type> types;
  std::vector<int>
      key;  // the columns that come first in the sort order; empty: all, in their order
  std::uint32_t page_rows = 0;
  std::vector<PartChunkInfo> chunks;
  // [column][chunk]
  std::vector<std::vector<bool>> only_nulls;
  std::vector<ColumnPtr> minima;
  std::vector<ColumnPtr> maxima;

  std::uint32_t pages_of(std::size_t chunk) const {
    return (chunks[chunk].rows + page_rows - 1) / page_rows;
  }
  std::string encode() const;
  static PartDirectory decode(std::string_view bytes);  // XX001
};

struct PartFences {
  Batch first_keys;       // a row per page
  std::vector<bool> cut;  // the row is a prefix of the page's first key, so not above it
  std::vector<std::uint32_t> chunks;  // of each page
  std::vector<std::uint32_t> pages;   // its number within the chunk

  std::string encode() const;
  static PartFences decode(std::string_view bytes);  // XX001
};

// The columns by which rows are sorted and looked up: the key, else all.
std::vector<int> sort_columns_of(const std::vector<int>& key, std::size_t width);
// All columns, the key first: the full order of a part.
std::vector<int> full_order_of(const std::vector<int>& key, std::size_t width);

}  // namespace tailrace::storage
