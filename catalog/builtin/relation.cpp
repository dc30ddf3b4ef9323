#include "catalog/builtin/relation.hpp"

#include <algorithm>
#include <map>

#include "catalog/builtin/families.hpp"
#include "repr/nested.hpp"

namespace tailrace::catalog {

namespace {

std::vector<Type> types_of(std::span<const BuiltinColumn> columns) {
  std::vector<Type> types;
  for (const auto& column : columns) types.push_back(column.type);
  return types;
}

template <class Relation>
std::vector<Relation> collect(std::initializer_list<std::vector<Relation> (*)()> families) {
  std::vector<Relation> all;
  for (const auto family : families) {
    for (auto& relation : family()) all.push_back(std::move(relation));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  for (std::size_t i = 1; i < all.size(); ++i) {
    ensure(all[i - 1].id != all[i].id, "two builtin relations must not share an id");
  }
  return all;
}

}  // namespace

BuiltinRows::BuiltinRows(std::span<const BuiltinColumn> columns)
    : columns_(columns), batch_(types_of(columns)) {}

void BuiltinRows::add(std::initializer_list<std::pair<std::string_view, Value>> fields, Diff diff) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const auto& f) { return f.first == columns_[i].name; });
    if (field == fields.end()) {
      ensure(columns_[i].nullable, "a builtin row must fill every column that is not nullable");
      batch_.column(i).append_null();
    } else {
      batch_.column(i).append_value(field->second);
      ++used;
    }
  }
  ensure(used == fields.size(), "a builtin row must fill only columns that exist");
  batch_.end_row(0, sign_ * diff);
}

const std::vector<BuiltinTable>& builtin_tables() {
  static const std::vector<BuiltinTable> tables =
      collect<BuiltinTable>({object_tables, source_tables, connection_tables, cluster_tables,
                             role_tables, runtime_tables, type_tables});
  return tables;
}

const std::vector<BuiltinView>& builtin_views() {
  static const std::vector<BuiltinView> views = collect<BuiltinView>(
      {object_views, connection_views, source_views, show_views, pg_catalog_views, pg_list_views,
       information_schema_views, empty_views});
  return views;
}

const BuiltinTable& builtin_table(std::string_view schema, std::string_view name) {
  for (const BuiltinTable& table : builtin_tables()) {
    if (table.schema == schema && table.name == name) return table;
  }
  invariant_broken(__FILE__, __LINE__, "builtin_table", name);
}

Value acl_array(const Acl& acl) {
  ArrayValue array;
  for (const AclItem& item : acl) array.elements.push_back(text(to_string(item)));
  if (!array.elements.empty()) {
    array.dimensions.push_back({1, static_cast<std::int32_t>(array.elements.size())});
  }
  return Value(encode_array(Type::array_of(TypeId::mz_aclitem), array));
}

}  // namespace tailrace::catalog
