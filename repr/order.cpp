#include "repr/order.hpp"

#include "repr/error.hpp"
#include "repr/nested.hpp"
#include "repr/value_order.hpp"

namespace tailrace {

bool identity_is_finer(const Type& type) {
  switch (type.id()) {
    case TypeId::float4:
    case TypeId::float8:
    case TypeId::bpchar:
      return true;
    case TypeId::array:
    case TypeId::list:
    case TypeId::map:
      return identity_is_finer(type.element());
    case TypeId::record:
      for (const RecordField& field : type.fields()) {
        if (identity_is_finer(field.type)) return true;
      }
      return false;
    default:
      return false;
  }
}

namespace {

template <class T>
int three_way(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

int sign(std::strong_ordering order) {
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

int compare_memory(std::string_view a, std::string_view b) {
  return a.compare(b);
}

int compare_sequences(const Type& element, const std::vector<Value>& a, const std::vector<Value>& b,
                      Equality equality) {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (int order = compare_values(element, a[i], b[i], equality)) return order;
  }
  return three_way(a.size(), b.size());
}

int compare_arrays(const Type& type, const ArrayValue& a, const ArrayValue& b, Equality equality) {
  if (int order = compare_sequences(type.element(), a.elements, b.elements, equality)) return order;
  if (int order = three_way(a.dimensions.size(), b.dimensions.size())) return order;
  for (std::size_t i = 0; i < a.dimensions.size(); ++i) {
    if (int order = three_way(a.dimensions[i].length, b.dimensions[i].length)) return order;
    if (int order = three_way(a.dimensions[i].lower_bound, b.dimensions[i].lower_bound))
      return order;
  }
  return 0;
}

int compare_maps(const Type& type, const MapValue& a, const MapValue& b, Equality equality) {
  const std::size_t common = std::min(a.entries.size(), b.entries.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (int order = compare_memory(a.entries[i].first, b.entries[i].first)) return order;
    if (int order =
            compare_values(type.element(), a.entries[i].second, b.entries[i].second, equality))
      return order;
  }
  return three_way(a.entries.size(), b.entries.size());
}

int compare_records(const Type& type, const std::vector<Value>& a, const std::vector<Value>& b,
                    Equality equality) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (int order = compare_values(type.fields()[i].type, a[i], b[i], equality)) return order;
  }
  return three_way(a.size(), b.size());
}

// `side`: -1 for lower bounds (no bound is below all), 1 for upper ones.
int compare_bounds(const Type& element, const RangeBound& a, const RangeBound& b, int side,
                   Equality equality) {
  if (!a.value || !b.value) return side * (static_cast<int>(!a.value) - static_cast<int>(!b.value));
  if (int order = compare_values(element, *a.value, *b.value, equality)) return order;
  return side * (static_cast<int>(a.inclusive) - static_cast<int>(b.inclusive));
}

int compare_ranges(const Type& type, const RangeValue& a, const RangeValue& b, Equality equality) {
  if (a.empty || b.empty) return static_cast<int>(b.empty) - static_cast<int>(a.empty);
  if (int order = compare_bounds(type.element(), a.lower, b.lower, -1, equality)) return order;
  return compare_bounds(type.element(), a.upper, b.upper, 1, equality);
}

}  // namespace

int compare_bytes(const Type& type, std::string_view a, std::string_view b, Equality equality) {
  if (a == b) return 0;
  switch (type.id()) {
    case TypeId::bpchar: {
      // The identity order refines the SQL order, so the blanks come second.
      if (int order = compare_memory(without_trailing_blanks(a), without_trailing_blanks(b)))
        return order;
      return equality == Equality::sql ? 0 : three_way(a.size(), b.size());
    }
    case TypeId::array:
    case TypeId::int2vector:
      return compare_arrays(type, decode_array(type, a), decode_array(type, b), equality);
    case TypeId::list:
      return compare_sequences(type.element(), decode_list(type, a), decode_list(type, b),
                               equality);
    case TypeId::map:
      return compare_maps(type, decode_map(type, a), decode_map(type, b), equality);
    case TypeId::record:
      return compare_records(type, decode_record(type, a), decode_record(type, b), equality);
    case TypeId::range:
      return compare_ranges(type, decode_range(type, a), decode_range(type, b), equality);
    default:
      return compare_memory(a, b);
  }
}

