#include "replication/postgres/upstream_types.hpp"

#include "repr/binary_format.hpp"

namespace tailrace::replication {
namespace {

constexpr Oid json_oid = 114;
constexpr Oid json_array_oid = 199;
constexpr int numeric_digits_max = 39;

bool is_ingested(TypeId id) {
  switch (id) {
    case TypeId::boolean:
    case TypeId::char1:
    case TypeId::bytea:
    case TypeId::int2:
    case TypeId::int4:
    case TypeId::int8:
    case TypeId::int2vector:
    case TypeId::oid:
    case TypeId::float4:
    case TypeId::float8:
    case TypeId::numeric:
    case TypeId::text:
    case TypeId::varchar:
    case TypeId::bpchar:
    case TypeId::date:
    case TypeId::time:
    case TypeId::timestamp:
    case TypeId::timestamptz:
    case TypeId::interval:
    case TypeId::uuid:
    case TypeId::jsonb:
    case TypeId::range:
      return true;
    default:
      return false;
  }
}

// The type with the modifiers that the dialect keeps; nothing if it cannot hold what upstream can.
std::optional<Type> with_modifier(const Type& type, std::int32_t modifier) {
  switch (type.id()) {
    case TypeId::varchar:
    case TypeId::bpchar:
      return Type(type.id(), modifier < 4 ? Type::no_modifier : modifier - 4);
    case TypeId::timestamp:
    case TypeId::timestamptz:
      return Type(type.id(), modifier);
    case TypeId::numeric: {
      if (modifier < 4) return Type(TypeId::numeric);
      const int precision = ((modifier - 4) >> 16) & 0xffff;
      // An 11-bit signed number since PostgreSQL 15.
      const int scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
      if (precision > numeric_digits_max) return std::nullopt;
      if (scale < 0 || scale > numeric_digits_max || scale > precision)
        return Type(TypeId::numeric);
      return Type::numeric(precision, scale);
    }
    default:
      return type.without_modifier();
  }
}

bool cannot_fail(const Type& type) {
  switch (type.id()) {
    case TypeId::boolean:
    case TypeId::char1:
    case TypeId::bytea:
    case TypeId::int2:
    case TypeId::int4:
    case TypeId::int8:
    case TypeId::oid:
    case TypeId::float4:
    case TypeId::float8:
    case TypeId::text:
    case TypeId::varchar:
    case TypeId::bpchar:
    case TypeId::uuid:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::optional<Type> ingested_type(Oid oid, std::int32_t type_modifier) {
  if (oid == json_oid) return Type(TypeId::jsonb);
  if (oid == json_array_oid) return Type::array_of(TypeId::jsonb);
  const std::optional<Type> type = type_from_oid(oid);
  if (!type) return std::nullopt;
  if (type->id() == TypeId::array) {
    if (!is_ingested(type->element().id())) return std::nullopt;
    const std::optional<Type> element = with_modifier(type->element(), type_modifier);
    if (!element) return std::nullopt;
    return Type::array_of(*element);
  }
  if (!is_ingested(type->id())) return std::nullopt;
  return with_modifier(*type, type_modifier);
}

bool copies_in_binary(Oid oid, const Type& type) {
  return oid != json_oid && oid != json_array_oid && binary_reader(type) != nullptr;
}

bool streams_in_binary(Oid oid, const Type& type) {
  return copies_in_binary(oid, type) && cannot_fail(type);
}

}  // namespace tailrace::replication
