#include "engine/coordinator/grant_targets.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/coordinator/ddl.hpp"
#include "repr/overloaded.hpp"

namespace tailrace::engine {

namespace {

using ast::ObjectKind;
using catalog::Guarded;
using catalog::Privilege;

constexpr SqlState invalid_grant_operation{"0LP01"};

bool names_relation(ObjectKind kind) {
  return kind == ObjectKind::view || kind == ObjectKind::materialized_view ||
         kind == ObjectKind::source || kind == ObjectKind::subsource;
}

bool is_table_to_grants(const catalog::Item& item) {
  return item.is_relation() || item.as<catalog::Source>() != nullptr;
}

Guarded named_target(SessionState& session, ObjectKind kind, const ast::ObjectName& name) {
  const catalog::Catalog& catalog = session.catalog();
  switch (kind) {
    case ObjectKind::cluster:
      return catalog.resolve_cluster(name.last()).id;
    case ObjectKind::database:
      return catalog.resolve_database(name.last()).id;
    case ObjectKind::schema:
      return catalog.resolve_schema(name, session.scope()).id;
    case ObjectKind::table:
    case ObjectKind::type:
    case ObjectKind::secret:
    case ObjectKind::connection:
      break;
    case ObjectKind::network_policy:
      throw unsupported("GRANT on network policies");
    default:
      if (names_relation(kind)) {
        throw SqlError(
            sqlstate::wrong_object_type,
            fmt::format("For object type {}, you must specify 'TABLE' or omit the object type",
                        ast::keywords(kind)))
            .position(name.position);
      }
      throw SqlError(sqlstate::feature_not_supported,
                     fmt::format("Unsupported GRANT on {}", ast::keywords(kind)))
          .position(name.position);
  }
  const catalog::Item& item = catalog.resolve_item(name, session.scope());
  const bool fits = kind == ObjectKind::table ? is_table_to_grants(item) : is_of_kind(item, kind);
  if (!fits) {
    std::string wanted(ast::keywords(kind));
    for (char& c : wanted) c = static_cast<char>(std::tolower(c));
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("{} is a {} not a {}", item.name, item.type_words(), wanted))
        .position(name.position);
  }
  return item.id;
}

// The schemas that IN SCHEMA or IN DATABASE name; none: all of the users'.
std::set<catalog::SchemaId> schemas_within(SessionState& session, const ast::AllTargets& target) {
  const catalog::Catalog& catalog = session.catalog();
  std::set<catalog::SchemaId> schemas;
  for (const ast::ObjectName& name : target.in_schemas)
    schemas.insert(catalog.resolve_schema(name, session.scope()).id);
  std::set<catalog::DatabaseId> databases;
  for (const ast::Ident& name : target.in_databases)
    databases.insert(catalog.resolve_database(name.value).id);
  for (const auto& [id, schema] : catalog.schemas()) {
    const bool everywhere = target.in_schemas.empty() && target.in_databases.empty();
    if (everywhere || databases.contains(schema->database)) schemas.insert(id);
  }
  return schemas;
}

std::vector<Guarded> all_targets(SessionState& session, const ast::AllTargets& target) {
  const catalog::Catalog& catalog = session.catalog();
  const std::string type = object_type_of_plural(target.kind);
  const bool has_scope = !target.in_schemas.empty() || !target.in_databases.empty();
  const bool outermost = type == "cluster" || type == "database";
  if ((outermost && has_scope) || (type == "schema" && !target.in_schemas.empty())) {
    throw SqlError(sqlstate::syntax_error,
                   fmt::format("IN invalid for {}", ast::plural_keywords(target.kind)));
  }
  std::vector<Guarded> objects;
  const auto add = [&](const auto& all, const auto& wanted) {
    for (const auto& [id, object] : all) {
      if (id.is_user() && wanted(*object)) objects.emplace_back(id);
    }
  };
  const auto any = [](const auto&) { return true; };
  if (type == "cluster") {
    add(catalog.clusters(), any);
  } else if (type == "database") {
    add(catalog.databases(), any);
  } else {
    const std::set<catalog::SchemaId> within = schemas_within(session, target);
    if (type == "schema") {
      add(catalog.schemas(), [&](const catalog::Schema& s) { return within.contains(s.id); });
    } else {
      add(catalog.items(), [&](const catalog::Item& item) {
        const bool fits = type == "table" ? is_table_to_grants(item) : item.type_name() == type;
        return fits && within.contains(item.schema);
      });
    }
  }
  return objects;
}

}  // namespace

