#include "catalog/builtin/declare.hpp"
#include "catalog/builtin/sql_text.hpp"
#include "catalog/source_details.hpp"
#include "grammar/parser.hpp"
#include "repr/nested.hpp"

namespace tailrace::catalog {

namespace {

std::string_view type_of(const Source& source) {
  switch (source.kind) {
    case Source::Kind::postgres:
      return "postgres";
    case Source::Kind::load_generator:
      return "load-generator";
    case Source::Kind::progress:
      return "progress";
    case Source::Kind::subsource:
      return "subsource";
    case Source::Kind::builtin:
      return "source";
  }
  return "source";
}

void source_row(const Catalog&, const Item& item, BuiltinRows& rows) {
  const auto* source = item.as<Source>();
  if (source == nullptr) return;
  rows.add({{"id", id_text(item.id)},
            {"oid", oid(item.oid)},
            {"schema_id", id_text(item.schema)},
            {"name", text(item.name)},
            {"type", text(type_of(*source))},
            {"connection_id", id_text(source->connection)},
            {"cluster_id", id_text(source->cluster)},
            {"owner_id", id_text(item.owner)},
            {"privileges", acl_array(item.privileges)},
            {"create_sql", create_sql(item)},
            {"redacted_create_sql", redacted_create_sql(item)}});
}

void postgres_source_row(const Catalog&, const Item& item, BuiltinRows& rows) {
  const auto* source = item.as<Source>();
  if (source == nullptr || source->kind != Source::Kind::postgres) return;
  rows.add({{"id", id_text(item.id)},
            {"replication_slot", text(source->replication_slot)},
            {"timeline_id",
             source->timeline ? Value(std::uint64_t{*source->timeline}) : Value(Null{})}});
}

void postgres_source_table_row(const Catalog&, const Item& item, BuiltinRows& rows) {
  if (const auto* table = item.as<Table>(); table != nullptr && table->source) {
    const ast::Statement statement = grammar::parse_statement(item.create_sql);
    // Stored in full: database, schema, table.
    const auto& parts = std::get<ast::CreateTableFromSource>(statement.node).reference->parts;
    rows.add({{"id", id_text(item.id)},
              {"schema_name", text(parts.at(1).value)},
              {"table_name", text(parts.at(2).value)}});
    return;
  }
  const auto* source = item.as<Source>();
  if (source == nullptr || source->kind != Source::Kind::subsource) return;
  rows.add({{"id", id_text(item.id)},
            {"schema_name", text(source->upstream_schema)},
            {"table_name", text(source->upstream_table)}});
}

Value text_array(const std::vector<std::string>& texts) {
  ArrayValue array;
  for (const std::string& each : texts) array.elements.push_back(text(each));
  if (!texts.empty()) array.dimensions.push_back({1, static_cast<std::int32_t>(texts.size())});
  return Value(encode_array(text_array_type, array));
}

void source_reference_rows(const Catalog&, const Item& item, BuiltinRows& rows) {
  const auto* source = item.as<Source>();
  if (source == nullptr || source->kind != Source::Kind::postgres) return;
  const SourceDetails details = decode_source_details(source->details);
  for (const SourceReference& reference : details.references) {
    rows.add({{"source_id", id_text(item.id)},
              {"namespace", text(reference.schema)},
              {"name", text(reference.name)},
              {"updated_at", Value(details.references_read_at)},
              {"columns", text_array(reference.columns)}});
  }
}

}  // namespace

std::vector<BuiltinTable> source_tables() {
  std::vector<BuiltinTable> all;
  all.push_back(table(16710, "mz_catalog", "mz_sources",
                      "Sources, their subsources and progress relations.",
                      {{"id", text_type},
                       {"oid", oid_type},
                       {"schema_id", text_type},
                       {"name", text_type},
                       {"type", text_type},
                       {"connection_id", text_type, nullable},
                       {"size", text_type, nullable},
                       {"envelope_type", text_type, nullable},
                       {"key_format", text_type, nullable},
                       {"value_format", text_type, nullable},
                       {"cluster_id", text_type, nullable},
                       {"owner_id", text_type},
                       {"privileges", acl_type},
                       {"create_sql", text_type, nullable},
                       {"redacted_create_sql", text_type, nullable}}));
  all.back().of_item = source_row;
  all.push_back(table(
      16697, "mz_internal", "mz_postgres_sources", "PostgreSQL sources.",
      {{"id", text_type}, {"replication_slot", text_type}, {"timeline_id", uint8_type, nullable}}));
  all.back().of_item = postgres_source_row;
  all.push_back(table(16948, "mz_internal", "mz_postgres_source_tables",
                      "Upstream tables of PostgreSQL sources.",
                      {{"id", text_type}, {"schema_name", text_type}, {"table_name", text_type}}));
  all.back().of_item = postgres_source_table_row;
  all.push_back(table(17015, "mz_internal", "mz_source_references",
                      "What each source could ingest, when upstream was last asked.",
                      {{"source_id", text_type},
                       {"namespace", text_type, nullable},
                       {"name", text_type},
                       {"updated_at", timestamptz_type},
                       {"columns", text_array_type, nullable}}));
  all.back().of_item = source_reference_rows;
  return all;
}

std::vector<BuiltinView> source_views() {
  std::vector<BuiltinView> all;
  // The newest status of each; a source that is stalled or paused speaks for its subsources, but not for one that has
  // ceased.
  all.push_back(view(16751, "mz_internal", "mz_source_statuses",
                     "The current status of each source and of each table of a source.",
                     {{"id", text_type},
                      {"name", text_type},
                      {"type", text_type},
                      {"last_status_change_at", timestamptz_type, nullable},
                      {"status", text_type},
                      {"error", text_type, nullable},
                      {"details", TypeId::jsonb, nullable}},
                     R"(WITH newest AS (
           SELECT DISTINCT ON (source_id) source_id, occurred_at, status, error, details
             FROM mz_internal.mz_source_status_history
            ORDER BY source_id, occurred_at DESC, status),
         objects AS (
           SELECT s.id, s.name, s.type, d.referenced_object_id AS parent_id
             FROM mz_catalog.mz_sources s
             LEFT JOIN mz_internal.mz_object_dependencies d
               ON s.type = 'subsource' AND d.object_id = s.id
            WHERE s.id LIKE 'u%'
           UNION ALL
           SELECT id, name, 'table', source_id FROM mz_catalog.mz_tables WHERE source_id IS NOT NULL)
         SELECT o.id, o.name, o.type,
                CASE WHEN p.status IN ('stalled', 'paused') AND own.status IS DISTINCT FROM 'ceased'
                     THEN p.occurred_at ELSE own.occurred_at END AS last_status_change_at,
                CASE WHEN o.type = 'progress' THEN 'running'
                     WHEN p.status IN ('stalled', 'paused') AND own.status IS DISTINCT FROM 'ceased' THEN p.status
                     ELSE COALESCE(own.status, 'created') END AS status,
                CASE WHEN p.status IN ('stalled', 'paused') AND own.status IS DISTINCT FROM 'ceased'
                     THEN p.error ELSE own.error END AS error,
                CASE WHEN p.status IN ('stalled', 'paused') AND own.status IS DISTINCT FROM 'ceased'
                     THEN p.details ELSE own.details END AS details
           FROM objects o
           LEFT JOIN newest own ON own.source_id = o.id
           LEFT JOIN newest p ON p.source_id = o.parent_id)"));
  const std::vector<BuiltinColumn> statistics = {
      {"id", text_type},
      {"replica_id", text_type, nullable},
      {"messages_received", uint8_type},
      {"bytes_received", uint8_type},
      {"updates_staged", uint8_type},
      {"updates_committed", uint8_type},
      {"records_indexed", uint8_type},
      {"bytes_indexed", uint8_type},
      {"rehydration_latency", TypeId::interval, nullable},
      {"snapshot_records_known", uint8_type, nullable},
      {"snapshot_records_staged", uint8_type, nullable},
      {"snapshot_committed", bool_type},
      {"offset_known", uint8_type, nullable},
      {"offset_committed", uint8_type, nullable}};
  all.push_back(view(16925, "mz_internal", "mz_source_statistics", "What each source has ingested.",
                     statistics,
                     R"(SELECT id, replica_id, messages_received, bytes_received, updates_staged,
                               updates_committed, records_indexed, bytes_indexed, rehydration_latency,
                               snapshot_records_known, snapshot_records_staged, snapshot_committed,
                               offset_known, offset_committed
                          FROM mz_internal.mz_source_statistics_raw)"));
  return all;
}

}  // namespace tailrace::catalog
