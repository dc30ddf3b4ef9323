#include "repr/text_format.hpp"

#include <algorithm>

#include "repr/datetime_text.hpp"
#include "repr/error.hpp"
#include "repr/scalar_text.hpp"
#include "repr/value_text.hpp"

namespace tailrace {

namespace {

void append_boolean(bool value, const TextOptions& options, std::string& out) {
  if (options.flavour == TextFlavour::cast) {
    out += value ? "true" : "false";
  } else {
    out += value ? 't' : 'f';
  }
}

void append_floating(float value, const TextOptions& options, std::string& out) {
  if (options.flavour == TextFlavour::cast || options.extra_float_digits > 0)
    return append_float4(value, out);
  append_float(static_cast<double>(value), std::max(6 + options.extra_float_digits, 1), out);
}

void append_floating(double value, const TextOptions& options, std::string& out) {
  if (options.flavour == TextFlavour::cast || options.extra_float_digits > 0)
    return append_float8(value, out);
  append_float(value, std::max(15 + options.extra_float_digits, 1), out);
}

// One function a type, over values of its layout: T is what a column's values() give.
template <class T, void (*append)(T, std::string&)>
void write_fixed(const Column& column, std::size_t row, const TextOptions&, std::string& out) {
  append(column.values<std::remove_cvref_t<T>>()[row], out);
}

void write_boolean(const Column& column, std::size_t row, const TextOptions& options,
                   std::string& out) {
  append_boolean(column.values<std::uint8_t>()[row] != 0, options, out);
}

template <class T>
void write_float(const Column& column, std::size_t row, const TextOptions& options,
                 std::string& out) {
  append_floating(column.values<T>()[row], options, out);
}

void write_numeric(const Column& column, std::size_t row, const TextOptions&, std::string& out) {
  column.numeric(row).append_to(out);
}

void append_days(std::int32_t days, std::string& out) {
  append_date(days, out);
}

void write_bytes(const Column& column, std::size_t row, const TextOptions&, std::string& out) {
  out += column.bytes(row);
}

template <void (*append)(std::string_view, std::string&)>
void write_encoded(const Column& column, std::size_t row, const TextOptions&, std::string& out) {
  append(column.bytes(row), out);
}

void write_nested(const Column& column, std::size_t row, const TextOptions& options,
                  std::string& out) {
  append_nested_text(column.type(), column.bytes(row), options, out);
}

}  // namespace

TextWriter text_writer(const Type& type) {
  switch (type.id()) {
    case TypeId::boolean:
      return write_boolean;
    case TypeId::int2:
      return write_fixed<std::int16_t, append_integer<std::int16_t>>;
    case TypeId::int4:
      return write_fixed<std::int32_t, append_integer<std::int32_t>>;
    case TypeId::int8:
      return write_fixed<std::int64_t, append_integer<std::int64_t>>;
    case TypeId::uint2:
      return write_fixed<std::uint16_t, append_integer<std::uint16_t>>;
    case TypeId::uint4:
    case TypeId::oid:
    case TypeId::regproc:
    case TypeId::regclass:
    case TypeId::regtype:
      return write_fixed<std::uint32_t, append_integer<std::uint32_t>>;
    case TypeId::uint8:
    case TypeId::mz_timestamp:
      return write_fixed<std::uint64_t, append_integer<std::uint64_t>>;
    case TypeId::float4:
      return write_float<float>;
    case TypeId::float8:
      return write_float<double>;
    case TypeId::numeric:
      return write_numeric;
    case TypeId::date:
      return write_fixed<std::int32_t, append_days>;
    case TypeId::time:
      return write_fixed<std::int64_t, append_time>;
    case TypeId::timestamp:
      return write_fixed<std::int64_t, append_timestamp>;
    case TypeId::timestamptz:
      return write_fixed<std::int64_t, append_timestamptz>;
    case TypeId::interval:
      return write_fixed<const Interval&, append_interval>;
    case TypeId::uuid:
      return write_fixed<const Uuid&, append_uuid>;
    case TypeId::bytea:
      return write_encoded<append_bytea>;
    case TypeId::char1:
      return write_encoded<append_char1>;
    case TypeId::unknown:
    case TypeId::text:
    case TypeId::varchar:
    case TypeId::bpchar:
    case TypeId::name:
    case TypeId::jsonb:
    case TypeId::mz_aclitem:
    case TypeId::aclitem:
      return write_bytes;
    case TypeId::array:
    case TypeId::int2vector:
    case TypeId::list:
    case TypeId::map:
    case TypeId::record:
    case TypeId::range:
      return write_nested;
  }
  return write_bytes;
}

void append_value_text(const Type& type, const Value& value, const TextOptions& options,
                       std::string& out) {
  std::visit(
      [&]<class T>(const T& of) {
        if constexpr (std::is_same_v<T, Null>) {
          ensure(false, "NULL has no text");
        } else if constexpr (std::is_same_v<T, bool>) {
          append_boolean(of, options, out);
        } else if constexpr (std::is_same_v<T, std::int32_t>) {
          if (type.id() == TypeId::date) return append_date(of, out);
          append_integer(of, out);
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
          if (type.id() == TypeId::time) return append_time(of, out);
          if (type.id() == TypeId::timestamp) return append_timestamp(of, out);
          if (type.id() == TypeId::timestamptz) return append_timestamptz(of, out);
          append_integer(of, out);
        } else if constexpr (std::is_integral_v<T>) {
          append_integer(of, out);
        } else if constexpr (std::is_floating_point_v<T>) {
          append_floating(of, options, out);
        } else if constexpr (std::is_same_v<T, Numeric>) {
          of.append_to(out);
        } else if constexpr (std::is_same_v<T, Interval>) {
          append_interval(of, out);
        } else if constexpr (std::is_same_v<T, Uuid>) {
          append_uuid(of, out);
        } else {
          switch (type.id()) {
            case TypeId::bytea:
              return append_bytea(of, out);
            case TypeId::char1:
              return append_char1(of, out);
            case TypeId::array:
            case TypeId::int2vector:
            case TypeId::list:
            case TypeId::map:
            case TypeId::record:
            case TypeId::range:
              return append_nested_text(type, of, options, out);
            default:
              out += of;
          }
        }
      },
      value);
}

std::string to_text(const Type& type, const Value& value, TextOptions options) {
  std::string text;
  append_value_text(type, value, options, text);
  return text;
}

}  // namespace tailrace
