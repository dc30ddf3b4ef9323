#include "repr/value_binary.hpp"

#include <charconv>

#include "repr/aclitem.hpp"
#include "repr/datetime.hpp"
#include "repr/error.hpp"
#include "repr/json.hpp"
#include "repr/nested.hpp"
#include "repr/network_bytes.hpp"
#include "repr/numeric_binary.hpp"
#include "repr/scalar_text.hpp"

namespace tailrace {

namespace {

constexpr Oid json_oid = 114;  // of upstream's json, which we keep as jsonb

// The bits of acl_letters in mz_aclitem's mode word.
constexpr int acl_mode_bits[] = {1, 0, 2, 3, 8, 9, 31, 30, 29, 32};

void append_role(std::string_view role, std::string& out) {
  std::uint64_t number = 0;
  if (!role.empty()) std::from_chars(role.data() + 1, role.data() + role.size(), number);
  out += role.empty() ? 'p' : role.front();
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

std::string take_role(std::string_view& bytes) {
  const char kind = take_network_bytes(bytes, 1, "mz_aclitem").front();
  const auto number = __builtin_bswap64(take_network<std::uint64_t>(bytes, "mz_aclitem"));
  if (kind == 'p') return {};
  if (kind != 'u' && kind != 's' && kind != 'g') fail_binary("mz_aclitem");
  return kind + std::to_string(number);
}

void append_acl_item(std::string_view text, std::string& out) {
  const AclItem item = parse_acl_item(text, "mz_aclitem");
  append_role(item.grantee, out);
  append_role(item.grantor, out);
  std::uint64_t mode = 0;
  for (std::size_t i = 0; i < acl_letters.size(); ++i) {
    if ((item.privileges >> i & 1) != 0) mode |= std::uint64_t{1} << acl_mode_bits[i];
  }
  out.append(reinterpret_cast<const char*>(&mode), sizeof mode);
}

std::string parse_acl_item_binary(std::string_view bytes) {
  AclItem item;
  item.grantee = take_role(bytes);
  item.grantor = take_role(bytes);
  const auto mode = __builtin_bswap64(read_network<std::uint64_t>(bytes, "mz_aclitem"));
  for (std::size_t i = 0; i < acl_letters.size(); ++i) {
    if ((mode >> acl_mode_bits[i] & 1) != 0) item.privileges |= std::uint64_t{1} << i;
  }
  return to_text(item);
}

void append_counted(const Type& type, const Value& value, std::string& out) {
  if (is_null(value)) return put_network(out, std::int32_t{-1});
  const std::size_t length_at = out.size();
  put_network(out, std::int32_t{0});
  append_value_binary(type, value, out);
  const std::int32_t length = swap_bytes(static_cast<std::int32_t>(out.size() - length_at - 4));
  std::memcpy(out.data() + length_at, &length, sizeof length);
}

void append_array(const Type& type, std::string_view bytes, std::string& out) {
  ArrayValue array = decode_array(type, bytes);
  // Upstream knows int2vector with one dimension only, also when it is empty.
  if (type.id() == TypeId::int2vector && array.dimensions.empty()) array.dimensions = {{0, 0}};
  bool nulls = false;
  for (const Value& element : array.elements) nulls = nulls || is_null(element);
  put_network(out, static_cast<std::int32_t>(array.dimensions.size()));
  put_network(out, static_cast<std::int32_t>(nulls));
  put_network(out, type.element().oid());
  for (const ArrayDimension& dimension : array.dimensions) {
    put_network(out, dimension.length);
    put_network(out, dimension.lower_bound);
  }
  for (const Value& element : array.elements) append_counted(type.element(), element, out);
}

std::string parse_array(const Type& type, std::string_view bytes) {
  const char* const what = "array";
  ArrayValue array;
  const auto dimensions = take_network<std::int32_t>(bytes, what);
  const auto flags = take_network<std::int32_t>(bytes, what);
  const auto oid = take_network<Oid>(bytes, what);
  if (dimensions < 0 || dimensions > 6 || (flags != 0 && flags != 1)) fail_binary(what);
  const bool from_json = type.element().id() == TypeId::jsonb && oid == json_oid;
  if (oid != type.element().oid() && !from_json) {
    throw SqlError(sqlstate::datatype_mismatch, "binary data has array element type " +
                                                    std::to_string(oid) + " instead of expected " +
                                                    std::to_string(type.element().oid()));
  }
  std::int64_t count = dimensions == 0 ? 0 : 1;
  for (std::int32_t i = 0; i < dimensions; ++i) {
    ArrayDimension dimension;
    dimension.length = take_network<std::int32_t>(bytes, what);
    dimension.lower_bound = take_network<std::int32_t>(bytes, what);
    if (dimension.length < 0 || __builtin_mul_overflow(count, dimension.length, &count))
      fail_binary(what);
    array.dimensions.push_back(dimension);
  }
  if (count > static_cast<std::int64_t>(bytes.size() / 4))
    fail_binary(what);  // each element has a length word
  array.elements.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    const auto length = take_network<std::int32_t>(bytes, what);
    if (length == -1) {
      array.elements.emplace_back(Null{});
      continue;
    }
    if (length < 0) fail_binary(what);
    const std::string_view element =
        take_network_bytes(bytes, static_cast<std::size_t>(length), what);
    array.elements.push_back(from_json ? Value(canonical_json(element))
                                       : parse_value_binary(type.element(), element));
  }
  if (!bytes.empty()) fail_binary(what);
  return encode_array(type, canonical_array(std::move(array)));
}

constexpr std::uint8_t range_empty = 1;
constexpr std::uint8_t range_lower_inclusive = 2;
constexpr std::uint8_t range_upper_inclusive = 4;
constexpr std::uint8_t range_lower_infinite = 8;
constexpr std::uint8_t range_upper_infinite = 16;

void append_range(const Type& type, std::string_view bytes, std::string& out) {
  const RangeValue range = decode_range(type, bytes);
  std::uint8_t flags = 0;
  if (range.empty) {
    flags = range_empty;
  } else {
    if (range.lower.inclusive) flags |= range_lower_inclusive;
    if (range.upper.inclusive) flags |= range_upper_inclusive;
    if (!range.lower.value) flags |= range_lower_infinite;
    if (!range.upper.value) flags |= range_upper_infinite;
  }
  out += static_cast<char>(flags);
  if (range.lower.value) append_counted(type.element(), *range.lower.value, out);
  if (range.upper.value) append_counted(type.element(), *range.upper.value, out);
}

std::string parse_range(const Type& type, std::string_view bytes) {
  const char* const what = "range";
  RangeValue range;
  const auto flags = take_network<std::uint8_t>(bytes, what);
  range.empty = (flags & range_empty) != 0;
  const auto bound = [&](std::uint8_t infinite, std::uint8_t inclusive) {
    RangeBound result;
    if (range.empty || (flags & infinite) != 0) return result;
    const auto length = take_network<std::int32_t>(bytes, what);
    if (length < 0) fail_binary(what);
    result.value = parse_value_binary(
        type.element(), take_network_bytes(bytes, static_cast<std::size_t>(length), what));
    result.inclusive = (flags & inclusive) != 0;
    return result;
  };
  range.lower = bound(range_lower_infinite, range_lower_inclusive);
  range.upper = bound(range_upper_infinite, range_upper_inclusive);
  if (!bytes.empty()) fail_binary(what);
  return encode_range(type, canonical_range(type, std::move(range)));
}

void append_record(const Type& type, std::string_view bytes, std::string& out) {
  const std::vector<Value> fields = decode_record(type, bytes);
  put_network(out, static_cast<std::int32_t>(fields.size()));
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Type& field = type.fields()[i].type;
    put_network(out, field.oid());
    append_counted(field, fields[i], out);
  }
}

}  // namespace

