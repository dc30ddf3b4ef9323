// Order, equality and hash of values, defined once, in the two senses that the system knows.
//
// * identity: canonical bytes. -0 and 0 differ, char values differ by their blanks. For
// consolidation, diffs,
//   parts. NULL equals NULL and comes last.
// * sql: what `=`, GROUP BY, DISTINCT, joins and ORDER BY see. -0 = 0, NaN = NaN and greater than
// all, char
//   ignores trailing blanks. NULL equals NULL here (grouping); joins drop null keys before they
//   ask. NULL comes last.
//
// Both orders are total, and hashes agree with their equality across layouts (numeric columns of
// different layouts hash alike). The sql order refines into identity: where sql says equal,
// identity may still differ.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "repr/batch.hpp"

namespace tailrace {

enum class Equality : std::uint8_t { identity, sql };

// < 0, 0, > 0. The columns have the same base type.
int compare_values(const Column& a, std::size_t row_a, const Column& b, std::size_t row_b,
                   Equality equality);
int compare_values(const Type& type, const Value& a, const Value& b, Equality equality);
bool equal_values(const Column& a, std::size_t row_a, const Column& b, std::size_t row_b,
                  Equality equality);

// Over columns a_columns[i] of `a` and b_columns[i] of `b`; empty spans: over all columns.
int compare_rows(const Batch& a, std::size_t row_a, std::span<const int> a_columns, const Batch& b,
                 std::size_t row_b, std::span<const int> b_columns, Equality equality);
bool equal_rows(const Batch& a, std::size_t row_a, std::span<const int> a_columns, const Batch& b,
                std::size_t row_b, std::span<const int> b_columns, Equality equality);

// out[i] is the hash of row i over `columns` (no columns: one same value for each row). Vectorised.
void hash_rows(const Batch& batch, std::span<const int> columns, Equality equality,
               std::vector<std::uint64_t>& out);
std::uint64_t hash_value(const Type& type, const Value& value, Equality equality);

// One key of an ORDER BY.
struct OrderKey {
  int column = 0;
  bool descending = false;
  bool nulls_first = false;
  friend bool operator==(const OrderKey&, const OrderKey&) = default;
};
int compare_ordered(const Batch& a, std::size_t row_a, const Batch& b, std::size_t row_b,
                    std::span<const OrderKey> keys);

// The rows of the batch in ascending order (sql order of keys as given, or identity order of
// `columns`). Stable. O(n log n); O(n) where the batch is sorted already.
std::vector<std::uint32_t> sort_rows(const Batch& batch, std::span<const OrderKey> keys);
std::vector<std::uint32_t> sort_rows_by_identity(const Batch& batch, std::span<const int> columns);

// Sums the diffs of updates with identical rows and times and drops zeros; times below `advance_to`
// count as `advance_to`. Result sorted by identity over all columns, then time.
Batch consolidate(const Batch& batch, Timestamp advance_to = 0);

}  // namespace tailrace
