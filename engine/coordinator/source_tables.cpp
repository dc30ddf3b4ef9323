#include "engine/coordinator/source_tables.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/source_details.hpp"
#include "engine/coordinator/clock.hpp"
#include "engine/coordinator/connection_config.hpp"
#include "grammar/parser.hpp"
#include "grammar/printer.hpp"

namespace tailrace::engine {

namespace {

using replication::TableExport;

std::string quoted(const std::string& name) {
  return grammar::quoted_identifier(name);
}

const catalog::Source& body_of(const catalog::Item& source) {
  return *source.as<catalog::Source>();
}

// The upstream database of a source: what its connection names.
ast::Ident upstream_database(const catalog::Catalog& catalog, const catalog::Item& source) {
  const catalog::Item& connection = catalog.item(body_of(source).connection);
  OptionReader options(connection.as<catalog::Connection>()->options, "connections");
  return {options.text("DATABASE").value_or("")};
}

ast::ObjectName upstream_name(const catalog::Catalog& catalog, const catalog::Item& source,
                              const TableExport& table) {
  return {.parts = {
              upstream_database(catalog, source), {table.upstream.schema}, {table.upstream.name}}};
}

struct NamedColumns {
  std::vector<std::string> as_text;
  std::vector<std::string> excluded;
};

// What TEXT COLUMNS and EXCLUDE COLUMNS said, in attribute order.
NamedColumns named_columns(const TableExport& table) {
  NamedColumns named;
  for (std::size_t i = 0; i < table.upstream.columns.size(); ++i) {
    const replication::UpstreamColumn& column = table.upstream.columns[i];
    const auto at =
        std::find(table.column_map.begin(), table.column_map.end(), static_cast<int>(i));
    if (at == table.column_map.end()) {
      if (!column.generated) named.excluded.push_back(column.name);
    } else if (table.as_text[static_cast<std::size_t>(at - table.column_map.begin())]) {
      named.as_text.push_back(column.name);
    }
  }
  return named;
}

std::string option_text(std::string_view option, const std::vector<std::string>& columns) {
  if (columns.empty()) return "";
  std::string list;
  for (const std::string& column : columns) list += (list.empty() ? "" : ", ") + quoted(column);
  return fmt::format(", {} = ({})", option, list);
}

std::string subsource_sql(const catalog::Catalog& catalog, const catalog::Item& item,
                          const catalog::Item& source, const TableExport& table) {
  std::string columns;
  for (const ColumnSchema& column : table.schema.columns) {
    columns += fmt::format("{}{} {}{}", columns.empty() ? "" : ", ", quoted(column.name),
                           column.type.name(), column.nullable ? "" : " NOT NULL");
  }
  const NamedColumns named = named_columns(table);
  return fmt::format("CREATE SUBSOURCE {} ({}) OF SOURCE {} WITH (EXTERNAL REFERENCE = {}{}{})",
                     grammar::print(catalog.object_name(item)), columns,
                     grammar::print(catalog.object_name(source)),
                     grammar::print(upstream_name(catalog, source, table)),
                     option_text("TEXT COLUMNS", named.as_text),
                     option_text("EXCLUDE COLUMNS", named.excluded));
}

// The option's list of fully qualified columns, in place of what the statement said.
void set_columns(std::vector<ast::Option>& options, std::string_view name,
                 std::vector<ast::OptionValue> columns) {
  std::erase_if(options, [&](const ast::Option& option) { return option.name == name; });
  if (columns.empty()) return;
  options.push_back({.name = std::string(name),
                     .value = ast::OptionValue{.node = ast::OptionList{std::move(columns)}}});
}

// With the tables that it has now.
std::string primary_sql(const catalog::Catalog& catalog, const catalog::Item& source,
                        bool redacted) {
  ast::Statement statement = grammar::parse_statement(source.create_sql);
  auto& create = std::get<ast::CreateSource>(statement.node);
  if (create.subsources) {
    ast::ForTables tables;
    std::vector<ast::OptionValue> as_text;
    std::vector<ast::OptionValue> excluded;
    for (const catalog::Item* item : tables_of_source(catalog, source.id)) {
      const TableExport table = export_of(*item);
      const ast::ObjectName upstream = upstream_name(catalog, source, table);
      tables.tables.push_back({.reference = upstream, .alias = catalog.object_name(*item)});
      const auto add = [&](const std::vector<std::string>& columns,
                           std::vector<ast::OptionValue>& to) {
        for (const std::string& column : columns) {
          ast::ObjectName name = upstream;
          name.parts.push_back({column});
          to.push_back({.node = std::move(name)});
        }
      };
      const NamedColumns named = named_columns(table);
      add(named.as_text, as_text);
      add(named.excluded, excluded);
    }
    set_columns(create.connection.options, "TEXT COLUMNS", std::move(as_text));
    set_columns(create.connection.options, "EXCLUDE COLUMNS", std::move(excluded));
    // Without a table there is nothing that the grammar could say.
    if (tables.tables.empty()) {
      create.subsources.reset();
    } else {
      create.subsources = std::move(tables);
    }
  }
  return grammar::print(statement, {.redacted = redacted, .without_ids = true});
}

}  // namespace

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

std::vector<replication::TableReference> table_references(
    const std::vector<ast::ExternalReference>& references) {
  std::vector<replication::TableReference> tables;
  for (const ast::ExternalReference& table : references) {
    tables.push_back({.name = parts_of(table.reference),
                      .position = table.reference.position,
                      .alias = table.alias ? parts_of(*table.alias) : std::vector<std::string>()});
  }
  return tables;
}

const catalog::Item& resolve_postgres_source(SessionState& session, const ast::ObjectName& name) {
  const catalog::Item& item = session.catalog().resolve_item(name, session.scope());
  const auto* source = item.as<catalog::Source>();
  if (source == nullptr) {
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("{} is not a source", session.catalog().full_name(item)))
        .position(name.position);
  }
  if (source->kind != catalog::Source::Kind::postgres) {
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("{} is not a source with a connection of its own",
                               session.catalog().full_name(item)))
        .hint("Name the source that it belongs to.")
        .position(name.position);
  }
  return item;
}

