#include "replication/postgres/references.hpp"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <map>

namespace tailrace::replication {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts)
    text += (text.empty() ? "" : ".") + quote_identifier_if_needed(part);
  return text;
}

// "database.schema.table".
std::string full_name(const PurificationRequest& request, const UpstreamTable& table) {
  return quote_identifier_if_needed(request.connection.database) + "." + qualified_name(table);
}

bool matches(const PurificationRequest& request, const std::vector<std::string>& name,
             const UpstreamTable& table) {
  switch (name.size()) {
    case 1:
      return name[0] == table.name;
    case 2:
      return name[0] == table.schema && name[1] == table.name;
    case 3:
      return name[0] == request.connection.database && name[1] == table.schema &&
             name[2] == table.name;
    default:
      return false;
  }
}

// The one table of the publication with this name.
std::size_t find_table(const PurificationRequest& request,
                       const std::vector<PublishedTable>& publication,
                       const std::vector<std::string>& name, std::uint32_t position) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < publication.size(); ++i) {
    if (matches(request, name, publication[i].table)) found.push_back(i);
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    throw SqlError(sqlstate::undefined_table,
                   fmt::format("reference to {} not found in source", joined(name)))
        .position(position);
  }
  throw SqlError(
      sqlstate::ambiguous_column,
      fmt::format("reference to {} is ambiguous, consider specifying an additional layer of "
                  "qualification",
                  joined(name)))
      .position(position);
}

// The object to be made from a selected table.
std::vector<std::string> object_name(const PurificationRequest& request,
                                     const std::vector<PublishedTable>& publication,
                                     const SelectedTable& table) {
  if (request.selection == PurificationRequest::Selection::tables) {
    const std::vector<std::string>& alias = request.tables[table.reference].alias;
    if (!alias.empty()) return alias;
  }
  return {publication[table.published].table.name};
}

// Two objects of one name cannot be made.
void check_same_names(const PurificationRequest& request,
                      const std::vector<PublishedTable>& publication,
                      const std::vector<SelectedTable>& selected) {
  std::map<std::vector<std::string>, std::vector<std::string>> by_name;
  for (const SelectedTable& table : selected) {
    by_name[object_name(request, publication, table)].push_back(
        full_name(request, publication[table.published].table));
  }
  for (auto& [name, tables] : by_name) {
    if (tables.size() < 2) continue;
    std::sort(tables.begin(), tables.end());
    throw SqlError(sqlstate::duplicate_object,
                   fmt::format("multiple subsources would be named {}", joined(name)))
        .detail(fmt::format("referenced tables with duplicate name: {}", fmt::join(tables, ", ")));
  }
}

// One upstream table feeds at most one subsource of a source.
void check_same_tables(const PurificationRequest& request,
                       const std::vector<PublishedTable>& publication,
                       const std::vector<SelectedTable>& selected) {
  std::map<std::size_t, std::vector<std::string>> by_table;
  for (const SelectedTable& table : selected) {
    by_table[table.published].push_back(joined(object_name(request, publication, table)));
  }
  for (auto& [published, names] : by_table) {
    if (names.size() < 2) continue;
    std::sort(names.begin(), names.end());
    throw SqlError(sqlstate::duplicate_object,
                   fmt::format("multiple subsources refer to table {}",
                               full_name(request, publication[published].table)))
        .detail(fmt::format("subsources referencing table: {}", fmt::join(names, ", ")));
  }
}

std::vector<SelectedTable> tables_of_schemas(const PurificationRequest& request,
                                             const std::vector<PublishedTable>& publication) {
  std::vector<std::string> empty;
  for (const std::string& schema : request.schemas) {
    const bool contributes =
        std::any_of(publication.begin(), publication.end(),
                    [&](const auto& published) { return published.table.schema == schema; });
    if (!contributes) empty.push_back("\"" + schema + "\"");
  }
  if (!empty.empty()) {
    throw SqlError(
        sqlstate::undefined_schema,
        fmt::format("no tables found in referenced schemas: {}", fmt::join(empty, ", ")));
  }
  std::vector<SelectedTable> selected;
  for (std::size_t i = 0; i < publication.size(); ++i) {
    const auto& schemas = request.schemas;
    if (std::find(schemas.begin(), schemas.end(), publication[i].table.schema) != schemas.end()) {
      selected.push_back({.published = i});
    }
  }
  return selected;
}

// Resolves the entries of one option into a set of each selected table.
class ColumnOption {
 public:
  ColumnOption(const PurificationRequest& request, const std::vector<PublishedTable>& publication,
               std::string_view option)
      : request_(request), publication_(publication), option_(option) {}

  void resolve(const std::vector<ColumnReference>& references, std::vector<SelectedTable>& selected,
               std::set<std::size_t> SelectedTable::*member) {
    std::set<std::string> not_added;
    for (const ColumnReference& reference : references) {
      std::vector<std::string> table_name(reference.name.begin(), reference.name.end() - 1);
      if (request_.bare_columns) {
        if (!table_name.empty()) throw no_such_column(reference, joined(table_name));
        for (SelectedTable& table : selected) add(reference, table, member);
        continue;
      }
      if (table_name.empty()) {
        throw SqlError(
            sqlstate::invalid_parameter_value,
            fmt::format("invalid {} option value: column name '{}' must have at least a table "
                        "qualification",
                        option_, reference.name.back()))
            .position(reference.position);
      }
      const std::size_t published =
          find_table(request_, publication_, table_name, reference.position);
      const auto is_it = [&](const SelectedTable& table) { return table.published == published; };
      if (std::none_of(selected.begin(), selected.end(), is_it)) {
        not_added.insert(qualified_name(publication_[published].table));
        continue;
      }
      for (SelectedTable& table : selected) {
        if (is_it(table)) add(reference, table, member);
      }
    }
    if (!not_added.empty()) {
      throw SqlError(sqlstate::invalid_parameter_value,
                     fmt::format("{} refers to table not currently being added", option_))
          .detail(fmt::format("the following tables are referenced but not added: {}",
                              fmt::join(not_added, ", ")));
    }
  }

