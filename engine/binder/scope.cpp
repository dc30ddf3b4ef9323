#include "engine/binder/scope.hpp"

#include <algorithm>

#include "grammar/printer.hpp"

namespace tailrace::engine {

namespace {

std::string dotted(const std::vector<ast::Ident>& parts) {
  std::string text;
  for (const ast::Ident& part : parts) text += (text.empty() ? "" : ".") + part.value;
  return text;
}

std::string in_quotes(std::string_view name) {
  return "\"" + std::string(name) + "\"";
}

// Whether `t`, `s.t` or `d.s.t` (the first `count` parts) names the table.
bool names_table(const ScopeTable& table, const std::vector<ast::Ident>& parts, std::size_t count) {
  if (count == 0 || count > 3 || table.name.empty() || parts[count - 1].value != table.name)
    return false;
  if (count >= 2 && parts[count - 2].value != table.schema) return false;
  return count < 3 || parts[count - 3].value == table.database;
}

std::vector<int> tables_named(const Scope& scope, const std::vector<ast::Ident>& parts,
                              std::size_t count) {
  std::vector<int> found;
  for (std::size_t i = 0; i < scope.tables.size(); ++i) {
    if (names_table(scope.tables[i], parts, count)) found.push_back(static_cast<int>(i));
  }
  return found;
}

std::vector<ScopeColumn> columns_of(const Scope& scope, int table) {
  std::vector<ScopeColumn> columns;
  for (const ScopeColumn& column : scope.columns) {
    if (column.table == table) columns.push_back(column);
  }
  std::sort(columns.begin(), columns.end(),
            [](const auto& a, const auto& b) { return a.index < b.index; });
  return columns;
}

[[noreturn]] void throw_unknown_column(const Scope& scope, const std::vector<ast::Ident>& parts,
                                       std::uint32_t position) {
  std::vector<std::string> names;
  for (const Scope* level = &scope; level != nullptr; level = level->outer) {
    if (!level->visible) continue;
    for (const ScopeColumn& column : level->columns) {
      if (parts.size() == 1) {
        if (!column.only_qualified) names.push_back(column.name);
      } else if (column.table >= 0 &&
                 names_table(level->tables[static_cast<std::size_t>(column.table)], parts,
                             parts.size() - 1)) {
        names.push_back(column.name);
      }
    }
  }
  SqlError error(sqlstate::undefined_column,
                 "column " + in_quotes(dotted(parts)) + " does not exist");
  error.position(position);
  if (std::string hint = similar_names_hint(parts.back().value, names); !hint.empty())
    error.hint(std::move(hint));
  throw error;
}

bound::ExpressionPtr resolve_qualified(const Scope& scope, const std::vector<ast::Ident>& parts,
                                       std::uint32_t position) {
  int level = 0;
  for (const Scope* at = &scope; at != nullptr; at = at->outer, ++level) {
    if (!at->visible) continue;
    const std::vector<int> tables = tables_named(*at, parts, parts.size() - 1);
    if (tables.empty()) continue;
    const ScopeColumn* found = nullptr;
    for (const ScopeColumn& column : at->columns) {
      if (column.name != parts.back().value) continue;
      if (std::find(tables.begin(), tables.end(), column.table) == tables.end()) continue;
      if (found != nullptr) {
        const bool same_table = found->table == column.table;
        throw SqlError(sqlstate::ambiguous_column,
                       same_table ? "column reference " + in_quotes(dotted(parts)) + " is ambiguous"
                                  : "table reference " + in_quotes(parts[parts.size() - 2].value) +
                                        " is ambiguous")
            .position(position);
      }
      found = &column;
    }
    if (found == nullptr) throw_unknown_column(scope, parts, position);
    return reference(*found, level, position);
  }
  throw_unknown_column(scope, parts, position);
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return result;
}

}  // namespace

Scope scope_of(ScopeTable table, const std::vector<std::string>& names,
               const bound::Relation& relation) {
  Scope scope;
  scope.tables.push_back(std::move(table));
  for (std::size_t i = 0; i < names.size(); ++i) {
    scope.columns.push_back({.name = names[i],
                             .table = 0,
                             .index = static_cast<int>(i),
                             .type = relation.types[i],
                             .nullable = relation.nullable[i]});
  }
  return scope;
}

Scope side_by_side(const Scope& left, const Scope& right, int left_width) {
  Scope scope = left;
  const int tables = static_cast<int>(left.tables.size());
  scope.tables.insert(scope.tables.end(), right.tables.begin(), right.tables.end());
  for (ScopeColumn column : right.columns) {
    if (column.table >= 0) column.table += tables;
    column.index += left_width;
    scope.columns.push_back(std::move(column));
  }
  return scope;
}

void check_no_duplicate_tables(const Scope& scope, std::uint32_t position) {
  for (std::size_t i = 0; i < scope.tables.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const ScopeTable& a = scope.tables[i];
      const ScopeTable& b = scope.tables[j];
      if (a.name.empty() || a.name != b.name || a.schema != b.schema || a.database != b.database)
        continue;
      throw SqlError(sqlstate::duplicate_alias,
                     "table name " + in_quotes(a.name) + " specified more than once")
          .position(position);
    }
  }
}

