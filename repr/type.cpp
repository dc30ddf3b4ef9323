#include "repr/type.hpp"

#include <fmt/format.h>

#include <array>

#include "repr/error.hpp"

namespace tailrace {

struct Type::Nested {
  Type element;
  std::vector<RecordField> fields;
};

namespace {

struct TypeEntry {
  TypeId id;
  const char* catalog_name;
  const char* name;
  Oid oid;
  Oid array_oid;
  std::int16_t length;
};

// In the order of TypeId. Ranges stand in a table of their own, since their oid depends on the
// element.
constexpr TypeEntry types[] = {
    {TypeId::unknown, "unknown", "unknown", 705, 0, -2},
    {TypeId::boolean, "bool", "boolean", 16, 1000, 1},
    {TypeId::int2, "int2", "smallint", 21, 1005, 2},
    {TypeId::int4, "int4", "integer", 23, 1007, 4},
    {TypeId::int8, "int8", "bigint", 20, 1016, 8},
    {TypeId::uint2, "uint2", "uint2", 16460, 16461, 2},
    {TypeId::uint4, "uint4", "uint4", 16462, 16463, 4},
    {TypeId::uint8, "uint8", "uint8", 16464, 16465, 8},
    {TypeId::float4, "float4", "real", 700, 1021, 4},
    {TypeId::float8, "float8", "double precision", 701, 1022, 8},
    {TypeId::numeric, "numeric", "numeric", 1700, 1231, -1},
    {TypeId::text, "text", "text", 25, 1009, -1},
    {TypeId::varchar, "varchar", "character varying", 1043, 1015, -1},
    {TypeId::bpchar, "bpchar", "character", 1042, 1014, -1},
    {TypeId::char1, "char", "\"char\"", 18, 1002, 1},
    {TypeId::name, "name", "name", 19, 1003, 64},
    {TypeId::bytea, "bytea", "bytea", 17, 1001, -1},
    {TypeId::date, "date", "date", 1082, 1182, 4},
    {TypeId::time, "time", "time", 1083, 1183, 8},
    {TypeId::timestamp, "timestamp", "timestamp without time zone", 1114, 1115, 8},
    {TypeId::timestamptz, "timestamptz", "timestamp with time zone", 1184, 1185, 8},
    {TypeId::interval, "interval", "interval", 1186, 1187, 16},
    {TypeId::uuid, "uuid", "uuid", 2950, 2951, 16},
    {TypeId::jsonb, "jsonb", "jsonb", 3802, 3807, -1},
    {TypeId::oid, "oid", "oid", 26, 1028, 4},
    {TypeId::regproc, "regproc", "regproc", 24, 1008, 4},
    {TypeId::regclass, "regclass", "regclass", 2205, 2210, 4},
    {TypeId::regtype, "regtype", "regtype", 2206, 2211, 4},
    {TypeId::mz_timestamp, "mz_timestamp", "mz_timestamp", 16552, 16553, 8},
    {TypeId::mz_aclitem, "mz_aclitem", "mz_aclitem", 16566, 16567, 26},
    {TypeId::aclitem, "aclitem", "aclitem", 1033, 1034, 12},
    {TypeId::int2vector, "int2vector", "int2vector", 22, 1006, -1},
    {TypeId::array, "", "", 0, 0, -1},
    {TypeId::list, "list", "list", 16384, 0, -1},
    {TypeId::map, "map", "map", 16385, 0, -1},
    {TypeId::record, "record", "record", 2249, 2287, -1},
    {TypeId::range, "", "", 0, 0, -1},
};

constexpr TypeEntry ranges[] = {
    {TypeId::int4, "int4range", "int4range", 3904, 3905, -1},
    {TypeId::numeric, "numrange", "numrange", 3906, 3907, -1},
    {TypeId::timestamp, "tsrange", "tsrange", 3908, 3909, -1},
    {TypeId::timestamptz, "tstzrange", "tstzrange", 3910, 3911, -1},
    {TypeId::date, "daterange", "daterange", 3912, 3913, -1},
    {TypeId::int8, "int8range", "int8range", 3926, 3927, -1},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < std::size(types); ++i) {
    if (static_cast<std::size_t>(types[i].id) != i) return false;
  }
  return std::size(types) == static_cast<std::size_t>(TypeId::range) + 1;
}
static_assert(in_order());

const TypeEntry& entry_of(const Type& type) {
  if (type.id() == TypeId::range) {
    for (const TypeEntry& range : ranges) {
      if (range.id == type.element().id()) return range;
    }
  }
  return types[static_cast<std::size_t>(type.id())];
}

// Those that a column, cast or function can name, ranges included.
bool is_nameable(TypeId id) {
  switch (id) {
    case TypeId::unknown:
    case TypeId::array:
    case TypeId::list:
    case TypeId::map:
    case TypeId::record:
    case TypeId::range:
      return false;
    default:
      return true;
  }
}

std::int32_t modifier_from_wire(TypeId id, std::int32_t wire) {
  if (wire < 0) return Type::no_modifier;
  switch (id) {
    case TypeId::varchar:
    case TypeId::bpchar:
      return wire > 4 ? wire - 4 : Type::no_modifier;
    case TypeId::numeric: {
      // Upstream allows precisions above ours and, since 15, negative scales and scales above the
      // precision (11 bits, signed): such values are kept whole.
      const std::int32_t precision = ((wire - 4) >> 16) & 0xffff;
      const std::int32_t scale = (((wire - 4) & 0x7ff) ^ 1024) - 1024;
      if (wire < 4 || precision < 1 || precision > 39 || scale < 0 || scale > precision) {
        return Type::no_modifier;
      }
      return wire;
    }
    case TypeId::timestamp:
    case TypeId::timestamptz:
      return wire <= 6 ? wire : Type::no_modifier;
    default:
      return Type::no_modifier;
  }
}

}  // namespace

