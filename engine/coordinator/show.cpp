#include <fmt/format.h>

#include "engine/coordinator/row_sources.hpp"
#include "engine/coordinator/session_state.hpp"
#include "engine/coordinator/show_create.hpp"
#include "grammar/printer.hpp"

namespace tailrace::engine {

namespace {

using ast::ObjectKind;
using grammar::quoted_literal;

constexpr SqlState no_schema{"MZ008"};

std::string with_filter(std::string query, const ast::ShowFilter& filter,
                        std::string_view like_column, std::string_view order) {
  std::string condition;
  if (const auto* like = std::get_if<ast::LikeFilter>(&filter)) {
    condition = fmt::format(" WHERE {} LIKE {}", like_column, quoted_literal(like->pattern));
  } else if (const auto* where = std::get_if<ast::WhereFilter>(&filter)) {
    condition = " WHERE " + grammar::print(where->condition);
  }
  return fmt::format("SELECT * FROM ({}) AS shown{} ORDER BY {}", query, condition, order);
}

// The schema of FROM, or the session's current one.
std::string schema_condition(SessionState& session, const std::optional<ast::ObjectName>& from) {
  const catalog::Schema& schema = from ? session.catalog().resolve_schema(*from, session.scope())
                                       : session.catalog().creation_schema(session.scope());
  return fmt::format("schema_id = '{}'", schema.id.to_string());
}

std::string cluster_condition(SessionState& session,
                              const std::optional<ast::ClusterName>& cluster) {
  if (!cluster) return "";
  return fmt::format(" AND cluster_id = '{}'",
                     session.catalog().resolve_cluster(*cluster).id.to_string());
}

const catalog::Item& source_of(SessionState& session, const ast::ObjectName& name) {
  const catalog::Item& item = session.catalog().resolve_item(name, session.scope());
  if (item.as<catalog::Source>() == nullptr) {
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("cannot show subsources on {} because it is a {}",
                               session.catalog().full_name(item), item.type_words()));
  }
  return item;
}

std::string show_objects(SessionState& session, const ast::ShowObjects& show) {
  const auto filtered = [&](const std::string& query, std::string_view order = "name",
                            std::string_view like = "name") {
    return with_filter(query, show.filter, like, order);
  };
  const auto in_schema = [&](std::string_view columns, std::string_view view) {
    return filtered(fmt::format("SELECT {} FROM mz_internal.{} WHERE {}", columns, view,
                                schema_condition(session, show.from)));
  };
  const auto on_cluster = [&](std::string_view columns, std::string_view view) {
    return filtered(fmt::format("SELECT {} FROM mz_internal.{} WHERE {}{}", columns, view,
                                schema_condition(session, show.from),
                                cluster_condition(session, show.in_cluster)));
  };
  if (!show.kind) return in_schema("name, type, comment", "mz_show_all_objects");
  switch (*show.kind) {
    case ObjectKind::source:
      return on_cluster("name, type, cluster, comment", "mz_show_sources");
    case ObjectKind::table:
      if (show.on) {
        return filtered(fmt::format(
            "SELECT name, comment FROM mz_internal.mz_show_tables WHERE source_id = '{}'",
            source_of(session, *show.on).id.to_string()));
      }
      return in_schema("name, comment", "mz_show_tables");
    case ObjectKind::view:
      return in_schema("name, comment", "mz_show_views");
    case ObjectKind::materialized_view:
      return on_cluster("name, cluster, comment", "mz_show_materialized_views");
    case ObjectKind::index: {
      if (show.on) {
        const catalog::Item& on = session.catalog().resolve_relation(*show.on, session.scope());
        return filtered(
            fmt::format("SELECT name, \"on\", cluster, key, comment FROM "
                        "mz_internal.mz_show_indexes WHERE on_id = '{}'{}",
                        on.id.to_string(), cluster_condition(session, show.in_cluster)));
      }
      return on_cluster("name, \"on\", cluster, key, comment", "mz_show_indexes");
    }
    case ObjectKind::connection:
      return in_schema("name, type, comment", "mz_show_connections");
    case ObjectKind::secret:
      return in_schema("name, comment", "mz_show_secrets");
    case ObjectKind::type:
      return in_schema("name, comment", "mz_show_types");
    case ObjectKind::database:
      return filtered("SELECT name, comment FROM mz_internal.mz_show_databases");
    case ObjectKind::role:
      return filtered("SELECT name, comment FROM mz_internal.mz_show_roles");
    case ObjectKind::cluster:
      return filtered("SELECT name, replicas, activity, comment FROM mz_internal.mz_show_clusters");
    case ObjectKind::cluster_replica:
      return filtered(
          "SELECT cluster, replica, size, ready, comment FROM mz_internal.mz_show_cluster_replicas",
          "cluster, replica", "replica");
    case ObjectKind::schema: {
      const std::string database =
          show.from ? show.from->last() : session.variables().get("database");
      const catalog::Database& of = session.catalog().resolve_database(database);
      return filtered(
          fmt::format("SELECT name, comment FROM mz_internal.mz_show_schemas WHERE database_id = "
                      "'{}' OR database_id IS NULL",
                      of.id.to_string()));
    }
    case ObjectKind::subsource: {
      if (show.from && show.on)
        throw SqlError(sqlstate::syntax_error, "Cannot specify both FROM and ON");
      const std::string condition =
          show.on ? fmt::format(
                        "id IN (SELECT object_id FROM mz_internal.mz_object_dependencies"
                        " WHERE referenced_object_id = '{0}' UNION SELECT referenced_object_id"
                        " FROM mz_internal.mz_object_dependencies WHERE object_id = '{0}')",
                        source_of(session, *show.on).id.to_string())
                  : schema_condition(session, show.from);
      return filtered(
          fmt::format("SELECT name, type FROM mz_internal.mz_show_sources"
                      " WHERE type IN ('subsource', 'progress') AND {}",
                      condition));
    }
    default:
      throw unsupported(fmt::format("SHOW {}", ast::plural_keywords(*show.kind)));
  }
}

std::string show_columns(SessionState& session, const ast::ShowColumns& show) {
  const catalog::Item& item = session.catalog().resolve_item(show.relation, session.scope());
  if (!item.is_relation()) {
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("{} does not have columns because it is {} {}",
                               session.catalog().full_name(item),
                               item.as<catalog::Index>() ? "an" : "a", item.type_words()));
  }
  const std::string inner = fmt::format(
      "SELECT name, nullable, type, comment, position FROM mz_internal.mz_show_columns WHERE id = "
      "'{}'",
      item.id.to_string());
  std::string condition;
  if (const auto* like = std::get_if<ast::LikeFilter>(&show.filter)) {
    condition = " WHERE name LIKE " + quoted_literal(like->pattern);
  } else if (const auto* where = std::get_if<ast::WhereFilter>(&show.filter)) {
    condition = " WHERE " + grammar::print(where->condition);
  }
  return fmt::format("SELECT name, nullable, type, comment FROM ({}) AS shown{} ORDER BY position",
                     inner, condition);
}

