#include "engine/binder/type_rules.hpp"

#include <algorithm>

#include "engine/functions/function.hpp"

namespace tailrace::engine {

TypeCategory category_of(const Type& type) {
  switch (type.id()) {
    case TypeId::unknown:
      return TypeCategory::unknown;
    case TypeId::boolean:
      return TypeCategory::boolean;
    case TypeId::int2:
    case TypeId::int4:
    case TypeId::int8:
    case TypeId::uint2:
    case TypeId::uint4:
    case TypeId::uint8:
    case TypeId::float4:
    case TypeId::float8:
    case TypeId::numeric:
    case TypeId::oid:
    case TypeId::regproc:
    case TypeId::regclass:
    case TypeId::regtype:
      return TypeCategory::number;
    case TypeId::text:
    case TypeId::varchar:
    case TypeId::bpchar:
    case TypeId::char1:
    case TypeId::name:
      return TypeCategory::string;
    case TypeId::date:
    case TypeId::time:
    case TypeId::timestamp:
    case TypeId::timestamptz:
      return TypeCategory::date_time;
    case TypeId::interval:
      return TypeCategory::time_span;
    default:
      return TypeCategory::other;
  }
}

bool is_preferred(const Type& type) {
  switch (type.id()) {
    case TypeId::float8:
    case TypeId::text:
    case TypeId::timestamptz:
    case TypeId::interval:
    case TypeId::boolean:
    case TypeId::oid:
      return true;
    default:
      return false;
  }
}

bool casts_implicitly(const Type& from, const Type& to) {
  return from.same_base(to) || find_cast(from, to, CastContext::implicit) != nullptr;
}

namespace {

// Steps of the ladder int2, int4, int8, numeric, float8; unsigned ones by the signed type that
// holds them.
int rank_of(TypeId id) {
  switch (id) {
    case TypeId::int2:
      return 0;
    case TypeId::int4:
    case TypeId::uint2:
      return 1;
    case TypeId::int8:
    case TypeId::uint4:
      return 2;
    case TypeId::numeric:
    case TypeId::uint8:
      return 3;
    default:
      return 4;
  }
}

bool is_unsigned(TypeId id) {
  return id == TypeId::uint2 || id == TypeId::uint4 || id == TypeId::uint8;
}

Type common_number(const Type& a, const Type& b) {
  if (is_unsigned(a.id()) && is_unsigned(b.id())) return rank_of(a.id()) >= rank_of(b.id()) ? a : b;
  static constexpr TypeId ladder[] = {TypeId::int2, TypeId::int4, TypeId::int8, TypeId::numeric,
                                      TypeId::float8};
  return ladder[std::max(rank_of(a.id()), rank_of(b.id()))];
}

std::optional<Type> common_pair(const Type& a, const Type& b);

std::optional<Type> common_record(const Type& a, const Type& b) {
  if (a.fields().size() != b.fields().size()) return std::nullopt;
  std::vector<RecordField> fields;
  for (std::size_t i = 0; i < a.fields().size(); ++i) {
    const std::optional<Type> field = common_pair(a.fields()[i].type, b.fields()[i].type);
    if (!field) return std::nullopt;
    fields.push_back({a.fields()[i].name, *field});
  }
  return Type::record_of(std::move(fields));
}

std::optional<Type> common_pair(const Type& a, const Type& b) {
  if (a == b) return a;
  if (a.id() == TypeId::unknown) return b;
  if (b.id() == TypeId::unknown) return a;
  if (a.same_base(b)) {
    // Only the modifier differs: numbers keep the wider scale open.
    return a.id() == TypeId::record ? common_record(a, b)
                                    : std::optional<Type>(a.without_modifier());
  }
  if (a.is_number() && b.is_number()) return common_number(a, b);
  if (a.id() == TypeId::list && b.id() == TypeId::list) {
    if (const auto element = common_pair(a.element(), b.element())) return Type::list_of(*element);
  }
  if (a.id() == TypeId::record && b.id() == TypeId::record) return common_record(a, b);
  if (a.is_string() && b.is_string()) {
    if (a.id() == TypeId::text || b.id() == TypeId::text) return Type(TypeId::text);
    if (a.id() == TypeId::bpchar && b.id() == TypeId::varchar) return a.without_modifier();
    if (b.id() == TypeId::bpchar && a.id() == TypeId::varchar) return b.without_modifier();
    return Type(TypeId::text);
  }
  if (casts_implicitly(a, b)) return b.without_modifier();
  if (casts_implicitly(b, a)) return a.without_modifier();
  return std::nullopt;
}

}  // namespace

std::optional<Type> common_type(std::span<const Type> types) {
  std::optional<Type> common = Type(TypeId::unknown);
  for (const Type& type : types) {
    common = common_pair(*common, type);
    if (!common) return std::nullopt;
  }
  if (common->id() == TypeId::unknown) return Type(TypeId::text);
  return common;
}

}  // namespace tailrace::engine