Type Type::array_of(Type element) {
  Type type(TypeId::array);
  type.nested_ = std::make_shared<const Nested>(Nested{std::move(element), {}});
  return type;
}

Type Type::list_of(Type element) {
  Type type(TypeId::list);
  type.nested_ = std::make_shared<const Nested>(Nested{std::move(element), {}});
  return type;
}

Type Type::map_of(Type value) {
  Type type(TypeId::map);
  type.nested_ = std::make_shared<const Nested>(Nested{std::move(value), {}});
  return type;
}

Type Type::range_of(Type element) {
  Type type(TypeId::range);
  type.nested_ = std::make_shared<const Nested>(Nested{std::move(element), {}});
  return type;
}

Type Type::record_of(std::vector<RecordField> fields) {
  Type type(TypeId::record);
  type.nested_ = std::make_shared<const Nested>(Nested{Type(), std::move(fields)});
  return type;
}

Type Type::numeric(int precision, int scale) {
  return Type(TypeId::numeric, ((precision << 16) | scale) + 4);
}

Type Type::without_modifier() const {
  Type type = *this;
  type.modifier_ = no_modifier;
  return type;
}

const Type& Type::element() const {
  static const Type int2_type(TypeId::int2);
  if (id_ == TypeId::int2vector) return int2_type;
  ensure(nested_ != nullptr, "only arrays, lists, maps and ranges have an element type");
  return nested_->element;
}

const std::vector<RecordField>& Type::fields() const {
  ensure(nested_ != nullptr, "only records have fields");
  return nested_->fields;
}

bool Type::is_string() const {
  switch (id_) {
    case TypeId::text:
    case TypeId::varchar:
    case TypeId::bpchar:
    case TypeId::char1:
    case TypeId::name:
      return true;
    default:
      return false;
  }
}

bool Type::is_integer() const {
  return id_ >= TypeId::int2 && id_ <= TypeId::uint8;
}

bool Type::is_number() const {
  return id_ >= TypeId::int2 && id_ <= TypeId::numeric;
}

std::optional<int> Type::numeric_scale() const {
  if (id_ != TypeId::numeric || modifier_ == no_modifier) return std::nullopt;
  return (modifier_ - 4) & 0xffff;
}

Oid Type::oid() const {
  if (id_ == TypeId::array) return element().array_oid();
  return entry_of(*this).oid;
}

