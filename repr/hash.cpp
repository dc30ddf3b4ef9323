#define XXH_INLINE_ALL
#include "repr/hash.hpp"

#include <xxhash.h>

#include <bit>
#include <cstring>

#include "repr/decimal.hpp"
#include "repr/nested.hpp"
#include "repr/order.hpp"
#include "repr/value_order.hpp"

namespace tailrace {

namespace {

std::uint64_t hash_of(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::uint64_t hash_of(const Interval& interval) {
  std::uint64_t days_and_months = 0;
  std::memcpy(&days_and_months, &interval, sizeof days_and_months);
  return hash_combine(days_and_months, static_cast<std::uint64_t>(interval.microseconds));
}

std::uint64_t hash_of(const Uuid& uuid) {
  std::uint64_t halves[2];
  std::memcpy(halves, uuid.bytes.data(), sizeof halves);
  return hash_combine(halves[0], halves[1]);
}

template <Equality equality, class Float>
std::uint64_t hash_of_float(Float value) {
  if (value != value) return ~std::uint64_t{0};
  if constexpr (equality == Equality::sql) value += Float{0};  // -0 + 0 is 0
  if constexpr (sizeof(Float) == 4) {
    return std::bit_cast<std::uint32_t>(value);
  } else {
    return std::bit_cast<std::uint64_t>(value);
  }
}

std::uint64_t hash_nested(const Type& type, std::string_view bytes) {
  std::uint64_t hash = hash_seed;
  const auto add = [&](const Type& of, const Value& value) {
    hash = hash_combine(hash, hash_value(of, value, Equality::sql));
  };
  switch (type.id()) {
    case TypeId::array:
    case TypeId::int2vector: {
      const ArrayValue array = decode_array(type, bytes);
      for (const ArrayDimension& dimension : array.dimensions) {
        hash = hash_combine(hash, static_cast<std::uint64_t>(dimension.length));
        hash = hash_combine(hash, static_cast<std::uint64_t>(dimension.lower_bound));
      }
      for (const Value& element : array.elements) add(type.element(), element);
      break;
    }
    case TypeId::list:
      for (const Value& element : decode_list(type, bytes)) add(type.element(), element);
      break;
    case TypeId::map:
      for (const auto& [key, value] : decode_map(type, bytes).entries) {
        hash = hash_combine(hash, hash_of(key));
        add(type.element(), value);
      }
      break;
    case TypeId::record: {
      const std::vector<Value> fields = decode_record(type, bytes);
      for (std::size_t i = 0; i < fields.size(); ++i) add(type.fields()[i].type, fields[i]);
      break;
    }
    default:
      return hash_of(bytes);
  }
  return hash;
}

// out[i] = combine(out[i], hash(row i)); `hash` sees valid rows only.
template <class Hash>
void combine_each(const Column& column, std::vector<std::uint64_t>& out, Hash hash) {
  const std::size_t size = out.size();
  if (!column.has_nulls()) {
    for (std::size_t row = 0; row < size; ++row) out[row] = hash_combine(out[row], hash(row));
    return;
  }
  for (std::size_t row = 0; row < size; ++row) {
    out[row] = hash_combine(out[row], column.is_null(row) ? hash_of_null : hash(row));
  }
}

template <class T>
void combine_integers(const Column& column, std::vector<std::uint64_t>& out) {
  const T* values = column.values<T>().data();
  combine_each(column, out,
               [values](std::size_t row) { return static_cast<std::uint64_t>(values[row]); });
}

template <Equality equality>
void combine_column(const Column& column, std::vector<std::uint64_t>& out) {
  switch (column.layout()) {
    case Layout::bool8:
      return combine_integers<std::uint8_t>(column, out);
    case Layout::int16:
      return combine_integers<std::int16_t>(column, out);
    case Layout::int32:
      return combine_integers<std::int32_t>(column, out);
    case Layout::int64:
      return combine_integers<std::int64_t>(column, out);
    case Layout::uint16:
      return combine_integers<std::uint16_t>(column, out);
    case Layout::uint32:
      return combine_integers<std::uint32_t>(column, out);
    case Layout::uint64:
      return combine_integers<std::uint64_t>(column, out);
    case Layout::float32:
      return combine_each(column, out, [values = column.values<float>().data()](std::size_t row) {
        return hash_of_float<equality>(values[row]);
      });
    case Layout::float64:
      return combine_each(column, out, [values = column.values<double>().data()](std::size_t row) {
        return hash_of_float<equality>(values[row]);
      });
    case Layout::decimal64:
      return combine_each(
          column, out,
          [values = column.values<std::int64_t>().data(), scale = column.decimal_scale()](
              std::size_t row) { return decimal_hash(values[row], scale); });
    case Layout::decimal128:
      return combine_each(
          column, out,
          [values = column.values<__int128>().data(), scale = column.decimal_scale()](
              std::size_t row) { return decimal_hash(values[row], scale); });
    case Layout::numeric:
      return combine_each(column, out, [values = column.values<Numeric>().data()](std::size_t row) {
        return values[row].hash();
      });
    case Layout::interval:
      return combine_each(column, out,
                          [values = column.values<Interval>().data()](std::size_t row) {
                            return hash_of(values[row]);
                          });
    case Layout::uuid:
      return combine_each(column, out, [values = column.values<Uuid>().data()](std::size_t row) {
        return hash_of(values[row]);
      });
    case Layout::bytes:
      if (equality == Equality::sql && identity_is_finer(column.type())) {
        if (column.type().id() == TypeId::bpchar) {
          return combine_each(column, out, [&](std::size_t row) {
            return hash_of(without_trailing_blanks(column.bytes(row)));
          });
        }
        return combine_each(column, out, [&](std::size_t row) {
          return hash_nested(column.type(), column.bytes(row));
        });
      }
      return combine_each(column, out, [&](std::size_t row) { return hash_of(column.bytes(row)); });
  }
}

}  // namespace

void hash_rows(const Batch& batch, std::span<const int> columns, Equality equality,
               std::vector<std::uint64_t>& out) {
  out.assign(batch.rows, hash_seed);
  for (int index : columns) {
    const Column& column = *batch.columns[static_cast<std::size_t>(index)];
    if (equality == Equality::identity) {
      combine_column<Equality::identity>(column, out);
    } else {
      combine_column<Equality::sql>(column, out);
    }
  }
}

std::uint64_t hash_value(const Type& type, const Value& value, Equality equality) {
  const auto finish = [](std::uint64_t hash) { return hash_combine(hash_seed, hash); };
  if (const auto* bytes = std::get_if<std::string>(&value)) {
    if (equality == Equality::identity || !identity_is_finer(type)) return finish(hash_of(*bytes));
    if (type.id() == TypeId::bpchar) return finish(hash_of(without_trailing_blanks(*bytes)));
    return finish(hash_nested(type, *bytes));
  }
  return finish(std::visit(
      [&]<class T>(const T& of) -> std::uint64_t {
        if constexpr (std::is_same_v<T, Null>) {
          return hash_of_null;
        } else if constexpr (std::is_floating_point_v<T>) {
          return equality == Equality::sql ? hash_of_float<Equality::sql>(of)
                                           : hash_of_float<Equality::identity>(of);
        } else if constexpr (std::is_same_v<T, Numeric>) {
          return of.hash();
        } else if constexpr (std::is_integral_v<T>) {
          return static_cast<std::uint64_t>(of);
        } else {
          return hash_of(of);
        }
      },
      value));
}

}  // namespace tailrace
