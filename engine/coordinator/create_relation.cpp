// Tables, views, materialized views and indexes.
#include <fmt/format.h>

#include <set>

#include "engine/coordinator/ddl.hpp"
#include "engine/coordinator/network_settings.hpp"
#include "engine/coordinator/plan_item.hpp"
#include "engine/coordinator/read_time.hpp"
#include "grammar/printer.hpp"

namespace tailrace::engine {

namespace {

void require_unique_columns(const Schema& schema) {
  std::set<std::string_view> seen;
  for (const ColumnSchema& column : schema.columns) {
    if (!seen.insert(column.name).second) {
      throw SqlError(sqlstate::duplicate_column,
                     fmt::format("column \"{}\" specified more than once", column.name));
    }
  }
}

// Renames the output columns by a column list.
void apply_column_names(Schema& schema, const std::vector<ast::Ident>& names,
                        std::string_view relation) {
  if (names.size() > schema.size()) {
    throw SqlError(sqlstate::syntax_error,
                   fmt::format("{} definition names {} columns, but query has {} columns", relation,
                               names.size(), schema.size()))
        .position(names[schema.size()].position);
  }
  for (std::size_t i = 0; i < names.size(); ++i) schema.columns[i].name = names[i].value;
}

// What a stored definition must not do.
void refuse_temporary(bool temporary, std::string_view what) {
  if (temporary) throw unsupported(fmt::format("TEMPORARY {}", what));
}

std::uint64_t retention_or_default(const std::vector<ast::Option>& with) {
  return retain_history(with).value_or(1000);
}

// With OR REPLACE the existing one goes first, if nothing depends on it.
void drop_replaced(SessionState& session, const ast::ObjectName& name, bool or_replace,
                   bool is_view) {
  if (!or_replace) return;
  const auto [schema, last] = session.catalog().creation_target(name, session.scope());
  const catalog::Item* existing = session.catalog().find_in_schema(schema->id, last);
  if (existing == nullptr) return;
  const bool same_kind = is_view ? existing->as<catalog::View>() != nullptr
                                 : existing->as<catalog::MaterializedView>() != nullptr;
  if (!same_kind) {
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("{} is not a {}", session.catalog().full_name(*existing),
                               is_view ? "view" : "materialized view"));
  }
  const catalog::ItemId id = existing->id;
  session.ddl().drop(std::span(&id, 1), catalog::DropBehavior::restrict_);
}

}  // namespace

StatementResult create_table(SessionState& session, const ast::CreateTable& statement) {
  refuse_temporary(statement.temporary, "tables");
  if (!statement.constraints.empty()) {
    throw SqlError(sqlstate::feature_not_supported,
                   "CREATE TABLE with constraints is not supported")
        .hint("NOT NULL and DEFAULT are what a table here enforces.")
        .position(statement.constraints.front().position);
  }
  catalog::Table table;
  ast::CreateTable normalised = statement;
  BindContext context = session.bind_context(Purpose::expression);
  for (ast::ColumnDefinition& column : normalised.columns) {
    ColumnSchema schema{column.name.value, bind_type(column.type, context), true};
    std::optional<std::string> default_sql;
    for (ast::ColumnOption& option : column.options) {
      if (std::holds_alternative<ast::ColumnNotNull>(option.node)) {
        schema.nullable = false;
      } else if (auto* default_value = std::get_if<ast::ColumnDefault>(&option.node)) {
        // Bound here so that a wrong one is refused now and not at the first INSERT.
        bind_scalar(default_value->value, nullptr, context, schema.type);
        default_value->value = qualify_names(default_value->value, context);
        default_sql = grammar::print(default_value->value);
      } else if (!std::holds_alternative<ast::ColumnNull>(option.node)) {
        throw SqlError(sqlstate::feature_not_supported, "this column constraint is not supported")
            .hint("NOT NULL and DEFAULT are what a table here enforces.")
            .position(option.position);
      }
    }
    column.type = qualify_names(column.type, context);
    table.schema.columns.push_back(std::move(schema));
    table.defaults.push_back(std::move(default_sql));
  }
  require_unique_columns(table.schema);
  table.retain_history_ms = retention_or_default(statement.with);
  if (!name_is_free(session, statement.name, statement.if_not_exists, "table"))
    return ddl_result("CREATE TABLE");
  check_object_limit(session.catalog(), "max_tables", "Table", [](const catalog::Item& one) {
    const auto* other = one.as<catalog::Table>();
    return other != nullptr && !other->source && !one.id.is_system();
  });
  catalog::Item item = new_item(session, statement.name);
  normalised.name = full_name_of(session, item);
  normalised.if_not_exists = false;
  item.create_sql = grammar::print(ast::Statement{normalised});
  item.body = std::move(table);
  session.ddl().create(std::move(item));
  return ddl_result("CREATE TABLE");
}

