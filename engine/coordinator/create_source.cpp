// CREATE SOURCE and ALTER SOURCE: asks upstream first (purification), then changes the catalog.
#include <fmt/format.h>
#include <openssl/rand.h>

#include "engine/coordinator/connection_config.hpp"
#include "engine/coordinator/ddl.hpp"
#include "engine/coordinator/intents.hpp"
#include "engine/coordinator/options.hpp"
#include "grammar/printer.hpp"
#include "replication/postgres/purification.hpp"

namespace tailrace::engine {

namespace {

using replication::PurificationRequest;
using replication::PurifiedSource;
using replication::TableExport;

std::vector<std::string> parts_of(const ast::ObjectName& name) {
  std::vector<std::string> parts;
  for (const ast::Ident& part : name.parts) parts.push_back(part.value);
  return parts;
}

std::vector<replication::ColumnReference> column_list(OptionReader& options,
                                                      std::string_view name) {
  std::vector<replication::ColumnReference> columns;
  const ast::OptionValue* value = options.value(name);
  if (value == nullptr) return columns;
  const auto add = [&](const ast::OptionValue& each) {
    const auto* column = std::get_if<ast::ObjectName>(&each.node);
    if (column == nullptr) {
      throw SqlError(sqlstate::syntax_error,
                     fmt::format("invalid {}: expected the names of columns", name))
          .position(each.position);
    }
    columns.push_back({parts_of(*column), each.position});
  };
  if (const auto* list = std::get_if<ast::OptionList>(&value->node)) {
    for (const ast::OptionValue& each : list->values) add(each);
  } else {
    add(*value);
  }
  return columns;
}

std::string random_slot() {
  unsigned char bytes[16];
  ensure(RAND_bytes(bytes, sizeof bytes) == 1, "the system must give random bytes");
  std::string slot = "materialize_";
  for (const unsigned char byte : bytes) slot += fmt::format("{:02x}", byte);
  return slot;
}

void select_tables(const ast::SubsourceSelection& selection, PurificationRequest& request) {
  if (std::holds_alternative<ast::ForAllTables>(selection)) {
    request.selection = PurificationRequest::Selection::all_tables;
  } else if (const auto* schemas = std::get_if<ast::ForSchemas>(&selection)) {
    request.selection = PurificationRequest::Selection::schemas;
    for (const ast::Ident& schema : schemas->schemas) request.schemas.push_back(schema.value);
  } else {
    request.selection = PurificationRequest::Selection::tables;
    for (const ast::ExternalReference& table : std::get<ast::ForTables>(selection).tables) {
      request.tables.push_back({parts_of(table.reference), table.reference.position});
    }
  }
}

// The names that the subsources get: aliases as given, else the upstream table's in the source's schema.
std::vector<ast::ObjectName> subsource_names(const PurifiedSource& purified,
                                             const ast::CreateSource& statement) {
  const auto* tables = std::get_if<ast::ForTables>(&*statement.subsources);
  std::vector<ast::ObjectName> names;
  for (std::size_t i = 0; i < purified.tables.size(); ++i) {
    const ast::ExternalReference* reference =
        tables ? &tables->tables.at(purified.reference_of.at(i)) : nullptr;
    if (reference && reference->alias) {
      names.push_back(*reference->alias);
      continue;
    }
    ast::ObjectName name = statement.name;
    name.parts.back() = ast::Ident{purified.tables[i].upstream.name};
    names.push_back(std::move(name));
  }
  return names;
}

std::string subsource_sql(SessionState& session, const catalog::Item& item,
                          const std::string& source_name, const TableExport& table,
                          const std::string& database) {
  std::string columns;
  for (const ColumnSchema& column : table.schema.columns) {
    columns += fmt::format("{}{} {}{}", columns.empty() ? "" : ", ",
                           grammar::quoted_identifier(column.name), column.type.name(),
                           column.nullable ? "" : " NOT NULL");
  }
  const auto quoted = [](const std::string& name) { return grammar::quoted_identifier(name); };
  return fmt::format("CREATE SUBSOURCE {} ({}) OF SOURCE {} WITH (EXTERNAL REFERENCE = {}.{}.{})",
                     grammar::print(full_name_of(session, item)), columns, source_name,
                     quoted(database), quoted(table.upstream.schema), quoted(table.upstream.name));
}

catalog::Item subsource_item(SessionState& session, const ast::ObjectName& name,
                             const catalog::Item& source, catalog::ClusterId cluster,
                             const TableExport& table, const std::string& database) {
  catalog::Item item = new_item(session, name);
  catalog::Source body;
  body.kind = catalog::Source::Kind::subsource;
  body.cluster = cluster;
  body.parent = source.id;
  body.schema = table.schema;
  if (!table.key.empty()) body.keys.push_back(table.key);
  body.details = replication::encode_export(table);
  body.upstream_schema = table.upstream.schema;
  body.upstream_table = table.upstream.name;
  item.uses = {source.id};
  item.create_sql =
      subsource_sql(session, item, grammar::print(full_name_of(session, source)), table, database);
  item.body = std::move(body);
  return item;
}

// Its own name, or s_progress, s_progress1, ... whichever is free.
ast::ObjectName progress_name(SessionState& session, const ast::CreateSource& statement) {
  if (statement.progress) return *statement.progress;
  ast::ObjectName name = statement.name;
  const std::string base = statement.name.last() + "_progress";
  name.parts.back() = ast::Ident{base};
  const auto [schema, last] = session.catalog().creation_target(name, session.scope());
  for (int number = 1; session.catalog().find_in_schema(schema->id, name.last()) != nullptr;
       ++number) {
    name.parts.back() = ast::Ident{base + std::to_string(number)};
  }
  return name;
}

catalog::Item progress_item(SessionState& session, const ast::CreateSource& statement,
                            catalog::ItemId parent) {
  catalog::Item item = new_item(session, progress_name(session, statement));
  catalog::Source body;
  body.kind = catalog::Source::Kind::progress;
  body.parent = parent;
  body.schema.columns.push_back({"lsn", TypeId::uint8, true});
  item.create_sql = fmt::format("CREATE SUBSOURCE {} (lsn uint8) WITH (PROGRESS = true)",
                                grammar::print(full_name_of(session, item)));
  item.body = std::move(body);
  return item;
}

}  // namespace

StatementResult create_source(SessionState& session, const ast::CreateSource& statement) {
  if (statement.connection.kind != ast::SourceKind::postgres)
    throw unsupported("this kind of source");
  if (!statement.subsources)
    throw unsupported("CREATE SOURCE without FOR ALL TABLES, FOR SCHEMAS or FOR TABLES");
  const catalog::Cluster& cluster = session.target_cluster(statement.in_cluster);
  const catalog::ClusterId cluster_id = cluster.id;
  const std::string cluster_name = cluster.name;
  const std::optional<std::uint64_t> retention = retain_history(statement.with);
  if (!name_is_free(session, statement.name, statement.if_not_exists, "source"))
    return ddl_result("CREATE SOURCE");

  const catalog::Item& connection =
      session.catalog().resolve_item(statement.connection.connection, session.scope());
  OptionReader options(statement.connection.options, "POSTGRES sources");
  if (options.has("DETAILS")) {
    throw SqlError(sqlstate::syntax_error,
                   "CREATE SOURCE specifies DETAILS option, which only the system may give");
  }
  PurificationRequest request;
  request.connection = postgres_connection(session.coordinator(), session.catalog(), connection);
  const auto publication = options.text("PUBLICATION");
  if (!publication)
    throw SqlError(sqlstate::invalid_parameter_value, "PUBLICATION option is required");
  request.publication = *publication;
  request.text_columns = column_list(options, "TEXT COLUMNS");
  request.exclude_columns = column_list(options, "EXCLUDE COLUMNS");
  options.finish();
  select_tables(*statement.subsources, request);
  const catalog::ItemId connection_id = connection.id;
  const std::string connection_name = session.catalog().full_name(connection);

  PurifiedSource purified = replication::purify(request, session.cancel_token());
  for (const std::string& text : purified.notices) session.notice(text);

  // The progress relation's id comes before the source's, the tables' after.
  catalog::Item progress = progress_item(session, statement, {});
  catalog::Item item = new_item(session, statement.name);
  std::get<catalog::Source>(progress.body).parent = item.id;
  catalog::Source body;
  body.kind = catalog::Source::Kind::postgres;
  body.cluster = cluster_id;
  body.connection = connection_id;
  body.progress = progress.id;
  body.details = *publication;
  body.replication_slot = random_slot();
  body.timeline = purified.timeline;
  item.uses = {connection_id};

  ast::CreateSource normalised = statement;
  normalised.name = full_name_of(session, item);
  normalised.if_not_exists = false;
  normalised.in_cluster = ast::ClusterName{cluster_name};
  normalised.connection.connection =
      session.catalog().object_name(session.catalog().item(connection_id));
  normalised.progress = full_name_of(session, progress);
  item.create_sql = grammar::print(ast::Statement{normalised});
  item.body = std::move(body);

  const std::vector<ast::ObjectName> names = subsource_names(purified, statement);
  catalog::CatalogTransaction& ddl = session.ddl();
  ddl.create(std::move(progress));
  const catalog::Item source = item;
  ddl.create(std::move(item));
  for (std::size_t i = 0; i < purified.tables.size(); ++i) {
    TableExport& table = purified.tables[i];
    catalog::Item subsource =
        subsource_item(session, names[i], source, cluster_id, table, purified.database);
    if (retention) std::get<catalog::Source>(subsource.body).retain_history_ms = *retention;
    ddl.create(std::move(subsource));
  }
  return ddl_result("CREATE SOURCE");
}

StatementResult alter_source(SessionState&, const ast::AlterSource& statement) {
  if (std::holds_alternative<ast::AddSubsources>(statement.action))
    throw unsupported("ALTER SOURCE ... ADD SUBSOURCE");
  if (std::holds_alternative<ast::DropSubsources>(statement.action)) {
    throw unsupported("ALTER SOURCE ... DROP SUBSOURCE");
  }
  throw unsupported("ALTER SOURCE ... REFRESH REFERENCES");
}

}  // namespace tailrace::engine
