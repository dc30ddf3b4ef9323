// Values inside values: arrays, lists, maps, records, ranges, and how they lie as bytes in a
// column.
//
// The encoding is canonical: equal values (in identity) are equal bytes. It is ours alone, never
// shown.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repr/type.hpp"
#include "repr/value.hpp"

namespace tailrace {

struct ArrayDimension {
  std::int32_t lower_bound = 1;
  std::int32_t length = 0;
  friend bool operator==(const ArrayDimension&, const ArrayDimension&) = default;
};

struct ArrayValue {
  std::vector<ArrayDimension> dimensions;  // empty: the empty array
  std::vector<Value> elements;             // in row-major order
};

struct MapValue {
  std::vector<std::pair<std::string, Value>> entries;  // sorted by key, keys unique
};

struct RangeBound {
  std::optional<Value> value;  // none: infinite
  bool inclusive = false;
};

struct RangeValue {
  bool empty = false;
  RangeBound lower;
  RangeBound upper;
};

std::string encode_array(const Type& type, const ArrayValue& value);
ArrayValue decode_array(const Type& type, std::string_view bytes);
std::string encode_list(const Type& type, const std::vector<Value>& elements);
std::vector<Value> decode_list(const Type& type, std::string_view bytes);
std::string encode_map(const Type& type, const MapValue& value);
MapValue decode_map(const Type& type, std::string_view bytes);
std::string encode_record(const Type& type, const std::vector<Value>& fields);
std::vector<Value> decode_record(const Type& type, std::string_view bytes);
std::string encode_range(const Type& type, const RangeValue& value);
RangeValue decode_range(const Type& type, std::string_view bytes);

// The one form of a range: discrete ones as [a,b), what holds nothing as empty, infinite bounds
// exclusive. Throws where the lower bound is above the upper one (22000), or where a bound cannot
// be moved on (22003).
RangeValue canonical_range(const Type& type, RangeValue range);
// Arrays without elements have no dimensions; all else stays.
ArrayValue canonical_array(ArrayValue array);

}  // namespace tailrace
