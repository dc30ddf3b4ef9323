// CREATE SOURCE: asks upstream first (purification), then changes the catalog.
#include <fmt/format.h>
#include <openssl/rand.h>

#include "engine/coordinator/connection_config.hpp"
#include "engine/coordinator/network_settings.hpp"
#include "engine/coordinator/source_settings.hpp"
#include "engine/coordinator/source_tables.hpp"
#include "grammar/printer.hpp"

namespace tailrace::engine {

namespace {

using replication::PurificationRequest;
using replication::PurifiedSource;

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
    request.tables = table_references(std::get<ast::ForTables>(selection).tables);
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

// Where each table is created by a statement of its own, its columns are named there.
void refuse_table_options(const ast::CreateSource& statement, const PurificationRequest& request) {
  if (statement.progress) {
    throw SqlError(sqlstate::feature_not_supported,
                   "EXPOSE PROGRESS AS needs FOR ALL TABLES, FOR SCHEMAS or FOR TABLES")
        .hint("The progress of this source is read from the source itself.")
        .position(statement.progress->position);
  }
  if (request.text_columns.empty() && request.exclude_columns.empty()) return;
  throw SqlError(
      sqlstate::invalid_parameter_value,
      "TEXT COLUMNS and EXCLUDE COLUMNS refer to tables that this statement does not add")
      .hint("Give them to CREATE TABLE ... FROM SOURCE.");
}

void check_syntax_allowed(const catalog::Catalog& catalog, const ast::CreateSource& statement) {
  if (!statement.subsources && !tables_from_sources_allowed(catalog)) {
    throw SqlError(sqlstate::syntax_error, "missing TABLES specification")
        .hint("Use FOR ALL TABLES, FOR SCHEMAS (...) or FOR TABLES (...).");
  }
  if (statement.subsources && only_tables_from_sources(catalog)) {
    throw SqlError(sqlstate::feature_not_supported,
                   "FOR ALL TABLES, FOR SCHEMAS and FOR TABLES not supported; use CREATE TABLE .. "
                   "FROM SOURCE instead");
  }
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

Schema progress_schema() {
  Schema schema;
  schema.columns.push_back({"lsn", TypeId::uint8, true});
  return schema;
}

catalog::Item progress_item(SessionState& session, const ast::CreateSource& statement) {
  catalog::Item item = new_item(session, progress_name(session, statement));
  catalog::Source body;
  body.kind = catalog::Source::Kind::progress;
  body.schema = progress_schema();
  item.create_sql = fmt::format("CREATE SUBSOURCE {} (lsn uint8) WITH (PROGRESS = true)",
                                grammar::print(full_name_of(session, item)));
  item.body = std::move(body);
  return item;
}

}  // namespace

StatementResult create_source(SessionState& session, const ast::CreateSource& statement) {
  if (statement.connection.kind != ast::SourceKind::postgres)
    throw unsupported("this kind of source");
  const catalog::Cluster& cluster = session.target_cluster(statement.in_cluster);
  const catalog::ClusterId cluster_id = cluster.id;
  const std::string cluster_name = cluster.name;
  check_timestamp_interval(session.catalog(), statement.with);
  check_syntax_allowed(session.catalog(), statement);
  const std::optional<std::uint64_t> retention = retain_history(statement.with);
  if (!name_is_free(session, statement.name, statement.if_not_exists, "source"))
    return ddl_result("CREATE SOURCE");

  check_object_limit(session.catalog(), "max_sources", "Source", [](const catalog::Item& one) {
    const auto* source = one.as<catalog::Source>();
    return source != nullptr && source->kind == catalog::Source::Kind::postgres;
  });

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
  if (statement.subsources) {
    select_tables(*statement.subsources, request);
  } else {
    refuse_table_options(statement, request);
    request.selection = PurificationRequest::Selection::none;
  }
  const catalog::ItemId connection_id = connection.id;
  const std::string connection_name = session.catalog().full_name(connection);

  PurifiedSource purified = replication::purify(request, session.cancel_token());
  for (const std::string& text : purified.notices) session.notice(text);

  // The progress relation's id comes before the source's, the tables' after.
  std::optional<catalog::Item> progress;
  if (statement.subsources) progress = progress_item(session, statement);
  catalog::Item item = new_item(session, statement.name);
  catalog::Source body;
  body.kind = catalog::Source::Kind::postgres;
  body.cluster = cluster_id;
  body.connection = connection_id;
  if (progress) {
    std::get<catalog::Source>(progress->body).parent = item.id;
    body.progress = progress->id;
  } else {
    body.schema = progress_schema();
  }
  body.details = source_details(purified);
  body.replication_slot = random_slot();
  body.timeline = purified.timeline;
  if (retention) body.retain_history_ms = *retention;
  item.uses = {connection_id};

  ast::CreateSource normalised = statement;
  normalised.name = full_name_of(session, item);
  normalised.if_not_exists = false;
  normalised.in_cluster = ast::ClusterName{cluster_name};
  normalised.connection.connection =
      session.catalog().object_name(session.catalog().item(connection_id));
  if (progress) normalised.progress = full_name_of(session, *progress);
  item.create_sql = grammar::print(ast::Statement{normalised});
  item.body = std::move(body);

  catalog::CatalogTransaction& ddl = session.ddl();
  if (progress) ddl.create(std::move(*progress));
  const catalog::Item source = item;
  notice_of_one_replica(session, *session.catalog().find(cluster_id),
                        {session.catalog().full_name(source)});
  ddl.create(std::move(item));
  if (!statement.subsources) return ddl_result("CREATE SOURCE");
  const std::vector<ast::ObjectName> names = subsource_names(purified, statement);
  for (std::size_t i = 0; i < purified.tables.size(); ++i) {
    ddl.create(subsource_item(session, names[i], source, purified.tables[i], retention));
  }
  return ddl_result("CREATE SOURCE");
}

}  // namespace tailrace::engine
