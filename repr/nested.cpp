#include "repr/nested.hpp"

#include "repr/byte_codec.hpp"
#include "repr/value_codec.hpp"

namespace tailrace {

namespace {

std::vector<Value> take_values(const Type& element, std::size_t count, std::string_view& bytes) {
  if (count > bytes.size()) fail_corrupted("element count");  // each takes a byte at least
  const Layout layout = layout_of(element);
  std::vector<Value> values;
  values.reserve(count);
  for (std::size_t i = 0; i < count; ++i) values.push_back(take_value(layout, bytes));
  return values;
}

void check_end(std::string_view bytes) {
  if (!bytes.empty()) fail_corrupted("bytes after a nested value");
}

}  // namespace

// dimensions, (lower bound, length)*, elements
std::string encode_array(const Type& type, const ArrayValue& value) {
  const Layout layout = layout_of(type.element());
  std::string out;
  put_count(out, value.dimensions.size());
  for (const ArrayDimension& dimension : value.dimensions) {
    put_fixed(out, dimension.lower_bound);
    put_fixed(out, dimension.length);
  }
  for (const Value& element : value.elements) put_value(layout, element, out);
  return out;
}

ArrayValue decode_array(const Type& type, std::string_view bytes) {
  ArrayValue array;
  const std::uint64_t dimensions = take_count(bytes);
  if (dimensions > 6) fail_corrupted("array dimensions");
  std::uint64_t count = dimensions == 0 ? 0 : 1;
  for (std::uint64_t i = 0; i < dimensions; ++i) {
    ArrayDimension dimension;
    dimension.lower_bound = take_fixed<std::int32_t>(bytes);
    dimension.length = take_fixed<std::int32_t>(bytes);
    if (dimension.length < 0 || __builtin_mul_overflow(count, dimension.length, &count)) {
      fail_corrupted("array dimensions");
    }
    array.dimensions.push_back(dimension);
  }
  array.elements = take_values(type.element(), count, bytes);
  check_end(bytes);
  return array;
}

// count, elements
std::string encode_list(const Type& type, const std::vector<Value>& elements) {
  const Layout layout = layout_of(type.element());
  std::string out;
  put_count(out, elements.size());
  for (const Value& element : elements) put_value(layout, element, out);
  return out;
}

std::vector<Value> decode_list(const Type& type, std::string_view bytes) {
  const std::uint64_t count = take_count(bytes);
  std::vector<Value> elements = take_values(type.element(), count, bytes);
  check_end(bytes);
  return elements;
}

// count, (key, value)*
std::string encode_map(const Type& type, const MapValue& value) {
  const Layout layout = layout_of(type.element());
  std::string out;
  put_count(out, value.entries.size());
  for (const auto& [key, element] : value.entries) {
    put_bytes(out, key);
    put_value(layout, element, out);
  }
  return out;
}

MapValue decode_map(const Type& type, std::string_view bytes) {
  const Layout layout = layout_of(type.element());
  MapValue map;
  const std::uint64_t count = take_count(bytes);
  if (count > bytes.size()) fail_corrupted("entry count");
  map.entries.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string key(take_counted_bytes(bytes));
    map.entries.emplace_back(std::move(key), take_value(layout, bytes));
  }
  check_end(bytes);
  return map;
}

// fields
std::string encode_record(const Type& type, const std::vector<Value>& fields) {
  ensure(fields.size() == type.fields().size(), "a value for each field");
  std::string out;
  for (std::size_t i = 0; i < fields.size(); ++i)
    put_value(layout_of(type.fields()[i].type), fields[i], out);
  return out;
}

std::vector<Value> decode_record(const Type& type, std::string_view bytes) {
  std::vector<Value> fields;
  fields.reserve(type.fields().size());
  for (const RecordField& field : type.fields())
    fields.push_back(take_value(layout_of(field.type), bytes));
  check_end(bytes);
  return fields;
}

namespace {

// The first byte of a range, PostgreSQL's bits.
constexpr char range_empty = 1;
constexpr char range_lower_inclusive = 2;
constexpr char range_upper_inclusive = 4;

}  // namespace

// flags, unless empty: lower bound, upper bound (NULL: infinite)
std::string encode_range(const Type& type, const RangeValue& value) {
  if (value.empty) return std::string(1, range_empty);
  const Layout layout = layout_of(type.element());
  char flags = 0;
  if (value.lower.value && value.lower.inclusive) flags |= range_lower_inclusive;
  if (value.upper.value && value.upper.inclusive) flags |= range_upper_inclusive;
  std::string out(1, flags);
  put_value(layout, value.lower.value.value_or(Null{}), out);
  put_value(layout, value.upper.value.value_or(Null{}), out);
  return out;
}

RangeValue decode_range(const Type& type, std::string_view bytes) {
  const Layout layout = layout_of(type.element());
  RangeValue range;
  const char flags = take_bytes(bytes, 1).front();
  range.empty = (flags & range_empty) != 0;
  if (!range.empty) {
    const auto bound = [&](bool inclusive) {
      Value value = take_value(layout, bytes);
      if (is_null(value)) return RangeBound{};
      return RangeBound{std::move(value), inclusive};
    };
    range.lower = bound((flags & range_lower_inclusive) != 0);
    range.upper = bound((flags & range_upper_inclusive) != 0);
  }
  check_end(bytes);
  return range;
}

}  // namespace tailrace