void append_value_binary(const Type& type, const Value& value, std::string& out) {
  std::visit(
      [&]<class T>(const T& of) {
        if constexpr (std::is_same_v<T, Null>) {
          ensure(false, "NULL has no bytes");
        } else if constexpr (std::is_same_v<T, bool>) {
          out += static_cast<char>(of);
        } else if constexpr (std::is_arithmetic_v<T>) {
          if (type.id() == TypeId::mz_timestamp) {
            out += std::to_string(of);
          } else {
            put_network(out, of);
          }
        } else if constexpr (std::is_same_v<T, Numeric>) {
          append_binary_numeric(of, out);
        } else if constexpr (std::is_same_v<T, Interval>) {
          put_network(out, of.microseconds);
          put_network(out, of.days);
          put_network(out, of.months);
        } else if constexpr (std::is_same_v<T, Uuid>) {
          out.append(reinterpret_cast<const char*>(of.bytes.data()), of.bytes.size());
        } else {
          switch (type.id()) {
            case TypeId::jsonb:
              out += '\1';
              out += of;
              return;
            case TypeId::char1:
              out += of.empty() ? '\0' : of.front();
              return;
            case TypeId::mz_aclitem:
              return append_acl_item(of, out);
            case TypeId::array:
            case TypeId::int2vector:
              return append_array(type, of, out);
            case TypeId::range:
              return append_range(type, of, out);
            case TypeId::record:
              return append_record(type, of, out);
            default:
              out += of;
          }
        }
      },
      value);
}

