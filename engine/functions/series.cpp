// generate_series, generate_subscripts.
#include "engine/functions/families.hpp"
#include "repr/datetime.hpp"
#include "repr/error.hpp"
#include "repr/nested.hpp"

namespace tailrace::engine {

namespace {

using Columns = std::vector<ColumnSchema>;

[[noreturn]] void throw_too_many() {
  throw SqlError(sqlstate::program_limit_exceeded,
                 "a table function makes too many rows in one call");
}

template <TypeId type>
Columns series_columns(std::span<const Type>) {
  return {{"generate_series", type, false}};
}

template <class T>
T value_at(const ColumnPtr& column, std::size_t row) {
  return column->values<T>()[row];
}

template <class T>
std::size_t integer_series(std::span<const ColumnPtr> arguments, std::size_t row,
                           std::span<ColumnBuilder> out, std::size_t rows_max) {
  T at = value_at<T>(arguments[0], row);
  const T stop = value_at<T>(arguments[1], row);
  const T step = arguments.size() > 2 ? value_at<T>(arguments[2], row) : T{1};
  if (step == 0) throw SqlError(sqlstate::invalid_parameter_value, "step size cannot equal zero");
  std::size_t count = 0;
  while (step > 0 ? at <= stop : at >= stop) {
    if (++count > rows_max) throw_too_many();
    out[0].append<T>(at);
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  return count;
}

std::size_t timestamp_series(std::span<const ColumnPtr> arguments, std::size_t row,
                             std::span<ColumnBuilder> out, std::size_t rows_max) {
  std::int64_t at = value_at<std::int64_t>(arguments[0], row);
  const std::int64_t stop = value_at<std::int64_t>(arguments[1], row);
  const Interval step = value_at<Interval>(arguments[2], row);
  const __int128 length =
      static_cast<__int128>(step.months * std::int64_t{30} + step.days) * microseconds_per_day +
      step.microseconds;
  if (length == 0) throw SqlError(sqlstate::invalid_parameter_value, "step size cannot equal zero");
  const bool forward = length > 0;
  std::size_t count = 0;
  while (forward ? at <= stop : at >= stop) {
    if (++count > rows_max) throw_too_many();
    out[0].append<std::int64_t>(at);
    std::int64_t next;
    try {
      next = add(at, step);
    } catch (const SqlError&) {
      break;  // the type's range ends before the series does
    }
    if (forward ? next <= at : next >= at) break;  // months and days that stop advancing
    at = next;
  }
  return count;
}

Columns subscript_columns(std::span<const Type>) {
  return {{"generate_subscripts", TypeId::int4, false}};
}

std::size_t subscripts(std::span<const ColumnPtr> arguments, std::size_t row,
                       std::span<ColumnBuilder> out, std::size_t) {
  const ArrayValue array = decode_array(arguments[0]->type(), arguments[0]->bytes(row));
  const auto dimension = value_at<std::int32_t>(arguments[1], row);
  if (dimension < 1 || static_cast<std::size_t>(dimension) > array.dimensions.size()) return 0;
  const ArrayDimension& found = array.dimensions[static_cast<std::size_t>(dimension - 1)];
  for (std::int32_t i = 0; i < found.length; ++i)
    out[0].append<std::int32_t>(found.lower_bound + i);
  return static_cast<std::size_t>(found.length);
}

template <TypeId type>
TableFunction series(std::vector<Parameter> takes, decltype(TableFunction::rows) rows,
                     std::string_view example) {
  return {.name = "generate_series",
          .takes = std::move(takes),
          .doc = "From the first to the second, by steps.",
          .example = example,
          .columns = series_columns<type>,
          .rows = rows};
}

}  // namespace

std::vector<TableFunction> series_functions() {
  using enum TypeId;
  return {
      series<int4>({int4, int4}, integer_series<std::int32_t>,
                   "generate_series(1, 3) = (1), (2), (3)"),
      series<int4>({int4, int4, int4}, integer_series<std::int32_t>,
                   "generate_series(3, 1, -2) = (3), (1)"),
      series<int8>({int8, int8}, integer_series<std::int64_t>,
                   "generate_series(1::bigint, 2) = (1), (2)"),
      series<int8>({int8, int8, int8}, integer_series<std::int64_t>,
                   "generate_series(1::bigint, 5, 4) = (1), (5)"),
      series<TypeId::timestamp>({TypeId::timestamp, TypeId::timestamp, interval}, timestamp_series,
                                "generate_series('2020-01-01'::timestamp, '2020-01-02', '1 day') = "
                                "('2020-01-01 00:00:00'), ('2020-01-02 00:00:00')"),
      series<timestamptz>({timestamptz, timestamptz, interval}, timestamp_series,
                          "generate_series('2020-01-01'::timestamptz, '2020-01-01', '1 day') = "
                          "('2020-01-01 00:00:00+00')"),
      {.name = "generate_subscripts",
       .takes = {Parameter::Kind::anyarray, int4},
       .doc = "The subscripts of a dimension of the array.",
       .example = "generate_subscripts(ARRAY[5,6], 1) = (1), (2)",
       .columns = subscript_columns,
       .rows = subscripts},
  };
}

}  // namespace tailrace::engine