StatementResult create_view(SessionState& session, const ast::CreateView& statement) {
  refuse_temporary(statement.temporary, "views");
  BindContext context = session.bind_context(Purpose::view);
  std::vector<catalog::ItemId> uses;
  context.dependencies = &uses;
  BoundRelation bound = bind_relation(*statement.query, context);
  apply_column_names(bound.schema, statement.columns, "view");
  require_unique_columns(bound.schema);
  drop_replaced(session, statement.name, statement.or_replace, true);
  if (!name_is_free(session, statement.name, statement.if_not_exists, "view"))
    return ddl_result("CREATE VIEW");
  BindContext naming = session.bind_context(Purpose::view);
  catalog::View view;
  view.schema = bound.schema;
  view.query = std::make_shared<const ast::Query>(qualify_names(*statement.query, naming));
  catalog::Item item = new_item(session, statement.name);
  ast::CreateView normalised = statement;
  normalised.name = full_name_of(session, item);
  normalised.if_not_exists = false;
  normalised.or_replace = false;
  normalised.query = *view.query;
  item.create_sql = grammar::print(ast::Statement{normalised});
  item.uses = std::move(uses);
  item.body = std::move(view);
  session.ddl().create(std::move(item));
  return ddl_result("CREATE VIEW");
}

StatementResult create_materialized_view(SessionState& session,
                                         const ast::CreateMaterializedView& statement) {
  if (statement.replacement_for) throw unsupported("CREATE REPLACEMENT MATERIALIZED VIEW");
  for (const ast::Option& option : statement.with) {
    if (option.name != "RETAIN HISTORY") {
      throw unsupported(fmt::format("{} of a materialized view", option.name));
    }
  }
  const catalog::ClusterId cluster = session.target_cluster(statement.in_cluster).id;
  BindContext context = session.bind_context(Purpose::materialized_view);
  std::vector<catalog::ItemId> uses;
  context.dependencies = &uses;
  BoundRelation bound = bind_relation(*statement.query, context);
  apply_column_names(bound.schema, statement.columns, "materialized view");
  require_unique_columns(bound.schema);
  drop_replaced(session, statement.name, statement.or_replace, false);
  if (!name_is_free(session, statement.name, statement.if_not_exists, "materialized view")) {
    return ddl_result("CREATE MATERIALIZED VIEW");
  }
  BindContext naming = session.bind_context(Purpose::materialized_view);
  catalog::MaterializedView view;
  view.schema = bound.schema;
  view.query = std::make_shared<const ast::Query>(qualify_names(*statement.query, naming));
  view.cluster = cluster;
  view.retain_history_ms = retention_or_default(statement.with);
  // From here on: the contents at the first time that all inputs still have.
  view.as_of = session.coordinator().store().latest_time();
  catalog::Item item = new_item(session, statement.name);
  ast::CreateMaterializedView normalised = statement;
  normalised.name = full_name_of(session, item);
  normalised.if_not_exists = false;
  normalised.or_replace = false;
  normalised.in_cluster = ast::ClusterName{session.catalog().find(cluster)->name};
  normalised.query = *view.query;
  item.create_sql = grammar::print(ast::Statement{normalised});
  item.uses = std::move(uses);
  item.body = std::move(view);
  session.ddl().create(std::move(item));
  return ddl_result("CREATE MATERIALIZED VIEW");
}