Oid Type::array_oid() const {
  if (id_ == TypeId::array) return 0;
  return entry_of(*this).array_oid;
}

std::int16_t Type::length() const {
  return entry_of(*this).length;
}

std::int32_t Type::wire_modifier() const {
  switch (id_) {
    case TypeId::array:
      return element().wire_modifier();
    case TypeId::varchar:
    case TypeId::bpchar:
      return modifier_ == no_modifier ? -1 : modifier_ + 4;
    case TypeId::numeric:
    case TypeId::timestamp:
    case TypeId::timestamptz:
      return modifier_;
    default:
      return -1;
  }
}

std::string Type::name() const {
  switch (id_) {
    case TypeId::array:
      return element().name() + "[]";
    case TypeId::list:
      return element().name() + " list";
    case TypeId::map:
      return "map[text=>" + element().name() + "]";
    default:
      break;
  }
  const TypeEntry& entry = entry_of(*this);
  if (modifier_ == no_modifier) return entry.name;
  switch (id_) {
    case TypeId::varchar:
    case TypeId::bpchar:
      return fmt::format("{}({})", entry.name, modifier_);
    case TypeId::numeric:
      return fmt::format("numeric({},{})", (modifier_ - 4) >> 16, (modifier_ - 4) & 0xffff);
    case TypeId::timestamp:
      return fmt::format("timestamp({}) without time zone", modifier_);
    case TypeId::timestamptz:
      return fmt::format("timestamp({}) with time zone", modifier_);
    default:
      return entry.name;
  }
}

bool operator==(const Type& a, const Type& b) {
  if (a.id_ != b.id_ || a.modifier_ != b.modifier_) return false;
  if (a.nested_ == b.nested_) return true;
  if (!a.nested_ || !b.nested_) return false;
  return a.nested_->element == b.nested_->element && a.nested_->fields == b.nested_->fields;
}

bool Type::same_base(const Type& other) const {
  if (id_ != other.id_) return false;
  if (nested_ == other.nested_) return true;
  if (!nested_ || !other.nested_) return false;
  if (!nested_->element.same_base(other.nested_->element)) return false;
  const auto& fields = nested_->fields;
  const auto& others = other.nested_->fields;
  if (fields.size() != others.size()) return false;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!fields[i].type.same_base(others[i].type)) return false;
  }
  return true;
}

std::optional<Type> type_from_oid(Oid oid, std::int32_t wire_modifier) {
  if (oid == 0) return std::nullopt;
  for (const TypeEntry& entry : types) {
    if (!is_nameable(entry.id) && entry.id != TypeId::unknown) continue;
    if (entry.oid != oid && entry.array_oid != oid) continue;
    Type type(entry.id, modifier_from_wire(entry.id, wire_modifier));
    return entry.oid == oid ? type : Type::array_of(std::move(type));
  }
  for (const TypeEntry& range : ranges) {
    if (range.oid != oid && range.array_oid != oid) continue;
    Type type = Type::range_of(Type(range.id));
    return range.oid == oid ? type : Type::array_of(std::move(type));
  }
  return std::nullopt;
}

std::optional<Type> type_from_catalog_name(std::string_view name) {
  for (const Type& type : builtin_types()) {
    const std::string_view own = entry_of(type).catalog_name;
    if (name == own) return type;
    if (name.starts_with('_') && name.substr(1) == own && type.array_oid() != 0) {
      return Type::array_of(type);
    }
  }
  return std::nullopt;
}

std::string catalog_name(const Type& type) {
  if (type.id() == TypeId::array) return "_" + catalog_name(type.element());
  return entry_of(type).catalog_name;
}

const std::vector<Type>& builtin_types() {
  static const std::vector<Type> all = [] {
    std::vector<Type> list;
    for (const TypeEntry& entry : types) {
      if (is_nameable(entry.id)) list.emplace_back(entry.id);
    }
    for (const TypeEntry& range : ranges) list.push_back(Type::range_of(Type(range.id)));
    return list;
  }();
  return all;
}

}  // namespace tailrace
