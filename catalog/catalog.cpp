#include "catalog/catalog.hpp"

#include <fmt/format.h>

#include <array>

#include "catalog/closest_name.hpp"
#include "grammar/printer.hpp"

namespace tailrace::catalog {

namespace {

// On every search path, ahead of the session's.
constexpr std::array<std::string_view, 2> implicit_schemas = {"mz_catalog", "pg_catalog"};

std::string dotted(const ast::ObjectName& name) {
  std::string text;
  for (const auto& part : name.parts) text += (text.empty() ? "" : ".") + part.value;
  return text;
}

SqlError unknown_item(const ast::ObjectName& name) {
  return SqlError(sqlstate::undefined_object,
                  fmt::format("unknown catalog item '{}'", dotted(name)))
      .position(name.position);
}

template <class Map>
std::vector<std::string> names_of(const Map& objects) {
  std::vector<std::string> names;
  for (const auto& [id, object] : objects) names.push_back(object->name);
  return names;
}

SqlError with_closest(SqlError error, std::string_view name,
                      std::span<const std::string> candidates) {
  const std::string closest = closest_name(name, candidates);
  if (!closest.empty()) error.hint(fmt::format("Perhaps you meant \"{}\".", closest));
  return error;
}

}  // namespace

const Database* Catalog::find_database(std::string_view name) const {
  for (const auto& [id, database] : databases_) {
    if (database->name == name) return database.get();
  }
  return nullptr;
}

const Schema* Catalog::find_schema(DatabaseId database, std::string_view name) const {
  for (const auto& [id, schema] : schemas_) {
    // System schemas are seen through every database.
    if (schema->name == name && (!schema->database || schema->database == database))
      return schema.get();
  }
  return nullptr;
}

const Cluster* Catalog::find_cluster(std::string_view name) const {
  for (const auto& [id, cluster] : clusters_) {
    if (cluster->name == name) return cluster.get();
  }
  return nullptr;
}

const Role* Catalog::find_role(std::string_view name) const {
  for (const auto& [id, role] : roles_) {
    if (role->name == name) return role.get();
  }
  return nullptr;
}

const Item* Catalog::find_in_schema(SchemaId schema, std::string_view name) const {
  const auto found = items_by_name_.find(std::pair<SchemaId, std::string>(schema, name));
  return found == items_by_name_.end() ? nullptr : find(found->second);
}

const Item* Catalog::find_item(const ast::ObjectName& name, const NameScope& scope) const {
  if (!name.id.empty()) {
    const auto id = ItemId::parse(name.id);
    return id ? find(*id) : nullptr;
  }
  if (name.parts.empty()) return nullptr;
  const std::string& last = name.last();
  if (name.parts.size() >= 2) {
    const std::string& database_name =
        name.parts.size() == 3 ? name.parts[0].value : scope.database;
    const Database* database = find_database(database_name);
    if (name.parts.size() == 3 && database == nullptr) return nullptr;
    const Schema* schema = find_schema(database ? database->id : DatabaseId(),
                                       name.parts[name.parts.size() - 2].value);
    return schema ? find_in_schema(schema->id, last) : nullptr;
  }
  for (const std::string_view implicit : implicit_schemas) {
    const Schema* schema = find_schema(DatabaseId(), implicit);
    if (schema == nullptr) continue;
    if (const Item* item = find_in_schema(schema->id, last)) return item;
  }
  const Database* database = find_database(scope.database);
  for (const std::string& entry : scope.search_path) {
    const Schema* schema = find_schema(database ? database->id : DatabaseId(), entry);
    if (schema == nullptr) continue;
    if (const Item* item = find_in_schema(schema->id, last)) return item;
  }
  return nullptr;
}

const Item& Catalog::resolve_item(const ast::ObjectName& name, const NameScope& scope) const {
  if (const Item* item = find_item(name, scope)) return *item;
  if (!name.id.empty()) {
    throw SqlError(sqlstate::undefined_object, fmt::format("invalid id {}", name.id))
        .position(name.position);
  }
  throw unknown_item(name);
}

const Item& Catalog::resolve_relation(const ast::ObjectName& name, const NameScope& scope) const {
  const Item* item = find_item(name, scope);
  if (item == nullptr) {
    std::vector<std::string> candidates;
    const Database* database = find_database(scope.database);
    for (const auto& [id, each] : items_) {
      if (!each->is_relation()) continue;
      const Schema* schema = find(each->schema);
      if (name.parts.size() == 1 && schema->database && database &&
          schema->database == database->id) {
        candidates.push_back(each->name);
      }
    }
    SqlError error(sqlstate::undefined_table,
                   fmt::format("unknown catalog item '{}'", dotted(name)));
    error.position(name.position);
    throw with_closest(std::move(error), name.parts.empty() ? std::string_view() : name.last(),
                       candidates);
  }
  if (!item->is_relation()) {
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("{} is not a relation: it is {} {}", full_name(*item),
                               item->type_name() == "index" ? "an" : "a", item->type_words()))
        .position(name.position);
  }
  return *item;
}

const Database& Catalog::resolve_database(std::string_view name) const {
  if (const Database* database = find_database(name)) return *database;
  throw with_closest(
      SqlError(sqlstate::undefined_database, fmt::format("unknown database '{}'", name)), name,
      names_of(databases_));
}

const Schema& Catalog::resolve_schema(const ast::ObjectName& name, const NameScope& scope) const {
  const bool qualified = name.parts.size() == 2;
  const std::string& database_name = qualified ? name.parts[0].value : scope.database;
  const Database* database =
      qualified ? &resolve_database(database_name) : find_database(database_name);
  if (const Schema* schema = find_schema(database ? database->id : DatabaseId(), name.last()))
    return *schema;
  throw SqlError(sqlstate::undefined_schema, fmt::format("unknown schema '{}'", dotted(name)))
      .position(name.position);
}

