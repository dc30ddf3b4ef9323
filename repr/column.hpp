// Columns: the values of one type for many rows, immutable once built and shared by pointer.
//
//   fixed width:  values[n]                           + validity
//   bytes:        offsets[n + 1] (uint32) -> heap     + validity      (heap < 4 GiB)
//
// `validity` is a bit per row (1: not null) and absent where nothing is null. The value of a null
// row is all zero bytes (or an empty string), so that columns with equal contents are equal as
// bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "repr/error.hpp"
#include "repr/type.hpp"
#include "repr/value.hpp"

namespace tailrace {

// How values lie in memory. Follows from the type, but for numeric: a numeric column whose values
// all fit is kept as scaled int64 or int128 of one scale (Column::decimal_scale), and is `numeric`
// otherwise.
enum class Layout : std::uint8_t {
  bool8,       // boolean: 0 or 1
  int16,       // int2
  int32,       // int4, date
  int64,       // int8, time, timestamp, timestamptz
  uint16,      // uint2
  uint32,      // uint4, oid, reg*
  uint64,      // uint8, mz_timestamp
  float32,     // float4
  float64,     // float8
  decimal64,   // numeric
  decimal128,  // numeric
  numeric,     // numeric
  interval,    // interval
  uuid,        // uuid
  bytes,  // every other: text-like, bytea, jsonb (canonical text), nested (nested.hpp), acl items
};

Layout layout_of(const Type& type);   // for numeric: Layout::numeric
std::size_t width_of(Layout layout);  // bytes a value; 0 for `bytes`

class Column;
using ColumnPtr = std::shared_ptr<const Column>;

class Column {
 public:
  const Type& type() const { return type_; }
  Layout layout() const { return layout_; }
  int decimal_scale() const { return decimal_scale_; }  // of decimal64 and decimal128
  std::size_t size() const { return size_; }

  bool has_nulls() const { return !validity_.empty(); }
  bool is_null(std::size_t row) const {
    return !validity_.empty() && ((validity_[row >> 6] >> (row & 63)) & 1) == 0;
  }
  // Empty: nothing is null. Else (size + 63) / 64 words; bits past the end are 0.
  std::span<const std::uint64_t> validity() const { return validity_; }

  // Fixed-width values; T must be the layout's type (std::uint8_t for bool8, __int128 for
  // decimal128).
  template <class T>
  std::span<const T> values() const {
    static_assert(std::is_trivially_copyable_v<T>);
    return {reinterpret_cast<const T*>(fixed_.data()), size_};
  }
  std::span<const std::byte> fixed_bytes() const { return fixed_; }

  // Of layout `bytes`.
  std::string_view bytes(std::size_t row) const {
    return {heap_.data() + offsets_[row], offsets_[row + 1] - offsets_[row]};
  }
  std::span<const std::uint32_t> offsets() const { return offsets_; }
  std::string_view heap() const { return heap_; }

  // Of the three numeric layouts.
  Numeric numeric(std::size_t row) const;

  Value value(std::size_t row) const;  // allocates for bytes: not for hot paths

  std::size_t memory_bytes() const;

  // Raw parts, for decoders that already have them. `validity` empty: nothing is null.
  static ColumnPtr from_fixed(Type type, Layout layout, int decimal_scale, std::size_t size,
                              std::vector<std::byte> values, std::vector<std::uint64_t> validity);
  static ColumnPtr from_bytes(Type type, std::vector<std::uint32_t> offsets, std::string heap,
                              std::vector<std::uint64_t> validity);
  // `size` times the same value.
  static ColumnPtr repeat(Type type, const Value& value, std::size_t size);
  // The same values under another type of the same layout (text as varchar, int4 as date never).
  static ColumnPtr retyped(const ColumnPtr& column, Type type);

 private:
  friend class ColumnBuilder;
  Column() = default;

  Type type_;
  Layout layout_ = Layout::bytes;
  int decimal_scale_ = 0;
  std::size_t size_ = 0;
  std::vector<std::byte> fixed_;
  std::vector<std::uint32_t> offsets_;
  std::string heap_;
  std::vector<std::uint64_t> validity_;
};

// Builds one column. Not for several threads. `finish` empties the builder for the next one.
class ColumnBuilder {
 public:
  explicit ColumnBuilder(Type type, std::size_t expected_rows = 0);

  const Type& type() const { return column_.type_; }
  std::size_t size() const { return column_.size_; }
  std::size_t memory_bytes() const { return column_.memory_bytes(); }

  void append_null();
  // T is the layout's type; a numeric column takes Numeric (or decimal64 by append_decimal). Every
  // NaN becomes the same NaN.
  template <class T>
  void append(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    if constexpr (std::is_same_v<T, Numeric>) {
      append_numeric(value);
    } else if constexpr (std::is_floating_point_v<T>) {
      append_fixed(value == value ? value : std::numeric_limits<T>::quiet_NaN());
    } else {
      append_fixed(value);
    }
  }
  void append_bytes(std::string_view bytes);
  void append_numeric(const Numeric& value);
  // value * 10^-scale, without a detour over Numeric where the column already has that scale.
  void append_decimal(std::int64_t value, int scale);
  void append_value(const Value& value);
  void append_from(const Column& column, std::size_t row);  // of the same base type
  void append_range(const Column& column, std::size_t first, std::size_t count);
  void append_selected(const Column& column, std::span<const std::uint32_t> rows);
  // Bytes written by the caller straight into the heap: call `end_bytes` once they are all there.
  std::string& heap() { return column_.heap_; }
  void end_bytes();

  ColumnPtr finish();

 private:
  template <class T>
  void append_fixed(const T& value) {
    ensure(sizeof(T) == width_, "the value must have the layout of the column");
    const std::size_t end = column_.fixed_.size();
    column_.fixed_.resize(end + sizeof(T));
    std::memcpy(column_.fixed_.data() + end, &value, sizeof(T));
    mark_valid();
  }
  // The row after the last one has a value.
  void mark_valid() {
    if (!column_.validity_.empty()) append_validity_bit();
    ++column_.size_;
  }
  void append_validity_bit();
  void append_validity(const Column& column, std::size_t first, std::size_t count);
  void start();
  bool rescale(Layout layout, int scale);
  void make_room_for(const Numeric& value);

  std::size_t width_ = 0;  // of the layout; 0: bytes
  Column column_;
};

// rows[i] of the column, in that order.
ColumnPtr gather(const ColumnPtr& column, std::span<const std::uint32_t> rows);
ColumnPtr slice(const ColumnPtr& column, std::size_t first, std::size_t count);
ColumnPtr concatenate(std::span<const ColumnPtr> columns);

}  // namespace tailrace