namespace {

// All columns, or the key's if there is one: what CREATE DEFAULT INDEX and an index without a key are by.
std::vector<ast::Expression> default_key(const catalog::Item& on) {
  const Schema& schema = *on.relation_schema();
  std::vector<int> columns;
  if (const auto* table = on.as<catalog::Table>(); table && !table->keys.empty())
    columns = table->keys.front();
  if (const auto* source = on.as<catalog::Source>(); source && !source->keys.empty())
    columns = source->keys.front();
  if (columns.empty()) {
    for (std::size_t i = 0; i < schema.size(); ++i) columns.push_back(static_cast<int>(i));
  }
  std::vector<ast::Expression> key;
  for (const int column : columns) {
    ast::ColumnName name;
    name.parts.push_back({schema.columns[static_cast<std::size_t>(column)].name});
    key.push_back(ast::Expression{name});
  }
  return key;
}

// <relation>_<columns>_idx, or <relation>_primary_idx for the default key; numbered if taken.
std::string index_name(SessionState& session, const catalog::Item& on,
                       const std::vector<ast::Expression>& key, bool is_default) {
  std::string name = on.name;
  if (is_default) {
    name += "_primary";
  } else {
    for (const ast::Expression& part : key) {
      const auto* column = std::get_if<ast::ColumnName>(&part.node);
      name += "_" + (column ? column->parts.back().value : std::string("expr"));
    }
  }
  name += "_idx";
  std::string free = name;
  for (int number = 1; session.catalog().find_in_schema(on.schema, free) != nullptr; ++number) {
    free = name + std::to_string(number);
  }
  return free;
}

}  // namespace

StatementResult create_index(SessionState& session, const ast::CreateIndex& statement) {
  const catalog::Catalog& catalog = session.catalog();
  const catalog::Item& on = catalog.resolve_relation(statement.on, session.scope());
  if (const auto* source = on.as<catalog::Source>();
      source && source->kind == catalog::Source::Kind::postgres && !on.is_stored()) {
    throw SqlError(
        sqlstate::wrong_object_type,
        fmt::format("cannot create an index on {}: it holds no rows", catalog.full_name(on)))
        .hint("Create the index on one of its tables.");
  }
  require_system_ok(on, catalog);
  const catalog::ClusterId cluster = session.target_cluster(statement.in_cluster).id;
  const bool is_default = statement.is_default || statement.keys.empty();
  BindContext context = session.bind_context(Purpose::index);
  ast::CreateIndex normalised = statement;
  normalised.keys.clear();
  for (const ast::Expression& key : is_default ? default_key(on) : statement.keys) {
    bind_scalar(key, on.relation_schema(), context);
    normalised.keys.push_back(qualify_names(key, context));
  }
  const std::string name =
      statement.name ? statement.name->value : index_name(session, on, normalised.keys, is_default);
  if (const catalog::Item* existing = catalog.find_in_schema(on.schema, name)) {
    if (!statement.if_not_exists) {
      throw SqlError(sqlstate::duplicate_object,
                     fmt::format("{} \"{}\" already exists", existing->type_words(),
                                 catalog.full_name(*existing)));
    }
    session.notice(fmt::format("index \"{}\" already exists, skipping", name),
                   sqlstate::duplicate_object);
    return ddl_result("CREATE INDEX");
  }
  catalog::Index index;
  index.on = on.id;
  index.cluster = cluster;
  index.key = normalised.keys;
  index.retain_history_ms = retention_or_default(statement.with);
  normalised.name = ast::Ident{name};
  normalised.is_default = false;
  normalised.if_not_exists = false;
  normalised.in_cluster = ast::ClusterName{catalog.find(cluster)->name};
  normalised.on = catalog.object_name(on);
  normalised.on.id = on.id.to_string();

  catalog::Item item;
  item.schema = on.schema;
  item.owner = on.owner;
  item.uses = {on.id};
  item.name = name;
  item.create_sql = grammar::print(ast::Statement{normalised});
  item.body = std::move(index);
  item.id = session.ddl().next_item_id();
  item.oid = session.ddl().next_oid();
  session.ddl().create(std::move(item));
  return ddl_result("CREATE INDEX");
}

}  // namespace tailrace::engine
