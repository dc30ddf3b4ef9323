// The tables that PostgreSQL sources fill: asked for upstream, made into catalog items, and written as SQL.
//
// Subsources (CREATE SOURCE ... FOR, ALTER SOURCE ... ADD SUBSOURCE) and read-only tables (CREATE TABLE ... FROM
// SOURCE) differ in their item only: what is ingested is described by the same replication::TableExport.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/coordinator/ddl.hpp"
#include "engine/coordinator/options.hpp"
#include "replication/postgres/purification.hpp"

namespace tailrace::engine {

std::vector<std::string> parts_of(const ast::ObjectName& name);

// TEXT COLUMNS and the like: names of columns.
std::vector<replication::ColumnReference> column_list(OptionReader& options, std::string_view name);

// `t`, `t AS u`.
std::vector<replication::TableReference> table_references(
    const std::vector<ast::ExternalReference>& references);

// The source with this name. Throws if it is another object.
const catalog::Item& resolve_postgres_source(SessionState& session, const ast::ObjectName& name);

// What upstream is asked about further tables of a source that exists (perhaps only in this transaction).
replication::PurificationRequest request_for_source(SessionState& session,
                                                    const catalog::Item& source);

// Source::details after upstream was asked.
std::string source_details(const replication::PurifiedSource& purified);

// The newer syntax: no subsources, and the progress is read from the source itself.
bool fills_tables_only(const catalog::Item& source);

// The tables that the source fills, in id order.
std::vector<const catalog::Item*> tables_of_source(const catalog::Catalog& catalog,
                                                   catalog::ItemId source);
// What is ingested into such a table.
replication::TableExport export_of(const catalog::Item& table);

// Throws if the name is taken.
catalog::Item subsource_item(SessionState& session, const ast::ObjectName& name,
                             const catalog::Item& source, const replication::TableExport& table,
                             std::optional<std::uint64_t> retain_history_ms);

// SHOW CREATE of sources and subsources, as things are now: without a semicolon, and without literals if redacted.
std::string sql_of_source(const catalog::Catalog& catalog, const catalog::Item& source,
                          bool redacted);

}  // namespace tailrace::engine