const Cluster& Catalog::resolve_cluster(std::string_view name) const {
  if (const Cluster* cluster = find_cluster(name)) return *cluster;
  throw with_closest(
      SqlError(sqlstate::undefined_object, fmt::format("unknown cluster '{}'", name)), name,
      names_of(clusters_));
}

const Cluster& Catalog::resolve_cluster(const ast::ClusterName& name) const {
  if (name.is_id) {
    const auto id = ClusterId::parse(name.value);
    const Cluster* cluster = id ? find(*id) : nullptr;
    if (cluster != nullptr) return *cluster;
  }
  try {
    return resolve_cluster(name.value);
  } catch (SqlError& error) {
    throw error.position(name.position);
  }
}

const Role& Catalog::resolve_role(std::string_view name) const {
  if (const Role* role = find_role(name)) return *role;
  throw with_closest(SqlError(sqlstate::undefined_object, fmt::format("unknown role '{}'", name)),
                     name, names_of(roles_));
}

std::optional<Type> Catalog::find_type(const ast::ObjectName& name, const NameScope& scope) const {
  const std::string qualifier =
      name.parts.size() >= 2 ? name.parts[name.parts.size() - 2].value : "";
  if (qualifier.empty() || qualifier == "pg_catalog" || qualifier == "mz_catalog") {
    if (name.id.empty()) {
      if (auto builtin = type_from_catalog_name(name.last())) return builtin;
    }
  }
  const Item* item = find_item(name, scope);
  if (item == nullptr) return std::nullopt;
  const auto* type = item->as<UserType>();
  return type ? std::optional(type->type) : std::nullopt;
}

const Schema& Catalog::creation_schema(const NameScope& scope) const {
  const Database* database = find_database(scope.database);
  for (const std::string& entry : scope.search_path) {
    const Schema* schema = database ? find_schema(database->id, entry) : nullptr;
    if (schema != nullptr && schema->database) return *schema;
  }
  throw SqlError(sqlstate::undefined_schema, "no schema has been selected to create in")
      .hint("Name the schema, or set search_path to one that exists.");
}

std::pair<const Schema*, std::string> Catalog::creation_target(const ast::ObjectName& name,
                                                               const NameScope& scope) const {
  if (name.parts.size() == 1) return {&creation_schema(scope), name.last()};
  ast::ObjectName schema_name = name;
  schema_name.parts.pop_back();
  return {&resolve_schema(schema_name, scope), name.last()};
}

const Item* Catalog::find(ItemId id) const {
  const auto found = items_.find(id);
  return found == items_.end() ? nullptr : found->second.get();
}
const Item& Catalog::item(ItemId id) const {
  const Item* item = find(id);
  ensure(item != nullptr, "an item id must be in the catalog that gave it");
  return *item;
}
const Schema* Catalog::find(SchemaId id) const {
  const auto found = schemas_.find(id);
  return found == schemas_.end() ? nullptr : found->second.get();
}
const Database* Catalog::find(DatabaseId id) const {
  const auto found = databases_.find(id);
  return found == databases_.end() ? nullptr : found->second.get();
}
const Cluster* Catalog::find(ClusterId id) const {
  const auto found = clusters_.find(id);
  return found == clusters_.end() ? nullptr : found->second.get();
}
const Role* Catalog::find(RoleId id) const {
  const auto found = roles_.find(id);
  return found == roles_.end() ? nullptr : found->second.get();
}
const Item* Catalog::find_by_oid(Oid oid) const {
  const auto found = items_by_oid_.find(oid);
  return found == items_by_oid_.end() ? nullptr : find(found->second);
}

QualifiedName Catalog::qualified_name(const Item& item) const {
  const Schema& schema = *find(item.schema);
  return {schema.database ? find(schema.database)->name : "", schema.name, item.name};
}

ast::ObjectName Catalog::object_name(const Item& item) const {
  const QualifiedName qualified = qualified_name(item);
  ast::ObjectName name;
  if (!qualified.database.empty()) name.parts.push_back({qualified.database});
  name.parts.push_back({qualified.schema});
  name.parts.push_back({qualified.item});
  return name;
}

std::string Catalog::full_name(const Item& item) const {
  return grammar::print(object_name(item));
}

std::string Catalog::full_name(const Schema& schema) const {
  ast::ObjectName name;
  if (schema.database) name.parts.push_back({find(schema.database)->name});
  name.parts.push_back({schema.name});
  return grammar::print(name);
}

std::string Catalog::minimal_name(const Item& item, const NameScope& scope) const {
  ast::ObjectName full = object_name(item);
  for (std::size_t parts = 1; parts < full.parts.size(); ++parts) {
    ast::ObjectName shorter;
    shorter.parts.assign(full.parts.end() - static_cast<std::ptrdiff_t>(parts), full.parts.end());
    const Item* found = find_item(shorter, scope);
    if (found != nullptr && found->id == item.id) return grammar::print(shorter);
  }
  return grammar::print(full);
}

std::vector<const Item*> Catalog::used_by(ItemId id) const {
  std::vector<const Item*> users;
  const auto found = used_by_.find(id);
  if (found == used_by_.end()) return users;
  for (const ItemId user : found->second) users.push_back(find(user));
  return users;
}

std::vector<const Item*> Catalog::indexes_on(ItemId relation) const {
  std::vector<const Item*> indexes;
  for (const Item* user : used_by(relation)) {
    const auto* index = user->as<Index>();
    if (index != nullptr && index->on == relation) indexes.push_back(user);
  }
  return indexes;
}

}  // namespace tailrace::catalog