// The first schema of the search path that exists.
std::string current_schema(SessionState& session) {
  try {
    return session.catalog().creation_schema(session.scope()).name;
  } catch (const SqlError&) {
    session.notice(fmt::format("no schema on the search path exists: {}",
                               session.variables().get("search_path")),
                   no_schema);
    return "";
  }
}

const Variable& shown_variable(const ast::Ident& name) {
  if (const Variable* variable = find_variable(name.value)) return *variable;
  throw SqlError(sqlstate::undefined_object,
                 fmt::format("unrecognized configuration parameter \"{}\"", name.value))
      .position(name.position);
}

}  // namespace

std::optional<std::string> show_query(SessionState& session, const ast::Show& show) {
  if (const auto* objects = std::get_if<ast::ShowObjects>(&show.node))
    return show_objects(session, *objects);
  if (const auto* columns = std::get_if<ast::ShowColumns>(&show.node))
    return show_columns(session, *columns);
  return std::nullopt;
}

Schema show_schema(SessionState&, const ast::Show& show) {
  Schema schema;
  const auto add = [&](std::string name) {
    schema.columns.push_back({std::move(name), TypeId::text, false});
  };
  if (const auto* variable = std::get_if<ast::ShowVariable>(&show.node)) {
    add(variable->name.value == "schema" ? "schema"
                                         : std::string(shown_variable(variable->name).name));
  } else if (std::holds_alternative<ast::ShowCreate>(show.node)) {
    add("name");
    add("create_sql");
  } else if (std::holds_alternative<ast::ShowAllVariables>(show.node)) {
    add("name");
    add("setting");
    add("description");
  } else {
    throw unsupported("this form of SHOW");
  }
  return schema;
}

StatementResult execute_show(SessionState& session, const ast::Show& show) {
  StatementResult result;
  result.tag = "SELECT";
  if (const auto* variable = std::get_if<ast::ShowVariable>(&show.node)) {
    if (variable->name.value == "schema") {
      result.rows = one_text_row("schema", current_schema(session));
    } else {
      const Variable& shown = shown_variable(variable->name);
      result.rows = one_text_row(std::string(shown.name), session.variables().get(shown.name));
    }
  } else if (std::holds_alternative<ast::ShowAllVariables>(show.node)) {
    std::vector<std::vector<std::string>> rows;
    for (const Variable& each : all_variables()) {
      rows.push_back(
          {std::string(each.name), session.variables().get(each.name), std::string(each.doc)});
    }
    result.rows = text_rows({"name", "setting", "description"}, rows);
  } else {
    const auto& create = std::get<ast::ShowCreate>(show.node);
    const auto [name, sql] = show_create(session, create);
    result.rows = text_rows({"name", "create_sql"}, {{name, sql}});
  }
  return result;
}

}  // namespace tailrace::engine