bound::ExpressionPtr reference(const ScopeColumn& column, int level, std::uint32_t position) {
  return bound::column(level, column.index, column.type, column.nullable, position);
}

const ScopeColumn* find_column(const Scope& scope, const ast::Ident& name) {
  const ScopeColumn* found = nullptr;
  for (const ScopeColumn& column : scope.columns) {
    if (column.only_qualified || column.name != name.value) continue;
    if (found != nullptr) {
      throw SqlError(sqlstate::ambiguous_column,
                     "column reference " + in_quotes(name.value) + " is ambiguous")
          .position(name.position);
    }
    found = &column;
  }
  return found;
}

bound::ExpressionPtr resolve_column(const Scope& scope, const std::vector<ast::Ident>& parts,
                                    std::uint32_t position) {
  if (parts.size() > 1) return resolve_qualified(scope, parts, position);
  int level = 0;
  for (const Scope* at = &scope; at != nullptr; at = at->outer, ++level) {
    if (!at->visible) continue;
    if (const ScopeColumn* found = find_column(*at, parts[0]))
      return reference(*found, level, position);
  }
  level = 0;
  for (const Scope* at = &scope; at != nullptr; at = at->outer, ++level) {
    if (!at->visible) continue;
    const std::vector<int> tables = tables_named(*at, parts, 1);
    if (tables.size() > 1) {
      throw SqlError(sqlstate::duplicate_alias,
                     "table reference " + in_quotes(parts[0].value) + " is ambiguous")
          .position(position);
    }
    if (tables.empty()) continue;
    const std::vector<ScopeColumn> columns = columns_of(*at, tables[0]);
    if (at->tables[static_cast<std::size_t>(tables[0])].is_value && !columns.empty()) {
      return reference(columns[0], level, position);
    }
    return row_of(columns, level, position);
  }
  throw_unknown_column(scope, parts, position);
}

StarColumns resolve_star(const Scope& scope, const std::vector<ast::Ident>& qualifier,
                         std::uint32_t position) {
  if (qualifier.empty()) {
    StarColumns star;
    for (const ScopeColumn& column : scope.columns) {
      if (!column.only_qualified) star.columns.push_back(column);
    }
    return star;
  }
  int level = 0;
  for (const Scope* at = &scope; at != nullptr; at = at->outer, ++level) {
    if (!at->visible) continue;
    const std::vector<int> tables = tables_named(*at, qualifier, qualifier.size());
    if (tables.empty()) continue;
    if (tables.size() > 1) {
      throw SqlError(sqlstate::duplicate_alias,
                     "table reference " + in_quotes(qualifier.back().value) + " is ambiguous")
          .position(position);
    }
    return {.columns = columns_of(*at, tables[0]), .level = level};
  }
  throw SqlError(sqlstate::undefined_table, "no table named '" + dotted(qualifier) + "' in scope")
      .position(position);
}

bound::ExpressionPtr row_of(const std::vector<ScopeColumn>& columns, int level,
                            std::uint32_t position) {
  bound::Expressions fields;
  std::vector<RecordField> types;
  for (const ScopeColumn& column : columns) {
    fields.push_back(reference(column, level, position));
    types.push_back({column.name, column.type});
  }
  return bound::make({.type = Type::record_of(std::move(types)),
                      .nullable = false,
                      .node = bound::Row{},
                      .operands = std::move(fields),
                      .position = position});
}

std::string similar_names_hint(std::string_view wanted, const std::vector<std::string>& names) {
  std::vector<std::string> similar;
  for (const std::string& name : names) {
    const bool close =
        edit_distance(lower(wanted), lower(name)) * 3 <= std::min(wanted.size(), name.size());
    if (close && std::find(similar.begin(), similar.end(), name) == similar.end())
      similar.push_back(name);
  }
  if (similar.empty()) return "";
  if (similar.size() == 1) {
    return "The similarly named column " + in_quotes(similar[0]) + " does exist." +
           (lower(similar[0]) != similar[0]
                ? " Make sure to surround case sensitive names in double quotes."
                : "");
  }
  std::string list;
  for (const std::string& name : similar) list += (list.empty() ? "" : ", ") + in_quotes(name);
  return "There are similarly named columns that do exist: " + list +
         ". Make sure to surround case sensitive names in double quotes.";
}

}  // namespace tailrace::engine