int compare_values(const Column& a, std::size_t row_a, const Column& b, std::size_t row_b,
                   Equality equality) {
  const bool null_a = a.is_null(row_a);
  const bool null_b = b.is_null(row_b);
  if (null_a || null_b) return static_cast<int>(null_a) - static_cast<int>(null_b);
  const auto of = [&]<class T>(T) { return three_way(a.values<T>()[row_a], b.values<T>()[row_b]); };
  switch (a.layout()) {
    case Layout::bool8:
      return of(std::uint8_t{});
    case Layout::int16:
      return of(std::int16_t{});
    case Layout::int32:
      return of(std::int32_t{});
    case Layout::int64:
      return of(std::int64_t{});
    case Layout::uint16:
      return of(std::uint16_t{});
    case Layout::uint32:
      return of(std::uint32_t{});
    case Layout::uint64:
      return of(std::uint64_t{});
    case Layout::float32:
      return compare_floats(a.values<float>()[row_a], b.values<float>()[row_b], equality);
    case Layout::float64:
      return compare_floats(a.values<double>()[row_a], b.values<double>()[row_b], equality);
    case Layout::decimal64:
      if (b.layout() == Layout::decimal64 && a.decimal_scale() == b.decimal_scale())
        return of(std::int64_t{});
      return sign(a.numeric(row_a) <=> b.numeric(row_b));
    case Layout::decimal128:
      if (b.layout() == Layout::decimal128 && a.decimal_scale() == b.decimal_scale())
        return of(__int128{});
      return sign(a.numeric(row_a) <=> b.numeric(row_b));
    case Layout::numeric:
      return sign(a.numeric(row_a) <=> b.numeric(row_b));
    case Layout::interval:
      return of(Interval{});
    case Layout::uuid:
      return std::memcmp(&a.values<Uuid>()[row_a], &b.values<Uuid>()[row_b], sizeof(Uuid));
    case Layout::bytes:
      return compare_bytes(a.type(), a.bytes(row_a), b.bytes(row_b), equality);
  }
  return 0;
}

int compare_values(const Type& type, const Value& a, const Value& b, Equality equality) {
  if (is_null(a) || is_null(b)) return static_cast<int>(is_null(a)) - static_cast<int>(is_null(b));
  ensure(a.index() == b.index(), "values to compare must have one representation");
  return std::visit(
      [&]<class T>(const T& x) -> int {
        const T& y = std::get<T>(b);
        if constexpr (std::is_floating_point_v<T>) {
          return compare_floats(x, y, equality);
        } else if constexpr (std::is_same_v<T, std::string>) {
          return compare_bytes(type, x, y, equality);
        } else {
          return three_way(x, y);
        }
      },
      a);
}

bool equal_values(const Column& a, std::size_t row_a, const Column& b, std::size_t row_b,
                  Equality equality) {
  if (a.layout() == Layout::bytes && !a.is_null(row_a) && !b.is_null(row_b)) {
    // Canonical bytes: unless SQL equality is coarser, unequal bytes are unequal values.
    if (a.bytes(row_a) == b.bytes(row_b)) return true;
    if (equality == Equality::identity || !identity_is_finer(a.type())) return false;
  }
  return compare_values(a, row_a, b, row_b, equality) == 0;
}

namespace {

// The i-th column of those asked for.
const Column& column_at(const Batch& batch, std::span<const int> columns, std::size_t i) {
  return *batch.columns[columns.empty() ? i : static_cast<std::size_t>(columns[i])];
}

}  // namespace

int compare_rows(const Batch& a, std::size_t row_a, std::span<const int> a_columns, const Batch& b,
                 std::size_t row_b, std::span<const int> b_columns, Equality equality) {
  const std::size_t count = a_columns.empty() ? a.columns.size() : a_columns.size();
  for (std::size_t i = 0; i < count; ++i) {
    const int order = compare_values(column_at(a, a_columns, i), row_a, column_at(b, b_columns, i),
                                     row_b, equality);
    if (order != 0) return order;
  }
  return 0;
}

bool equal_rows(const Batch& a, std::size_t row_a, std::span<const int> a_columns, const Batch& b,
                std::size_t row_b, std::span<const int> b_columns, Equality equality) {
  const std::size_t count = a_columns.empty() ? a.columns.size() : a_columns.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (!equal_values(column_at(a, a_columns, i), row_a, column_at(b, b_columns, i), row_b,
                      equality)) {
      return false;
    }
  }
  return true;
}

int compare_ordered(const Batch& a, std::size_t row_a, const Batch& b, std::size_t row_b,
                    std::span<const OrderKey> keys) {
  for (const OrderKey& key : keys) {
    const Column& x = *a.columns[static_cast<std::size_t>(key.column)];
    const Column& y = *b.columns[static_cast<std::size_t>(key.column)];
    const bool null_x = x.is_null(row_a);
    const bool null_y = y.is_null(row_b);
    if (null_x || null_y) {
      if (null_x == null_y) continue;
      return null_x == key.nulls_first ? -1 : 1;
    }
    const int order = compare_values(x, row_a, y, row_b, Equality::sql);
    if (order != 0) return key.descending ? -order : order;
  }
  return 0;
}

}  // namespace tailrace
