#include "replication/postgres/table_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "replication/postgres/upstream_types.hpp"

namespace tailrace::replication {
namespace {

template <class Offends>
std::set<std::string> names_of(const SelectedTables& tables, Offends offends) {
  std::set<std::string> names;
  for (const PublishedTable* table : tables) {
    if (offends(*table)) names.insert(qualified_name(table->table));
  }
  return names;
}

// The columns of the collection that identify a row: the primary key, else a UNIQUE of columns that
// are NOT NULL. A key with a column that is not ingested is none.
std::vector<int> key_of(const TableExport& made) {
  for (const bool primary : {true, false}) {
    for (const UpstreamKey& key : made.upstream.keys) {
      if (key.primary != primary) continue;
      std::vector<int> columns;
      for (const std::int16_t number : key.attribute_numbers) {
        for (std::size_t i = 0; i < made.column_map.size(); ++i) {
          const UpstreamColumn& column =
              made.upstream.columns[static_cast<std::size_t>(made.column_map[i])];
          if (column.attribute_number == number && column.not_null)
            columns.push_back(static_cast<int>(i));
        }
      }
      if (!columns.empty() && columns.size() == key.attribute_numbers.size()) return columns;
    }
  }
  return {};
}

// Only keys all of whose columns are ingested are held against later changes.
void forget_partial_keys(TableExport& made) {
  std::erase_if(made.upstream.keys, [&](const UpstreamKey& key) {
    return std::any_of(
        key.attribute_numbers.begin(), key.attribute_numbers.end(), [&](std::int16_t number) {
          return std::none_of(made.column_map.begin(), made.column_map.end(), [&](int index) {
            return made.upstream.columns[static_cast<std::size_t>(index)].attribute_number ==
                   number;
          });
        });
  });
  // A UNIQUE that allows NULLs is no key here, so its loss is none either.
  std::erase_if(made.upstream.keys, [&](const UpstreamKey& key) {
    return std::any_of(
        key.attribute_numbers.begin(), key.attribute_numbers.end(), [&](std::int16_t number) {
          return std::any_of(made.upstream.columns.begin(), made.upstream.columns.end(),
                             [&](const UpstreamColumn& column) {
                               return column.attribute_number == number && !column.not_null;
                             });
        });
  });
}

// All these columns are in the export.
bool is_ingested(const PublishedTable& published, const SelectedTable& selected,
                 const std::vector<std::int16_t>& numbers) {
  return std::ranges::all_of(numbers, [&](std::int16_t number) {
    for (std::size_t i = 0; i < published.table.columns.size(); ++i) {
      const UpstreamColumn& column = published.table.columns[i];
      if (column.attribute_number == number)
        return !column.generated && !selected.excluded_columns.contains(i);
    }
    return false;
  });
}

// The columns of the collection with these attribute numbers.
std::vector<int> columns_of(const TableExport& made, const std::vector<std::int16_t>& numbers) {
  std::vector<int> columns;
  for (const std::int16_t number : numbers) {
    for (std::size_t i = 0; i < made.column_map.size(); ++i) {
      const auto upstream = static_cast<std::size_t>(made.column_map[i]);
      if (made.upstream.columns[upstream].attribute_number == number)
        columns.push_back(static_cast<int>(i));
    }
  }
  return columns;
}

// Of the columns that are ingested as text.
EnumLabels labels_of(const PublishedTable& published, const SelectedTable& selected) {
  EnumLabels labels;
  if (!published.labels) return labels;
  for (const std::size_t column : selected.text_columns) {
    const auto found = published.labels->find(published.table.columns[column].type_oid);
    if (found != published.labels->end()) labels.insert(found->second.begin(), found->second.end());
  }
  return labels;
}

}  // namespace

void check_privileges(const SelectedTables& tables) {
  std::set<std::string> schemas;
  for (const PublishedTable* table : tables) {
    if (!table->may_use_schema) schemas.insert(quote_identifier_if_needed(table->table.schema));
  }
  if (!schemas.empty()) {
    throw SqlError(sqlstate::insufficient_privilege, "insufficient privileges")
        .detail(
            fmt::format("user lacks USAGE privileges for schemas {}", fmt::join(schemas, ", ")));
  }
  const auto names =
      names_of(tables, [](const PublishedTable& table) { return !table.may_select; });
  if (!names.empty()) {
    throw SqlError(sqlstate::insufficient_privilege, "insufficient privileges")
        .detail(fmt::format("user lacks SELECT privileges for tables {}", fmt::join(names, ", ")));
  }
}

void check_row_level_security(const SelectedTables& tables) {
  const auto names =
      names_of(tables, [](const PublishedTable& table) { return table.policies_apply; });
  if (names.empty()) return;
  throw SqlError(sqlstate::insufficient_privilege, "one or more tables requires BYPASSRLS")
      .detail(fmt::format("tables with row-level security that applies to the user: {}",
                          fmt::join(names, ", ")))
      .hint("Give the user the attribute BYPASSRLS, or drop the policies that apply to it.");
}

void check_row_filters(const SelectedTables& tables) {
  const auto names =
      names_of(tables, [](const PublishedTable& table) { return table.has_row_filter; });
  if (names.empty()) return;
  throw unsupported("a publication with row filters")
      .detail(fmt::format("tables with a row filter: {}", fmt::join(names, ", ")));
}

void check_replica_identity(const std::vector<PublishedTable>& publication,
                            const std::vector<SelectedTable>& selected) {
  std::set<std::string> names;
  std::set<std::string> key_excluded;
  for (const SelectedTable& table : selected) {
    const PublishedTable& published = publication[table.published];
    const std::string name = qualified_name(published.table);
    if (published.kind == 'r' && published.table.replica_identity == 'f') continue;
    if (published.kind == 'r' && !published.identity.empty()) {
      if (is_ingested(published, table, published.identity)) continue;
      key_excluded.insert(name);
    }
    names.insert(name);
  }
  if (names.empty()) return;
  std::vector<std::string> statements;
  for (const std::string& name : names) {
    statements.push_back(fmt::format("ALTER TABLE {} REPLICA IDENTITY FULL;", name));
  }
  std::string detail = fmt::format("referenced items: {}", fmt::join(names, ", "));
  if (!key_excluded.empty()) {
    detail += fmt::format("\nColumns of the replica identity are excluded: {}",
                          fmt::join(key_excluded, ", "));
  }
  throw SqlError(sqlstate::object_not_in_prerequisite_state,
                 "referenced items not tables with REPLICA IDENTITY FULL")
      .detail(std::move(detail))
      .hint(fmt::format("For ordinary tables, run upstream: {} A primary key, or REPLICA IDENTITY "
                        "USING INDEX, serves as well if its columns are ingested.",
                        fmt::join(statements, " ")));
}

std::vector<TableExport> make_exports(const std::vector<PublishedTable>& publication,
                                      const std::vector<SelectedTable>& selected,
                                      bool bare_columns) {
  std::vector<TableExport> exports;
  std::vector<std::string> unsupported_columns;
  std::vector<std::string> as_text_columns;  // what TEXT COLUMNS would have to name
  for (const SelectedTable& table : selected) {
    const PublishedTable& published = publication[table.published];
    TableExport made;
    made.upstream = published.table;
    for (std::size_t i = 0; i < made.upstream.columns.size(); ++i) {
      const UpstreamColumn& column = made.upstream.columns[i];
      if (column.generated || table.excluded_columns.contains(i)) continue;
      const bool as_text = table.text_columns.contains(i);
      const auto reference = [&] {
        const std::string name = quote_identifier_if_needed(column.name);
        return bare_columns ? name : qualified_name(made.upstream) + "." + name;
      };
      if (as_text) as_text_columns.push_back(reference());
      const std::optional<Type> type =
          as_text ? Type(TypeId::text) : ingested_type(column.type_oid, column.type_modifier);
      if (!type) {
        unsupported_columns.push_back(fmt::format(
            "table {} contains column {} of type {} which Tailrace cannot currently ingest",
            qualified_name(made.upstream), quote_identifier_if_needed(column.name),
            published.type_names[i]));
        as_text_columns.push_back(reference());
        continue;
      }
      made.schema.columns.push_back(
          {.name = column.name, .type = *type, .nullable = !column.not_null});
      made.column_map.push_back(static_cast<int>(i));
      made.as_text.push_back(as_text);
    }
    made.labels = labels_of(published, table);
    forget_partial_keys(made);
    std::erase_if(made.upstream.keys,
                  [&](const UpstreamKey& key) { return table.excluded_keys.contains(key.oid); });
    // Where old rows are found by a key, the collection is kept in its order.
    made.key = published.table.replica_identity == 'f' ? key_of(made)
                                                       : columns_of(made, published.identity);
    exports.push_back(std::move(made));
  }
  if (!unsupported_columns.empty()) {
    throw SqlError(sqlstate::feature_not_supported, "referenced tables use unsupported types")
        .detail(fmt::format("{}", fmt::join(unsupported_columns, "\n")))
        .hint(fmt::format("To ingest them as text, say TEXT COLUMNS ({}). EXCLUDE COLUMNS leaves "
                          "columns out.",
                          fmt::join(as_text_columns, ", ")));
  }
  return exports;
}

}  // namespace tailrace::replication
