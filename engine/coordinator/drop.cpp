#include <fmt/format.h>

#include <set>

#include "engine/coordinator/connection_config.hpp"
#include "engine/coordinator/ddl.hpp"
#include "engine/coordinator/intents.hpp"
#include "replication/postgres/source.hpp"

namespace tailrace::engine {

namespace {

using ast::ObjectKind;

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

void skip(SessionState& session, ObjectKind kind, std::string_view name) {
  session.notice(fmt::format("{} \"{}\" does not exist, skipping", ast::keywords(kind), name),
                 sqlstate::undefined_object);
}

// Sources that go leave their slot upstream: an intent in the same commit drops it.
void leave_intents(SessionState& session) {
  catalog::CatalogTransaction& ddl = session.ddl();
  for (const auto& [id, item] : ddl.base().items()) {
    const auto* source = item->as<catalog::Source>();
    if (source == nullptr || source->kind != catalog::Source::Kind::postgres) continue;
    if (ddl.catalog().find(id) != nullptr) continue;
    const catalog::Item& through = ddl.base().item(source->connection);
    const auto connection = postgres_connection(session.coordinator(), ddl.base(), through);
    const auto endpoint = endpoint_path(ddl.base(), {}, through.as<catalog::Connection>()->options);
    ddl.add_record(IntentWorker::drop_slot(session.coordinator(), id.to_string(), connection,
                                           source->replication_slot, endpoint));
    for (auto& record :
         replication::records_of_drop(session.coordinator().store(), id.to_string())) {
      ddl.add_record(std::move(record));
    }
  }
}

void notice_cascade(SessionState& session, std::size_t before, std::size_t named) {
  const std::size_t dropped = before - session.catalog().items().size();
  if (dropped > named)
    session.notice(fmt::format("drop cascades to {} other objects", dropped - named));
}

void drop_items(SessionState& session, const ast::Drop& statement, catalog::DropBehavior behavior) {
  std::vector<catalog::ItemId> ids;
  for (const ast::ObjectName& name : statement.names) {
    const catalog::Item* item = session.catalog().find_item(name, session.scope());
    if (item == nullptr && statement.if_exists) {
      skip(session, statement.kind, name.last());
      continue;
    }
    item = &session.catalog().resolve_item(name, session.scope());
    if (!is_of_kind(*item, statement.kind)) {
      SqlError error(sqlstate::wrong_object_type,
                     fmt::format("{} is not a {}", session.catalog().full_name(*item),
                                 lower(ast::keywords(statement.kind))));
      error.position(name.position);
      error.hint(fmt::format("Use DROP {} to remove a {}.", upper(item->type_words()),
                             item->type_words()));
      throw error;
    }
    require_system_ok(*item, session.catalog());
    if (const auto* source = item->as<catalog::Source>();
        source && source->kind == catalog::Source::Kind::progress) {
      throw SqlError(
          sqlstate::dependent_objects_still_exist,
          fmt::format("cannot drop progress relation \"{}\": it belongs to its source", item->name))
          .hint("Drop the source.");
    }
    ids.push_back(item->id);
  }
  const std::size_t before = session.catalog().items().size();
  session.ddl().drop(ids, behavior);
  if (behavior == catalog::DropBehavior::cascade) {
    notice_cascade(session, before, std::set(ids.begin(), ids.end()).size());
  }
}

void drop_container(SessionState& session, const ast::Drop& statement,
                    const ast::ObjectName& name) {
  const auto behavior = statement.behavior == ast::Drop::Behavior::cascade
                            ? catalog::DropBehavior::cascade
                            : catalog::DropBehavior::restrict_;
  const catalog::Catalog& catalog = session.catalog();
  const auto system = [&](std::string_view kind) {
    return SqlError(sqlstate::insufficient_privilege,
                    fmt::format("system {} '{}' cannot be modified", kind, name.last()));
  };
  switch (statement.kind) {
    case ObjectKind::database: {
      const catalog::Database* database = catalog.find_database(name.last());
      if (database == nullptr && statement.if_exists)
        return skip(session, statement.kind, name.last());
      const catalog::DatabaseId id = catalog.resolve_database(name.last()).id;
      // Without a word DROP DATABASE cascades.
      session.ddl().drop(id, statement.behavior == ast::Drop::Behavior::restrict_
                                 ? catalog::DropBehavior::restrict_
                                 : catalog::DropBehavior::cascade);
      if (session.variables().get("database") == name.last()) {
        session.notice(fmt::format("active database \"{}\" has been dropped", name.last()),
                       SqlState("MZ002"));
      }
      return;
    }
    case ObjectKind::schema: {
      const std::string database =
          name.parts.size() == 2 ? name.parts[0].value : session.variables().get("database");
      const catalog::Database* in = catalog.find_database(database);
      const catalog::Schema* schema =
          catalog.find_schema(in ? in->id : catalog::DatabaseId(), name.last());
      if (schema == nullptr && statement.if_exists)
        return skip(session, statement.kind, name.last());
      schema = &catalog.resolve_schema(name, session.scope());
      if (!schema->database) {
        throw SqlError(
            sqlstate::insufficient_privilege,
            fmt::format("cannot drop schema {} because it is required by the database system",
                        schema->name));
      }
      session.ddl().drop(catalog::SchemaId(schema->id), behavior);
      return;
    }
    case ObjectKind::cluster: {
      const catalog::Cluster* cluster = catalog.find_cluster(name.last());
      if (cluster == nullptr && statement.if_exists)
        return skip(session, statement.kind, name.last());
      cluster = &catalog.resolve_cluster(name.last());
      if (cluster->id.is_system()) throw system("cluster");
      session.ddl().drop(catalog::ClusterId(cluster->id), behavior);
      if (session.variables().get("cluster") == name.last()) {
        session.notice(fmt::format("active cluster \"{}\" has been dropped", name.last()),
                       SqlState("MZ003"));
      }
      return;
    }
    case ObjectKind::role: {
      const catalog::Role* role = catalog.find_role(name.last());
      if (role == nullptr && statement.if_exists) return skip(session, statement.kind, name.last());
      role = &catalog.resolve_role(name.last());
      if (!role->id.is_user()) throw system("role");
      if (role->name == session.options().user) {
        throw SqlError(sqlstate::object_in_use, "current role cannot be dropped");
      }
      session.ddl().drop(catalog::RoleId(role->id));
      return;
    }
    default:
      throw unsupported(fmt::format("DROP {}", ast::keywords(statement.kind)));
  }
}

}  // namespace

bool is_of_kind(const catalog::Item& item, ObjectKind kind) {
  switch (kind) {
    case ObjectKind::table:
      return item.as<catalog::Table>() != nullptr;
    case ObjectKind::view:
      return item.as<catalog::View>() != nullptr;
    case ObjectKind::materialized_view:
      return item.as<catalog::MaterializedView>() != nullptr;
    case ObjectKind::source:
    case ObjectKind::subsource:
      return item.as<catalog::Source>() != nullptr;
    case ObjectKind::index:
      return item.as<catalog::Index>() != nullptr;
    case ObjectKind::secret:
      return item.as<catalog::Secret>() != nullptr;
    case ObjectKind::connection:
      return item.as<catalog::Connection>() != nullptr;
    case ObjectKind::type:
      return item.as<catalog::UserType>() != nullptr;
    default:
      return false;
  }
}

StatementResult drop_objects(SessionState& session, const ast::Drop& statement) {
  switch (statement.kind) {
    case ObjectKind::database:
    case ObjectKind::schema:
    case ObjectKind::cluster:
    case ObjectKind::role: {
      std::set<std::string> seen;
      for (const ast::ObjectName& name : statement.names) {
        std::string full;
        for (const auto& part : name.parts) full += part.value + '\0';
        if (seen.insert(full).second) drop_container(session, statement, name);
      }
      break;
    }
    case ObjectKind::cluster_replica:
      throw unsupported("DROP CLUSTER REPLICA");
    default:
      drop_items(session, statement,
                 statement.behavior == ast::Drop::Behavior::cascade
                     ? catalog::DropBehavior::cascade
                     : catalog::DropBehavior::restrict_);
  }
  leave_intents(session);
  return ddl_result(fmt::format("DROP {}", ast::keywords(statement.kind)));
}

}  // namespace tailrace::engine
