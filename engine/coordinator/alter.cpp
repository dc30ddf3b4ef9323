// What all kinds of objects have in common: names, owners, comments.
#include <fmt/format.h>

#include "catalog/record_codec.hpp"
#include "engine/coordinator/ddl.hpp"
#include "engine/coordinator/grant_targets.hpp"
#include "grammar/parser.hpp"
#include "grammar/printer.hpp"

namespace tailrace::engine {

namespace {

using ast::ObjectKind;

StatementResult altered(ObjectKind kind) {
  return ddl_result(fmt::format("ALTER {}", ast::keywords(kind)));
}

// Kinds that are not there, or that no statement here is for.
void refuse_kind(ObjectKind kind, std::string_view statement) {
  switch (kind) {
    case ObjectKind::network_policy:
    case ObjectKind::function:
    case ObjectKind::column:
    case ObjectKind::cluster_replica:
    case ObjectKind::system:
      throw unsupported(fmt::format(fmt::runtime(statement), ast::keywords(kind)));
    default:
      return;
  }
}

// A statement on a table may mean any relation, as in PostgreSQL.
void require_kind(const catalog::Catalog& catalog, const catalog::Item& item, ObjectKind kind,
                  const ast::ObjectName& name) {
  const bool is_relation = kind == ObjectKind::table && item.is_relation();
  if (is_relation || is_of_kind(item, kind)) return;
  throw SqlError(sqlstate::wrong_object_type,
                 fmt::format("{} is not a {}", catalog.full_name(item), ast::keywords(kind)))
      .position(name.position)
      .hint(fmt::format("It is a {}.", item.type_words()));
}

// The object of an ALTER, or nothing (with a notice) for one that need not exist.
const catalog::Item* item_to_alter(SessionState& session, const ast::ObjectName& name,
                                   bool if_exists, ObjectKind kind) {
  const catalog::Item* item = session.catalog().find_item(name, session.scope());
  if (item == nullptr && if_exists) {
    session.notice(
        fmt::format("{} \"{}\" does not exist, skipping", ast::keywords(kind), name.last()),
        sqlstate::undefined_object);
    return nullptr;
  }
  item = &session.catalog().resolve_item(name, session.scope());
  require_system_ok(*item, session.catalog());
  require_kind(session.catalog(), *item, kind, name);
  return item;
}

// The statement that makes the item, under its new name.
std::string renamed_sql(const std::string& create_sql, const ast::ObjectName& full_name) {
  // Subsources are made by no statement of the grammar: their text begins with their name.
  if (create_sql.starts_with("CREATE SUBSOURCE ")) {
    const std::size_t rest = create_sql.find(" (");
    return "CREATE SUBSOURCE " + grammar::print(full_name) + create_sql.substr(rest);
  }
  ast::Statement statement = grammar::parse_statement(create_sql);
  std::visit(
      [&](auto& node) {
        if constexpr (requires { node.name = full_name; }) {
          node.name = full_name;
        } else if constexpr (requires { node.name = ast::Ident{}; }) {
          node.name = full_name.parts.back();
        }
      },
      statement.node);
  return grammar::print(statement);
}

std::string object_type_of_comment(const catalog::Item& item) {
  return std::string(item.type_name());
}

}  // namespace

StatementResult rename_object(SessionState& session, const ast::Rename& statement) {
  const std::string& name = statement.new_name.value;
  refuse_kind(statement.kind, "ALTER {} ... RENAME");
  switch (statement.kind) {
    case ObjectKind::database: {
      catalog::Database database = session.catalog().resolve_database(statement.name.last());
      database.name = name;
      session.ddl().replace(std::move(database));
      return altered(statement.kind);
    }
    case ObjectKind::schema: {
      catalog::Schema schema = session.catalog().resolve_schema(statement.name, session.scope());
      if (!schema.database) {
        throw SqlError(sqlstate::insufficient_privilege,
                       fmt::format("system schema '{}' cannot be modified", schema.name));
      }
      schema.name = name;
      session.ddl().replace(std::move(schema));
      return altered(statement.kind);
    }
    case ObjectKind::cluster: {
      catalog::Cluster cluster = session.catalog().resolve_cluster(statement.name.last());
      if (cluster.id.is_system()) {
        throw SqlError(sqlstate::insufficient_privilege,
                       fmt::format("system cluster '{}' cannot be modified", cluster.name));
      }
      cluster.name = name;
      session.ddl().replace(std::move(cluster));
      return altered(statement.kind);
    }
    case ObjectKind::role:
      throw unsupported("ALTER ROLE ... RENAME");
    default:
      break;
  }
  const catalog::Item* found =
      item_to_alter(session, statement.name, statement.if_exists, statement.kind);
  if (found == nullptr) return altered(statement.kind);
  catalog::Item item = *found;
  item.name = name;
  item.create_sql = renamed_sql(item.create_sql, session.catalog().object_name(item));
  catalog::derive_from_sql(item);
  session.ddl().replace(std::move(item));
  return altered(statement.kind);
}

StatementResult set_owner(SessionState& session, const ast::SetOwner& statement) {
  const catalog::Catalog& catalog = session.catalog();
  const catalog::RoleId owner = catalog.resolve_role(statement.role.value).id;
  if (statement.kind == ObjectKind::cluster_replica) {
    throw SqlError(sqlstate::feature_not_supported,
                   "altering the owner of a cluster replica is not supported");
  }
  refuse_kind(statement.kind, "ALTER {} ... OWNER");
  const std::optional<catalog::Guarded> object =
      find_guarded(session, statement.kind, statement.name);
  if (!object && statement.if_exists) {
    session.notice(fmt::format("{} \"{}\" does not exist, skipping", ast::keywords(statement.kind),
                               statement.name.last()),
                   sqlstate::undefined_object);
    return altered(statement.kind);
  }
  switch (statement.kind) {
    case ObjectKind::database:
      catalog.resolve_database(statement.name.last());
      break;
    case ObjectKind::schema:
      catalog.resolve_schema(statement.name, session.scope());
      break;
    case ObjectKind::cluster:
      catalog.resolve_cluster(statement.name.last());
      break;
    default:
      require_kind(catalog, catalog.resolve_item(statement.name, session.scope()), statement.kind,
                   statement.name);
  }
  ensure(object.has_value(), "what can be resolved is found");
  require_changeable(catalog, *object);
  // An index's owner is its relation's.
  const auto* item = std::get_if<catalog::ItemId>(&*object);
  if (item != nullptr && catalog.item(*item).as<catalog::Index>() != nullptr)
    return altered(statement.kind);
  session.ddl().set_owner(*object, owner);
  return altered(statement.kind);
}

StatementResult comment_on(SessionState& session, const ast::CommentOn& statement) {
  const catalog::Catalog& catalog = session.catalog();
  catalog::CommentKey key;
  if (statement.kind != ObjectKind::column) refuse_kind(statement.kind, "COMMENT ON {}");
  switch (statement.kind) {
    case ObjectKind::database:
      key = {"database", catalog.resolve_database(statement.name.last()).id.to_string(), 0};
      break;
    case ObjectKind::schema:
      key = {"schema", catalog.resolve_schema(statement.name, session.scope()).id.to_string(), 0};
      break;
    case ObjectKind::cluster:
      key = {"cluster", catalog.resolve_cluster(statement.name.last()).id.to_string(), 0};
      break;
    case ObjectKind::role:
      key = {"role", catalog.resolve_role(statement.name.last()).id.to_string(), 0};
      break;
    case ObjectKind::column: {
      ast::ObjectName relation = statement.name;
      const std::string column = relation.last();
      relation.parts.pop_back();
      if (relation.parts.empty()) {
        throw SqlError(sqlstate::syntax_error, "a column's name has its relation in front")
            .position(statement.name.position);
      }
      const catalog::Item& item = catalog.resolve_relation(relation, session.scope());
      const Schema& schema = *item.relation_schema();
      for (std::size_t i = 0; i < schema.size(); ++i) {
        if (schema.columns[i].name == column)
          key = {object_type_of_comment(item), item.id.to_string(), static_cast<int>(i) + 1};
      }
      if (key.column == 0) {
        throw SqlError(sqlstate::undefined_column,
                       fmt::format("column \"{}\" does not exist", column))
            .position(statement.name.position);
      }
      break;
    }
    default: {
      const catalog::Item& item = catalog.resolve_item(statement.name, session.scope());
      require_system_ok(item, catalog);
      require_kind(catalog, item, statement.kind, statement.name);
      key = {object_type_of_comment(item), item.id.to_string(), 0};
    }
  }
  session.ddl().set_comment(key, statement.comment);
  return ddl_result("COMMENT");
}

}  // namespace tailrace::engine
