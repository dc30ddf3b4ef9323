#include "storage/chunk_bounds.hpp"

#include <cmath>

namespace tailrace::storage {

namespace {

// Longer texts are no good bounds: they cost more than they save.
constexpr std::size_t bound_bytes_max = 64;

bool all_null(const Column& column, std::size_t first, std::size_t count) {
  for (std::size_t row = first; row < first + count; ++row) {
    if (!column.is_null(row)) return false;
  }
  return true;
}

template <class T>
void bound_fixed(const Column& column, std::size_t first, std::size_t count, ChunkBounds& bounds) {
  const auto values = column.values<T>().subspan(first, count);
  std::size_t start = 0;
  while (column.is_null(first + start)) ++start;
  std::size_t low = start;
  std::size_t high = start;
  if (column.has_nulls()) {
    for (std::size_t i = start + 1; i < count; ++i) {
      if (column.is_null(first + i)) continue;
      if (values[i] < values[low]) low = i;
      if (values[high] < values[i]) high = i;
    }
  } else {
    T smallest = values[0];
    T largest = values[0];
    for (const T value : values) {
      smallest = value < smallest ? value : smallest;
      largest = largest < value ? value : largest;
    }
    while (values[low] != smallest) ++low;
    while (values[high] != largest) ++high;
  }
  bounds.min = column.value(first + low);
  bounds.max = column.value(first + high);
}

template <class T>
void bound_float(const Column& column, std::size_t first, std::size_t count, ChunkBounds& bounds) {
  // NaN is greater than all others and equal to nothing: chunks that have one are not bounded.
  for (const T value : column.values<T>().subspan(first, count)) {
    if (std::isnan(value)) return;
  }
  bound_fixed<T>(column, first, count, bounds);
}

void bound_bytes(const Column& column, std::size_t first, std::size_t count, ChunkBounds& bounds) {
  std::optional<std::string_view> min;
  std::optional<std::string_view> max;
  for (std::size_t row = first; row < first + count; ++row) {
    if (column.is_null(row)) continue;
    const std::string_view value = column.bytes(row);
    if (!min || value < *min) min = value;
    if (!max || *max < value) max = value;
  }
  bounds.min = std::string(min->substr(0, bound_bytes_max));
  if (max->size() <= bound_bytes_max) bounds.max = std::string(*max);
}

// Types whose SQL order is the order of their bytes.
bool ordered_as_bytes(TypeId type) {
  return type == TypeId::text || type == TypeId::varchar || type == TypeId::bytea ||
         type == TypeId::name;
}

}  // namespace

ChunkBounds bounds_of(const Column& column, std::size_t first, std::size_t count) {
  ChunkBounds bounds;
  if (all_null(column, first, count)) {
    bounds.only_nulls = true;
    return bounds;
  }
  switch (column.layout()) {
    case Layout::int16:
      bound_fixed<std::int16_t>(column, first, count, bounds);
      break;
    case Layout::int32:
      bound_fixed<std::int32_t>(column, first, count, bounds);
      break;
    case Layout::int64:
    case Layout::decimal64:
      bound_fixed<std::int64_t>(column, first, count, bounds);
      break;
    case Layout::uint16:
      bound_fixed<std::uint16_t>(column, first, count, bounds);
      break;
    case Layout::uint32:
      bound_fixed<std::uint32_t>(column, first, count, bounds);
      break;
    case Layout::uint64:
      bound_fixed<std::uint64_t>(column, first, count, bounds);
      break;
    case Layout::float32:
      bound_float<float>(column, first, count, bounds);
      break;
    case Layout::float64:
      bound_float<double>(column, first, count, bounds);
      break;
    case Layout::bytes:
      if (ordered_as_bytes(column.type().id())) bound_bytes(column, first, count, bounds);
      break;
    case Layout::bool8:
    case Layout::decimal128:
    case Layout::numeric:
    case Layout::interval:
    case Layout::uuid:
      break;  // seldom worth a bound
  }
  return bounds;
}

}  // namespace tailrace::storage