Value parse_value_binary(const Type& type, std::string_view bytes) {
  switch (type.id()) {
    case TypeId::boolean: {
      const auto value = read_network<std::uint8_t>(bytes, "boolean");
      return value != 0;
    }
    case TypeId::int2:
      return read_network<std::int16_t>(bytes, "smallint");
    case TypeId::int4:
      return read_network<std::int32_t>(bytes, "integer");
    case TypeId::int8:
      return read_network<std::int64_t>(bytes, "bigint");
    case TypeId::uint2:
      return read_network<std::uint16_t>(bytes, "uint2");
    case TypeId::uint4:
      return read_network<std::uint32_t>(bytes, "uint4");
    case TypeId::uint8:
      return read_network<std::uint64_t>(bytes, "uint8");
    case TypeId::oid:
    case TypeId::regproc:
    case TypeId::regclass:
    case TypeId::regtype:
      return read_network<std::uint32_t>(bytes, "oid");
    case TypeId::float4:
      return read_network<float>(bytes, "real");
    case TypeId::float8:
      return read_network<double>(bytes, "double precision");
    case TypeId::numeric:
      return parse_binary_numeric(bytes);
    case TypeId::date:
      return checked_date(read_network<std::int32_t>(bytes, "date"));
    case TypeId::time: {
      const auto value = read_network<std::int64_t>(bytes, "time");
      if (value < 0 || value >= microseconds_per_day) {
        throw SqlError(sqlstate::datetime_field_overflow, "time out of range");
      }
      return value;
    }
    case TypeId::timestamp:
      return checked_timestamp(read_network<std::int64_t>(bytes, "timestamp"));
    case TypeId::timestamptz:
      return checked_timestamp(read_network<std::int64_t>(bytes, "timestamp with time zone"));
    case TypeId::interval: {
      Interval interval;
      interval.microseconds = take_network<std::int64_t>(bytes, "interval");
      interval.days = take_network<std::int32_t>(bytes, "interval");
      interval.months = read_network<std::int32_t>(bytes, "interval");
      return interval;
    }
    case TypeId::uuid: {
      Uuid uuid;
      if (bytes.size() != uuid.bytes.size()) fail_binary("uuid");
      std::memcpy(uuid.bytes.data(), bytes.data(), bytes.size());
      return uuid;
    }
    case TypeId::bytea:
      return std::string(bytes);
    case TypeId::jsonb:
      if (!bytes.starts_with('\1')) {
        throw SqlError(sqlstate::invalid_binary_representation, "unsupported jsonb version number");
      }
      return canonical_json(bytes.substr(1));
    case TypeId::char1:
      if (bytes.size() != 1) fail_binary("\"char\"");
      return bytes.front() == '\0' ? std::string() : std::string(bytes);
    case TypeId::mz_timestamp:
      return parse_mz_timestamp(bytes);
    case TypeId::mz_aclitem:
      return parse_acl_item_binary(bytes);
    case TypeId::array:
    case TypeId::int2vector:
      return parse_array(type, bytes);
    case TypeId::range:
      return parse_range(type, bytes);
    case TypeId::name:
      check_utf8(bytes);
      return coerce_text(type, bytes);
    case TypeId::unknown:
    case TypeId::text:
    case TypeId::varchar:
    case TypeId::bpchar:
      check_utf8(bytes);
      return std::string(bytes);
    default:
      throw unsupported("binary input of type " + type.name());
  }
}

}  // namespace tailrace