std::optional<Guarded> find_guarded(SessionState& session, ObjectKind kind,
                                    const ast::ObjectName& name) {
  const catalog::Catalog& catalog = session.catalog();
  const auto found = [](const auto* object) {
    return object ? std::optional<Guarded>(object->id) : std::nullopt;
  };
  switch (kind) {
    case ObjectKind::cluster:
      return found(catalog.find_cluster(name.last()));
    case ObjectKind::cluster_replica:
      return found(catalog.find_cluster(name.parts.front().value));
    case ObjectKind::database:
      return found(catalog.find_database(name.last()));
    case ObjectKind::schema: {
      const std::string& database =
          name.parts.size() == 2 ? name.parts[0].value : session.scope().database;
      const catalog::Database* in = catalog.find_database(database);
      return found(catalog.find_schema(in ? in->id : catalog::DatabaseId(), name.last()));
    }
    case ObjectKind::column:
    case ObjectKind::function:
    case ObjectKind::network_policy:
    case ObjectKind::role:
    case ObjectKind::system:
      return std::nullopt;
    default:
      return found(catalog.find_item(name, session.scope()));
  }
}

std::string object_type_of_plural(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::table:
    case ObjectKind::type:
    case ObjectKind::secret:
    case ObjectKind::connection:
    case ObjectKind::database:
    case ObjectKind::schema:
    case ObjectKind::cluster: {
      std::string type(ast::keywords(kind));
      for (char& c : type) c = static_cast<char>(std::tolower(c));
      return type;
    }
    case ObjectKind::network_policy:
      throw unsupported("privileges on network policies");
    default:
      if (names_relation(kind)) {
        throw SqlError(sqlstate::wrong_object_type,
                       fmt::format("For object type {}, you must specify 'TABLES'",
                                   ast::plural_keywords(kind)));
      }
      throw SqlError(sqlstate::feature_not_supported,
                     fmt::format("Unsupported GRANT on {}", ast::plural_keywords(kind)));
  }
}

std::vector<Guarded> grant_targets(SessionState& session, const ast::GrantTarget& target) {
  if (std::holds_alternative<ast::SystemTarget>(target)) return {catalog::WholeSystem{}};
  if (const auto* all = std::get_if<ast::AllTargets>(&target)) return all_targets(session, *all);
  const auto& named = std::get<ast::NamedTargets>(target);
  std::vector<Guarded> objects;
  for (const ast::ObjectName& name : named.names) {
    const Guarded object = named_target(session, named.kind, name);
    if (std::find(objects.begin(), objects.end(), object) == objects.end())
      objects.push_back(object);
  }
  return objects;
}

catalog::PrivilegeSet privileges_written(const ast::Privileges& written,
                                         catalog::PrivilegeSet applicable,
                                         const std::string& what) {
  if (written.all) return applicable;
  catalog::PrivilegeSet set = 0;
  for (const ast::Privilege privilege : written.list) {
    // In the order of ast::Privilege.
    constexpr Privilege meaning[] = {Privilege::select,         Privilege::insert,
                                     Privilege::update,         Privilege::delete_,
                                     Privilege::usage,          Privilege::create,
                                     Privilege::create_role,    Privilege::create_database,
                                     Privilege::create_cluster, Privilege::create_network_policy};
    set |= static_cast<catalog::PrivilegeSet>(meaning[static_cast<int>(privilege)]);
  }
  const auto beyond = static_cast<catalog::PrivilegeSet>(set & ~applicable);
  if (beyond != 0) {
    throw SqlError(invalid_grant_operation, fmt::format("invalid privilege types {} for {}",
                                                        catalog::privilege_words(beyond), what));
  }
  return set;
}

void require_changeable(const catalog::Catalog& catalog, const Guarded& object) {
  const auto refuse = [&](std::string_view kind) {
    throw SqlError(
        sqlstate::insufficient_privilege,
        fmt::format("system {} '{}' cannot be modified", kind, catalog::name_of(catalog, object)));
  };
  std::visit(Overloaded{
                 [](catalog::WholeSystem) {},
                 [](catalog::DatabaseId) {},
                 [&](catalog::SchemaId id) {
                   if (!id.is_user()) refuse("schema");
                 },
                 [&](catalog::ClusterId id) {
                   if (!id.is_user()) refuse("cluster");
                 },
                 [&](catalog::ItemId id) {
                   if (!id.is_user()) refuse("item");
                 },
             },
             object);
}

catalog::RoleId grantee(SessionState& session, const ast::Ident& name) {
  if (name.value == "public") return catalog::everyone;
  const catalog::Role& role = session.catalog().resolve_role(name.value);
  if (role.id.is_system()) {
    throw SqlError(sqlstate::insufficient_privilege,
                   fmt::format("system role '{}' cannot be modified", role.name))
        .position(name.position);
  }
  return role.id;
}

}  // namespace tailrace::engine
