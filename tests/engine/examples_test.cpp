// Every example in the tables of builtins is a promise: "lower('AB') = 'ab'" is true. Examples of
// functions that ask the session or the catalog are run by the SQL tests.
#include <optional>
#include <string>

#include "engine/binder/binder.hpp"
#include "engine/functions/aggregate.hpp"
#include "engine/functions/function.hpp"
#include "engine/functions/table_function.hpp"
#include "grammar/parser.hpp"
#include "tests/engine/plans.hpp"

namespace tailrace::engine {

namespace {

// "t" if the query gives one row that is true, else what went wrong.
std::string outcome(const std::string& sql) {
  try {
    static const catalog::Catalog catalog;
    BindContext context{.catalog = catalog};
    const ast::Statement statement = grammar::parse_statement(sql);
    const auto* select = std::get_if<ast::SelectStatement>(&statement.node);
    if (select == nullptr) return "not a query";
    const BoundQuery query = bind_query(select->query, context);
    by_hand::Inputs inputs;
    const auto lines = by_hand::run(query.plan, query.finishing, inputs);
    return lines.empty() ? "no row" : lines.front();
  } catch (const SqlError& error) {
    return "ERROR: " + error.message();
  }
}

// "f(x) over (1), (2) = 3" is about the aggregate over these rows.
std::string aggregate_query(std::string_view example) {
  const std::size_t over = example.find(" over ");
  const std::size_t equal = example.rfind(" = ");
  REQUIRE(over != std::string_view::npos);
  return "SELECT (SELECT " + std::string(example.substr(0, over)) + " FROM (VALUES " +
         std::string(example.substr(over + 6, equal - over - 6)) + ") AS v(x))" +
         std::string(example.substr(equal));
}

// "f(1) = (1), (2)" says what rows there are.
std::string table_query(std::string_view example) {
  const std::size_t equal = example.find(") = (") + 1;
  const std::string call(example.substr(0, equal));
  std::string values(example.substr(equal + 3));
  std::size_t columns = 1;
  for (const char c : values.substr(0, values.find(')')))
    columns += c == ',' && values.find('{') > values.find(')');
  const std::string row = columns == 1 ? "v.column1::text" : "v::text";
  const std::string left = "SELECT t::text FROM " + call + " AS t";
  const std::string right = "SELECT " + row + " FROM (VALUES " + values + ") AS v";
  return "SELECT NOT EXISTS (" + left + " EXCEPT ALL " + right + ") AND NOT EXISTS (" + right +
         " EXCEPT ALL " + left + ")";
}

}  // namespace

TEST_CASE("every function does what its example says") {
  for (const Function* function : all_functions()) {
    if (function->example.empty() || function->volatility != Volatility::immutable) continue;
    const std::string example(function->example);
    CAPTURE(example);
    CHECK(outcome("SELECT " + example) == "true");
  }
}

TEST_CASE("every aggregate does what its example says") {
  for (const AggregateFunction* function : all_aggregates()) {
    if (function->example.empty()) continue;
    const std::string sql = aggregate_query(function->example);
    CAPTURE(sql);
    CHECK(outcome(sql) == "true");
  }
}

TEST_CASE("every table function does what its example says") {
  for (const TableFunction* function : all_table_functions()) {
    if (function->example.empty()) continue;
    const std::string sql = table_query(function->example);
    CAPTURE(sql);
    CHECK(outcome(sql) == "true");
  }
}

}  // namespace tailrace::engine
