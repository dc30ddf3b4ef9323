#include "tests/slt/both_ways.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "grammar/parser.hpp"
#include "grammar/printer.hpp"

namespace tailrace::slt {

namespace {

constexpr std::string_view database = "both_ways";

using Rows = std::vector<std::vector<std::string>>;

Rows sorted(Rows rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::string show(const Rows& rows) {
  std::string text;
  for (const auto& row : rows) {
    text += "   ";
    for (const auto& value : row) text += " " + value;
    text += "\n";
  }
  return text.empty() ? "    (no rows)\n" : text;
}

std::string without_semicolon(std::string sql) {
  while (!sql.empty() && (sql.back() == '\n' || sql.back() == ';' || sql.back() == ' '))
    sql.pop_back();
  return sql;
}

std::string create_database(engine::Environment& environment) {
  Connection(environment, "materialize").run(fmt::format("CREATE DATABASE {}", database));
  return std::string(database);
}

}  // namespace

BothWays::BothWays(engine::Environment& environment)
    : connection_(environment, create_database(environment)) {}

void BothWays::follow(const std::string& sql) {
  for (const auto& statement : grammar::parse_statements(sql)) {
    const auto& node = statement.statement.node;
    if (const auto* table = std::get_if<ast::CreateTable>(&node)) {
      if (table->name.parts.size() == 1) tables_.insert(grammar::print(table->name));
    } else if (const auto* drop = std::get_if<ast::Drop>(&node)) {
      const bool relation =
          drop->kind == ast::ObjectKind::table || drop->kind == ast::ObjectKind::view ||
          drop->kind == ast::ObjectKind::materialized_view ||
          drop->kind == ast::ObjectKind::index || drop->kind == ast::ObjectKind::type;
      if (!relation) continue;
      for (const auto& name : drop->names) tables_.erase(grammar::print(name));
    } else if (!std::holds_alternative<ast::CreateView>(node) &&
               !std::holds_alternative<ast::CreateMaterializedView>(node) &&
               !std::holds_alternative<ast::CreateIndex>(node) &&
               !std::holds_alternative<ast::CreateType>(node) &&
               !std::holds_alternative<ast::Rename>(node)) {
      continue;
    }
    connection_.run(statement.text);
  }
}

// Rows, or the error in their place: where the query fails, the maintained view must too.
Rows BothWays::outcome_of(const std::string& sql) {
  try {
    return sorted(connection_.run(sql).rows);
  } catch (const SqlError& error) {
    return {{"error: " + error.message()}};
  }
}

std::string BothWays::compare(const std::string& query, std::string_view step) {
  const Rows once = outcome_of(query);
  const Rows maintained = outcome_of("SELECT * FROM " + view_);
  if (once == maintained) return "";
  return fmt::format("  {}, the query gives\n{}  and the maintained view holds\n{}", step, show(once), show(maintained));
}

std::string BothWays::check_steps(const std::string& query, const Rows& expected) {
  const auto fill = [&] {
    for (const auto& table : tables_) {
      connection_.run(fmt::format("INSERT INTO {0} SELECT * FROM materialize.public.{0}", table));
    }
  };
  if (auto problem = compare(query, "over empty tables"); !problem.empty()) return problem;
  fill();
  if (auto problem = compare(query, "over filled tables"); !problem.empty()) return problem;
  fill();
  if (auto problem = compare(query, "over tables filled twice"); !problem.empty()) return problem;
  for (const auto& table : tables_) {
    // About half of the rows, whatever their columns: by the length of the row as text.
    connection_.run(fmt::format("DELETE FROM {0} WHERE length(ROW({0}.*)::text) % 2 = 0", table));
  }
  if (auto problem = compare(query, "over partly deleted tables"); !problem.empty()) return problem;
  for (const auto& table : tables_) connection_.run("DELETE FROM " + table);
  if (auto problem = compare(query, "over emptied tables"); !problem.empty()) return problem;
  fill();
  const Rows maintained = sorted(connection_.run("SELECT * FROM " + view_).rows);
  if (maintained == sorted(expected)) return "";
  return fmt::format("  once, the query gives\n{}  and the maintained view holds at the end\n{}",
                     show(sorted(expected)), show(maintained));
}

std::string BothWays::check(const std::string& sql, std::size_t columns, const Rows& expected) {
  const std::string query = without_semicolon(sql);
  view_ = fmt::format("both_ways_{}", ++views_);
  std::string problem;
  try {
    std::string names;
    for (std::size_t i = 1; i <= columns; ++i) names += (i > 1 ? ", c" : "c") + std::to_string(i);
    connection_.run(fmt::format("CREATE MATERIALIZED VIEW {} ({}) AS {}", view_, names, query));
    problem = check_steps(query, expected);
  } catch (const SqlError& error) {
    problem = fmt::format("  as a maintained view: error: {} {}\n", error.state().view(),
                          error.message());
  }
  try {
    connection_.run("DROP MATERIALIZED VIEW IF EXISTS " + view_);
    for (const auto& table : tables_) connection_.run("DELETE FROM " + table);
  } catch (const SqlError& error) {
    problem += fmt::format("  cannot clean up: {}\n", error.message());
  }
  return problem;
}

}  // namespace tailrace::slt