 private:
  void add(const ColumnReference& reference, SelectedTable& table,
           std::set<std::size_t> SelectedTable::*member) {
    const UpstreamTable& upstream = publication_[table.published].table;
    const std::string& name = reference.name.back();
    const auto found =
        std::find_if(upstream.columns.begin(), upstream.columns.end(),
                     [&](const UpstreamColumn& column) { return column.name == name; });
    if (found == upstream.columns.end()) {
      SqlError error = no_such_column(reference, upstream.name);
      for (const UpstreamColumn& column : upstream.columns) {
        if (::strcasecmp(column.name.c_str(), name.c_str()) == 0) {
          error.hint(fmt::format("The similarly named column \"{}.{}\" does exist.", upstream.name,
                                 column.name));
          break;
        }
      }
      throw error;
    }
    const auto index = static_cast<std::size_t>(found - upstream.columns.begin());
    if (!(table.*member).insert(index).second) {
      throw SqlError(
          sqlstate::invalid_parameter_value,
          fmt::format("invalid {} option value: unexpected multiple references to {}.{}", option_,
                      full_name(request_, upstream), quote_identifier_if_needed(name)))
          .position(reference.position);
    }
  }

  SqlError no_such_column(const ColumnReference& reference, const std::string& table) const {
    return SqlError(sqlstate::undefined_column,
                    fmt::format("invalid {} option value: column \"{}.{}\" does not exist", option_,
                                table, reference.name.back()))
        .position(reference.position);
  }

  const PurificationRequest& request_;
  const std::vector<PublishedTable>& publication_;
  std::string_view option_;
};

}  // namespace

std::vector<SelectedTable> resolve_tables(const PurificationRequest& request,
                                          const std::vector<PublishedTable>& publication) {
  using Selection = PurificationRequest::Selection;
  std::vector<SelectedTable> selected;
  switch (request.selection) {
    case Selection::none:
      return selected;
    case Selection::all_tables:
      for (std::size_t i = 0; i < publication.size(); ++i) selected.push_back({.published = i});
      break;
    case Selection::schemas:
      selected = tables_of_schemas(request, publication);
      break;
    case Selection::tables:
      for (std::size_t i = 0; i < request.tables.size(); ++i) {
        const TableReference& reference = request.tables[i];
        selected.push_back(
            {.published = find_table(request, publication, reference.name, reference.position),
             .reference = i});
      }
      break;
  }
  check_same_tables(request, publication, selected);
  check_same_names(request, publication, selected);
  return selected;
}

void resolve_columns(const PurificationRequest& request,
                     const std::vector<PublishedTable>& publication,
                     std::vector<SelectedTable>& selected) {
  ColumnOption(request, publication, "TEXT COLUMNS")
      .resolve(request.text_columns, selected, &SelectedTable::text_columns);
  ColumnOption(request, publication, "EXCLUDE COLUMNS")
      .resolve(request.exclude_columns, selected, &SelectedTable::excluded_columns);
  for (const SelectedTable& table : selected) {
    std::vector<std::string> both;
    for (const std::size_t column : table.text_columns) {
      if (table.excluded_columns.contains(column)) {
        both.push_back("\"" + publication[table.published].table.columns[column].name + "\"");
      }
    }
    if (!both.empty()) {
      throw SqlError(sqlstate::invalid_parameter_value,
                     fmt::format("duplicated column name references: [{}]", fmt::join(both, ", ")));
    }
  }
}

void resolve_constraints(const PurificationRequest& request,
                         const std::vector<PublishedTable>& publication,
                         std::vector<SelectedTable>& selected) {
  for (SelectedTable& table : selected) {
    const UpstreamTable& upstream = publication[table.published].table;
    if (request.exclude_all_constraints) {
      for (const UpstreamKey& key : upstream.keys) table.excluded_keys.insert(key.oid);
    }
    for (const ConstraintReference& named : request.exclude_constraints) {
      const auto found = std::ranges::find(upstream.keys, named.name, &UpstreamKey::name);
      if (found == upstream.keys.end()) {
        std::vector<std::string> names;
        for (const UpstreamKey& key : upstream.keys) names.push_back("'" + key.name + "'");
        SqlError error(
            sqlstate::invalid_parameter_value,
            fmt::format(
                "invalid EXCLUDE CONSTRAINTS option value: constraint \"{}\" does not exist",
                named.name));
        error.detail(names.empty()
                         ? fmt::format("{} has no primary key and no UNIQUE constraint.",
                                       qualified_name(upstream))
                         : fmt::format("The primary key and UNIQUE constraints of {} are: {}.",
                                       qualified_name(upstream), fmt::join(names, ", ")));
        throw error.position(named.position);
      }
      if (!table.excluded_keys.insert(found->oid).second) {
        throw SqlError(
            sqlstate::invalid_parameter_value,
            fmt::format("unexpected multiple references to constraint \"{}\"", named.name))
            .position(named.position);
      }
    }
  }
}

}  // namespace tailrace::replication
