// SQL types: what a column, an expression or a parameter is declared to be.
//
// `Type` is a small value: copying is cheap, equality is structural (modifier included).
// Names, oids and array oids: reference/sql-language.md 1.1; the table is in type.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace {

using Oid = std::uint32_t;

enum class TypeId : std::uint8_t {
  unknown,  // of a string literal or NULL before context decides
  boolean,
  int2,
  int4,
  int8,
  uint2,
  uint4,
  uint8,
  float4,
  float8,
  numeric,
  text,
  varchar,  // modifier: maximal length in characters
  bpchar,   // char(n); modifier: length in characters
  char1,    // "char": one byte
  name,
  bytea,
  date,         // int32 days since 2000-01-01
  time,         // int64 microseconds since midnight
  timestamp,    // int64 microseconds since 2000-01-01 00:00:00; modifier: digits of the fraction
  timestamptz,  // the same, UTC
  interval,
  uuid,
  jsonb,
  oid,
  regproc,
  regclass,
  regtype,
  mz_timestamp,  // uint64 milliseconds since the epoch
  mz_aclitem,
  aclitem,
  int2vector,
  array,   // element
  list,    // element
  map,     // text => element
  record,  // fields
  range,   // element: int4, int8, numeric, timestamp, timestamptz, date
};

struct RecordField;

class Type {
 public:
  static constexpr std::int32_t no_modifier = -1;

  Type() = default;                                                                       // unknown
  Type(TypeId id, std::int32_t modifier = no_modifier) : id_(id), modifier_(modifier) {}  // NOLINT

  static Type array_of(Type element);
  static Type list_of(Type element);
  static Type map_of(Type value);
  static Type range_of(Type element);
  static Type record_of(std::vector<RecordField> fields);
  // numeric(precision, scale) as a modifier: ((precision << 16) | scale) + 4.
  static Type numeric(int precision, int scale);

  TypeId id() const { return id_; }
  // As PostgreSQL's atttypmod, except that lengths of varchar and bpchar include no header:
  // see `wire_modifier`.
  std::int32_t modifier() const { return modifier_; }
  Type without_modifier() const;
  const Type& element() const;                     // of array, list, map (value), range
  const std::vector<RecordField>& fields() const;  // of record

  bool is_string() const;   // text, varchar, bpchar, char1, name
  bool is_integer() const;  // int2/4/8, uint2/4/8
  bool is_number() const;   // is_integer, float4/8, numeric

  std::optional<int> numeric_scale() const;  // of numeric(p, s)

  Oid oid() const;              // as in pg_type; lists, maps and records have the shared pseudo oid
  Oid array_oid() const;        // 0: there is none
  std::int16_t length() const;  // pg_type.typlen: -1 is variable
  std::int32_t wire_modifier() const;  // PostgreSQL's atttypmod for RowDescription and format_type

  // "timestamp with time zone", "numeric(12,2)", "integer[]": what errors and pg_typeof say.
  std::string name() const;

  // Structural, with the modifier.
  friend bool operator==(const Type& a, const Type& b);
  // The same kind of values: equal but for modifiers, at every depth.
  bool same_base(const Type& other) const;

 private:
  struct Nested;
  TypeId id_ = TypeId::unknown;
  std::int32_t modifier_ = no_modifier;
  std::shared_ptr<const Nested> nested_;
};

struct RecordField {
  std::string name;
  Type type;
  friend bool operator==(const RecordField&, const RecordField&) = default;
};

// The builtin type with this oid (arrays included), or nothing.
std::optional<Type> type_from_oid(Oid oid, std::int32_t wire_modifier = -1);
// By catalogue name in pg_catalog or mz_catalog ("int4", "_int4", "timestamptz"), not by SQL alias.
std::optional<Type> type_from_catalog_name(std::string_view name);
// "int4", "_int4", ...: pg_type.typname.
std::string catalog_name(const Type& type);
// Every builtin, nameable type once (arrays not): what pg_type and mz_types list.
const std::vector<Type>& builtin_types();

}  // namespace tailrace
