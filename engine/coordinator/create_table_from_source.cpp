// CREATE TABLE ... FROM SOURCE: a read-only table that a PostgreSQL source fills.
#include <fmt/format.h>

#include <algorithm>

#include "engine/coordinator/source_settings.hpp"
#include "engine/coordinator/source_tables.hpp"
#include "grammar/printer.hpp"

namespace tailrace::engine {

namespace {

// The option as it was understood: (REFERENCE = db.schema.table).
ast::ObjectName full_reference(const replication::PurifiedSource& purified,
                               const replication::TableExport& table) {
  return {.parts = {{purified.database}, {table.upstream.schema}, {table.upstream.name}}};
}

// A lone column and an empty list are shown as lists, or not at all; EXCLUDE comes before TEXT.
std::vector<ast::Option> shown_options(const std::vector<ast::Option>& with) {
  std::vector<ast::Option> shown;
  for (ast::Option option : with) {
    if (option.value) {
      const auto* list = std::get_if<ast::OptionList>(&option.value->node);
      if (list != nullptr && list->values.empty()) continue;
      const bool names_one = option.name.starts_with("EXCLUDE ") || option.name == "TEXT COLUMNS";
      if (names_one && list == nullptr) {
        ast::OptionList one{{*option.value}};
        option.value = ast::OptionValue{.node = std::move(one), .position = option.value->position};
      }
    }
    shown.push_back(std::move(option));
  }
  std::stable_sort(shown.begin(), shown.end(),
                   [](const auto& a, const auto& b) { return a.name < b.name; });
  return shown;
}

void exclude_constraints(SessionState& session, OptionReader& options,
                         replication::PurificationRequest& request) {
  const bool all = options.has("EXCLUDE ALL CONSTRAINTS");
  const ast::OptionValue* named = options.value("EXCLUDE CONSTRAINTS");
  if (!all && named == nullptr) return;
  if (!excluded_constraints_allowed(session.catalog())) {
    throw SqlError(sqlstate::feature_not_supported, "EXCLUDE CONSTRAINTS is not supported")
        .hint("A superuser can ALTER SYSTEM SET enable_exclude_constraints_option = on.");
  }
  request.exclude_all_constraints = all;
  if (all) {
    if (options.value("EXCLUDE ALL CONSTRAINTS") != nullptr)
      throw SqlError(sqlstate::syntax_error, "EXCLUDE ALL CONSTRAINTS takes no value");
    if (named != nullptr)
      throw SqlError(sqlstate::syntax_error,
                     "EXCLUDE ALL CONSTRAINTS leaves none for EXCLUDE CONSTRAINTS to name");
    return;
  }
  const auto add = [&](const ast::OptionValue& each) {
    const auto* name = std::get_if<ast::StringLiteral>(&each.node);
    if (name == nullptr) {
      throw SqlError(
          sqlstate::syntax_error,
          "invalid EXCLUDE CONSTRAINTS: expected the names of constraints as string literals")
          .position(each.position);
    }
    request.exclude_constraints.push_back({name->value, each.position});
  };
  if (const auto* list = std::get_if<ast::OptionList>(&named->node)) {
    for (const ast::OptionValue& each : list->values) add(each);
  } else {
    add(*named);
  }
}

}  // namespace

StatementResult create_table_from_source(SessionState& session,
                                         const ast::CreateTableFromSource& statement) {
  if (!tables_from_sources_allowed(session.catalog()))
    throw SqlError(sqlstate::feature_not_supported, "CREATE TABLE ... FROM SOURCE not supported")
        .hint("A superuser can ALTER SYSTEM SET enable_create_table_from_source = on.");
  if (!statement.columns.empty())
    throw unsupported("a column list in CREATE TABLE ... FROM SOURCE");
  const std::optional<std::uint64_t> retention = retain_history(statement.with);
  const catalog::Item& source = resolve_postgres_source(session, statement.source);
  if (!fills_tables_only(source)) {
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("source {} has subsources instead of tables",
                               session.catalog().full_name(source)))
        .hint("Use ALTER SOURCE ... ADD SUBSOURCE, or create a source without a FOR clause.")
        .position(statement.source.position);
  }
  if (!name_is_free(session, statement.name, statement.if_not_exists, "table"))
    return ddl_result("CREATE TABLE");
  if (!statement.reference) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   "CREATE TABLE ... FROM SOURCE needs the REFERENCE of an upstream table")
        .hint("Write (REFERENCE schema.table) after the name of the source.");
  }
  const catalog::ItemId source_id = source.id;
  replication::PurificationRequest request = request_for_source(session, source);
  request.tables = {{.name = parts_of(*statement.reference),
                     .position = statement.reference->position,
                     .alias = parts_of(statement.name)}};
  request.bare_columns = true;
  OptionReader options(statement.with, "CREATE TABLE ... FROM SOURCE");
  request.text_columns = column_list(options, "TEXT COLUMNS");
  request.exclude_columns = column_list(options, "EXCLUDE COLUMNS");
  exclude_constraints(session, options, request);
  if (options.has("PARTITION BY")) throw unsupported("PARTITION BY of a table");
  options.milliseconds("RETAIN HISTORY");
  options.finish();

  const replication::PurifiedSource purified = replication::purify(request, session.cancel_token());
  for (const std::string& text : purified.notices) session.notice(text);
  const replication::TableExport& ingested = purified.tables.at(0);

  catalog::CatalogTransaction& ddl = session.ddl();
  catalog::Item item = new_item(session, statement.name);
  catalog::Table table;
  table.schema = ingested.schema;
  table.defaults.resize(ingested.schema.size());
  if (!ingested.key.empty()) table.keys.push_back(ingested.key);
  table.source = source_id;
  table.export_details = replication::encode_export(ingested);
  if (retention) table.retain_history_ms = *retention;
  item.uses = {source_id};

  ast::CreateTableFromSource normalised = statement;
  normalised.name = full_name_of(session, item);
  normalised.if_not_exists = false;
  normalised.source = session.catalog().object_name(session.catalog().item(source_id));
  normalised.reference = full_reference(purified, ingested);
  normalised.with = shown_options(statement.with);
  item.create_sql = grammar::print(ast::Statement{normalised});
  item.body = std::move(table);
  ddl.create(std::move(item));
  return ddl_result("CREATE TABLE");
}

}  // namespace tailrace::engine
