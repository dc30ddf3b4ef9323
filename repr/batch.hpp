// Batches: columns plus a time and a diff per row, the unit in which data moves everywhere.
//
// A batch is an immutable bag of updates (row, time, diff). It promises no order and no
// consolidation unless the place where it is held says so. Copying one copies pointers only.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "repr/column.hpp"
#include "repr/schema.hpp"
#include "repr/timestamp.hpp"

namespace tailrace {

// A value per row, stored once where it is the same for all.
template <class T>
class PerRow {
 public:
  PerRow() = default;
  static PerRow uniform(T value) {
    PerRow per_row;
    per_row.uniform_ = value;
    return per_row;
  }
  // Collapses to uniform if all are equal.
  static PerRow each(std::vector<T> values) {
    PerRow per_row;
    bool same = true;
    for (const T& value : values) same = same && value == values.front();
    if (same) {
      if (!values.empty()) per_row.uniform_ = values.front();
    } else {
      per_row.each_ = std::make_shared<const std::vector<T>>(std::move(values));
    }
    return per_row;
  }

  bool is_uniform() const { return each_ == nullptr; }
  T operator[](std::size_t row) const { return each_ ? (*each_)[row] : uniform_; }
  T uniform_value() const { return uniform_; }             // if is_uniform
  const std::vector<T>& values() const { return *each_; }  // if not

 private:
  T uniform_{};
  std::shared_ptr<const std::vector<T>> each_;
};

struct Batch {
  std::vector<ColumnPtr> columns;  // each of `rows` values
  std::size_t rows = 0;
  PerRow<Timestamp> times;
  PerRow<Diff> diffs = PerRow<Diff>::uniform(1);

  bool empty() const { return rows == 0; }
  std::vector<Type> types() const;
  std::size_t memory_bytes() const;

  Batch with_time(Timestamp time) const;
  Batch with_diff(Diff diff) const;
  Batch negated() const;
  Batch project(std::span<const int> columns) const;
};
using BatchPtr = std::shared_ptr<const Batch>;

Batch gather(const Batch& batch, std::span<const std::uint32_t> rows);
Batch slice(const Batch& batch, std::size_t first, std::size_t count);
Batch concatenate(
    std::span<const Batch> batches);  // of the same types; none: a batch without columns
Batch empty_batch(std::span<const Type> types);

// Builds a batch row by row. Not for several threads.
class BatchBuilder {
 public:
  explicit BatchBuilder(std::span<const Type> types);

  std::size_t size() const { return diffs_.size(); }
  std::size_t width() const { return columns_.size(); }
  std::size_t memory_bytes() const;
  ColumnBuilder& column(std::size_t index) { return columns_[index]; }

  // After each column got its value for the row.
  void end_row(Timestamp time, Diff diff);
  void append_row(std::span<const Value> values, Timestamp time = 0, Diff diff = 1);
  void append_from(const Batch& batch, std::size_t row);  // its time and diff
  void append_from(const Batch& batch, std::size_t row, Timestamp time, Diff diff);

  Batch finish();

 private:
  std::vector<ColumnBuilder> columns_;
  std::vector<Timestamp> times_;
  std::vector<Diff> diffs_;
};

}  // namespace tailrace