replication::PurificationRequest request_for_source(SessionState& session,
                                                    const catalog::Item& source) {
  const catalog::Catalog& catalog = session.catalog();
  replication::PurificationRequest request;
  request.connection =
      postgres_connection(session.coordinator(), catalog, catalog.item(body_of(source).connection));
  request.publication = catalog::decode_source_details(body_of(source).details).publication;
  request.selection = replication::PurificationRequest::Selection::tables;
  // The source has its own already, or is about to get it together with the first snapshot.
  request.slots_needed = 1;
  return request;
}

std::string source_details(const replication::PurifiedSource& purified) {
  catalog::SourceDetails details{.publication = purified.publication,
                                 .references_read_at = now_microseconds()};
  for (const replication::UpstreamTable& table : purified.available) {
    catalog::SourceReference reference{.schema = table.schema, .name = table.name};
    for (const replication::UpstreamColumn& column : table.columns) {
      reference.columns.push_back(column.name);
    }
    details.references.push_back(std::move(reference));
  }
  return catalog::encode_source_details(details);
}

bool fills_tables_only(const catalog::Item& source) {
  return !body_of(source).progress;
}

std::vector<const catalog::Item*> tables_of_source(const catalog::Catalog& catalog,
                                                   catalog::ItemId source) {
  std::vector<const catalog::Item*> tables;
  for (const catalog::Item* user : catalog.used_by(source)) {
    const auto* subsource = user->as<catalog::Source>();
    if (subsource && subsource->kind == catalog::Source::Kind::subsource &&
        subsource->parent == source)
      tables.push_back(user);
    const auto* table = user->as<catalog::Table>();
    if (table && table->source == source) tables.push_back(user);
  }
  return tables;
}

replication::TableExport export_of(const catalog::Item& item) {
  const auto* subsource = item.as<catalog::Source>();
  const std::string& details =
      subsource ? subsource->details : item.as<catalog::Table>()->export_details;
  TableExport table = replication::decode_export(details);
  table.collection = catalog::collection_of(item.id);
  return table;
}

catalog::Item subsource_item(SessionState& session, const ast::ObjectName& name,
                             const catalog::Item& source, const TableExport& table,
                             std::optional<std::uint64_t> retain_history_ms) {
  catalog::Item item = new_item(session, name);
  catalog::Source body;
  body.kind = catalog::Source::Kind::subsource;
  body.cluster = body_of(source).cluster;
  body.parent = source.id;
  body.schema = table.schema;
  if (!table.key.empty()) body.keys.push_back(table.key);
  body.details = replication::encode_export(table);
  body.upstream_schema = table.upstream.schema;
  body.upstream_table = table.upstream.name;
  if (retain_history_ms) body.retain_history_ms = *retain_history_ms;
  item.uses = {source.id};
  item.create_sql = subsource_sql(session.catalog(), item, source, table);
  item.body = std::move(body);
  return item;
}

std::string sql_of_source(const catalog::Catalog& catalog, const catalog::Item& item,
                          bool redacted) {
  const catalog::Source& source = body_of(item);
  switch (source.kind) {
    case catalog::Source::Kind::postgres:
      return primary_sql(catalog, item, redacted);
    case catalog::Source::Kind::subsource:
      return subsource_sql(catalog, item, catalog.item(source.parent), export_of(item));
    case catalog::Source::Kind::progress:
      return fmt::format("CREATE SUBSOURCE {} (lsn uint8) WITH (PROGRESS = true)",
                         grammar::print(catalog.object_name(item)));
    default:
      throw unsupported("SHOW CREATE of this kind of source");
  }
}

}  // namespace tailrace::engine
