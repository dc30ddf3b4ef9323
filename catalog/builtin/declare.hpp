// Shorthand for the declarations of builtin relations. Included by their families only.
#pragma once

#include "catalog/builtin/families.hpp"

namespace tailrace::catalog {

inline const Type text_type = TypeId::text;
inline const Type oid_type = TypeId::oid;
inline const Type bool_type = TypeId::boolean;
inline const Type uint8_type = TypeId::uint8;
inline const Type timestamptz_type = TypeId::timestamptz;
inline const Type acl_type = Type::array_of(TypeId::mz_aclitem);
inline const Type text_array_type = Type::array_of(TypeId::text);

constexpr bool nullable = true;

// The relation's id is its oid: both are for ever and neither is shared.
inline BuiltinTable table(Oid oid, std::string_view schema, std::string_view name,
                          std::string_view comment, std::vector<BuiltinColumn> columns) {
  BuiltinTable declared;
  declared.id = oid;
  declared.oid = oid;
  declared.schema = schema;
  declared.name = name;
  declared.comment = comment;
  declared.columns = std::move(columns);
  return declared;
}

inline BuiltinView view(Oid oid, std::string_view schema, std::string_view name,
                        std::string_view comment, std::vector<BuiltinColumn> columns,
                        std::string_view sql) {
  return {oid, oid, schema, name, comment, std::move(columns), sql};
}

}  // namespace tailrace::catalog
