#include "catalog/builtin/declare.hpp"
#include "catalog/builtin/sql_text.hpp"

namespace tailrace::catalog {

namespace {

// Builtin types have ids of their own below all relations': s<1000 + position>.
constexpr std::uint64_t first_type_id = 1000;

std::string_view category_of(const Type& type) {
  switch (type.id()) {
    case TypeId::boolean:
      return "boolean";
    case TypeId::date:
    case TypeId::time:
    case TypeId::timestamp:
    case TypeId::timestamptz:
      return "date-time";
    case TypeId::interval:
      return "timespan";
    case TypeId::array:
    case TypeId::int2vector:
      return "array";
    case TypeId::list:
      return "list";
    case TypeId::record:
      return "composite";
    default:
      break;
  }
  if (type.is_number() || type.id() == TypeId::oid || type.id() == TypeId::regclass ||
      type.id() == TypeId::regproc || type.id() == TypeId::regtype) {
    return "numeric";
  }
  return type.is_string() ? "string" : "user-defined";
}

void builtin_type_rows(const Catalog& catalog, BuiltinRows& rows) {
  const auto add = [&](std::uint64_t id, Oid type_oid, const std::string& name,
                       std::string_view category) {
    const bool own = type_oid >= 16384;
    const Schema* schema = catalog.find_schema(DatabaseId(), own ? "mz_catalog" : "pg_catalog");
    rows.add({{"id", id_text(ItemId::system(id))},
              {"oid", oid(type_oid)},
              {"schema_id", id_text(schema->id)},
              {"name", text(name)},
              {"category", text(category)},
              {"owner_id", id_text(RoleId::system(1))},
              {"privileges", acl_array({{RoleId{RoleId::Space::public_, 0}, RoleId::system(1),
                                         static_cast<PrivilegeSet>(Privilege::usage)}})}});
  };
  std::uint64_t id = first_type_id;
  for (const Type& type : builtin_types()) {
    add(id++, type.oid(), catalog_name(type), category_of(type));
    if (type.array_oid() != 0)
      add(id, type.array_oid(), catalog_name(Type::array_of(type)), "array");
    ++id;
  }
}

void user_type_row(const Catalog&, const Item& item, BuiltinRows& rows) {
  const auto* type = item.as<UserType>();
  if (type == nullptr) return;
  rows.add({{"id", id_text(item.id)},
            {"oid", oid(item.oid)},
            {"schema_id", id_text(item.schema)},
            {"name", text(item.name)},
            {"category", text(category_of(type->type))},
            {"owner_id", id_text(item.owner)},
            {"privileges", acl_array(item.privileges)},
            {"create_sql", create_sql(item)},
            {"redacted_create_sql", redacted_create_sql(item)}});
}

}  // namespace

std::vector<BuiltinTable> type_tables() {
  std::vector<BuiltinTable> all;
  all.push_back(table(16714, "mz_catalog", "mz_types", "Types.",
                      {{"id", text_type},
                       {"oid", oid_type},
                       {"schema_id", text_type},
                       {"name", text_type},
                       {"category", text_type},
                       {"owner_id", text_type},
                       {"privileges", acl_type},
                       {"create_sql", text_type, nullable},
                       {"redacted_create_sql", text_type, nullable}}));
  all.back().of_catalog = builtin_type_rows;
  all.back().of_item = user_type_row;
  return all;
}

}  // namespace tailrace::catalog
