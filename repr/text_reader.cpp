#include "repr/aclitem.hpp"
#include "repr/datetime.hpp"
#include "repr/datetime_text.hpp"
#include "repr/error.hpp"
#include "repr/json.hpp"
#include "repr/scalar_text.hpp"
#include "repr/text_format.hpp"
#include "repr/value_text.hpp"

namespace tailrace {

Value parse_value(const Type& type, std::string_view text, TextOrigin origin) {
  switch (type.id()) {
    case TypeId::boolean:
      return parse_boolean(text);
    case TypeId::int2:
      return parse_integer<std::int16_t>(text, "smallint");
    case TypeId::int4:
      return parse_integer<std::int32_t>(text, "integer");
    case TypeId::int8:
      return parse_integer<std::int64_t>(text, "bigint");
    case TypeId::uint2:
      return parse_integer<std::uint16_t>(text, "uint2");
    case TypeId::uint4:
      return parse_integer<std::uint32_t>(text, "uint4");
    case TypeId::uint8:
      return parse_integer<std::uint64_t>(text, "uint8");
    case TypeId::float4:
      return parse_float4(text);
    case TypeId::float8:
      return parse_float8(text);
    case TypeId::numeric: {
      if (origin == TextOrigin::upstream) return Numeric::parse(text, Numeric::Excess::reject);
      const Numeric value = Numeric::parse(text);
      return type.numeric_scale() ? value.coerced(*type.numeric_scale()) : value;
    }
    case TypeId::date:
      return parse_date(text);
    case TypeId::time:
      return parse_time(text);
    case TypeId::timestamp:
    case TypeId::timestamptz: {
      const std::int64_t value =
          type.id() == TypeId::timestamp ? parse_timestamp(text) : parse_timestamptz(text);
      return type.modifier() == Type::no_modifier ? value : round_timestamp(value, type.modifier());
    }
    case TypeId::interval:
      return parse_interval(text);
    case TypeId::uuid:
      return parse_uuid(text);
    case TypeId::oid:
      return parse_oid(text, "oid");
    // Names of objects need a catalogue: whoever has one resolves them first.
    case TypeId::regproc:
      return parse_oid(text, "regproc");
    case TypeId::regclass:
      return parse_oid(text, "regclass");
    case TypeId::regtype:
      return parse_oid(text, "regtype");
    case TypeId::mz_timestamp:
      return parse_mz_timestamp(text);
    case TypeId::bytea:
      return parse_bytea(text);
    case TypeId::jsonb:
      return canonical_json(text);
    case TypeId::unknown:
    case TypeId::text:
    case TypeId::varchar:
    case TypeId::bpchar:
    case TypeId::name:
    case TypeId::char1:
      check_utf8(text);
      return coerce_text(type, text);
    case TypeId::mz_aclitem:
      return to_text(parse_acl_item(text, "mz_aclitem"));
    case TypeId::aclitem:
      return to_text(parse_acl_item(text, "aclitem"));
    case TypeId::array:
    case TypeId::int2vector:
    case TypeId::list:
    case TypeId::map:
    case TypeId::record:
    case TypeId::range:
      return parse_nested(type, text, origin);
  }
  throw unsupported("text input of type " + type.name());
}

namespace {

// Parsing is done before the builder is touched, so an error leaves it as it was.
template <class T, T (*parse)(std::string_view)>
void read_fixed(std::string_view text, ColumnBuilder& out) {
  out.append(parse(text));
}

void read_boolean(std::string_view text, ColumnBuilder& out) {
  out.append(static_cast<std::uint8_t>(parse_boolean(text)));
}

template <class T>
void read_integer(std::string_view text, ColumnBuilder& out) {
  out.append(parse_integer<T>(text, std::is_same_v<T, std::int32_t> ? "integer" : "bigint"));
}

void read_text(std::string_view text, ColumnBuilder& out) {
  check_utf8(text);
  out.append_bytes(text);
}

void read_value(std::string_view text, ColumnBuilder& out) {
  out.append_value(parse_value(out.type(), text, TextOrigin::client));
}

}  // namespace

TextReader text_reader(const Type& type) {
  switch (type.id()) {
    case TypeId::boolean:
      return read_boolean;
    case TypeId::int4:
      return read_integer<std::int32_t>;
    case TypeId::int8:
      return read_integer<std::int64_t>;
    case TypeId::float8:
      return read_fixed<double, parse_float8>;
    case TypeId::date:
      return read_fixed<std::int32_t, parse_date>;
    case TypeId::uuid:
      return read_fixed<Uuid, parse_uuid>;
    case TypeId::text:
      return read_text;
    case TypeId::varchar:
      return type.modifier() == Type::no_modifier ? read_text : read_value;
    default:
      return read_value;
  }
}

Value from_text(const Type& type, std::string_view text) {
  return parse_value(type, text, TextOrigin::client);
}

}  // namespace tailrace
