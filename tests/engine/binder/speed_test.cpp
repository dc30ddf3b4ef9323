// How long a prepared point SELECT takes to plan. Prints; fails only where it is far off.
#include <doctest/doctest.h>

#include <chrono>

#include "engine/optimizer/optimizer.hpp"
#include "grammar/parser.hpp"
#include "tests/engine/binder/database.hpp"

namespace tailrace::engine::testing {

TEST_CASE("a point select is planned in well under a millisecond") {
  const ast::Statement statement =
      grammar::parse_statement("SELECT id, price FROM item WHERE id = $1");
  const ast::Query& query = std::get<ast::SelectStatement>(statement.node).query;
  const Database& database = shop();
  constexpr int rounds = 200;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < rounds; ++i) {
    BindContext context = database.context();
    ParameterTypes parameters;
    context.parameters = &parameters;
    BoundQuery bound = replace_parameters(bind_query(query, context), {Value(std::int32_t{i})});
    CHECK(optimize(bound.plan)->types.size() == 2);
  }
  const auto passed = std::chrono::steady_clock::now() - start;
  const auto each = std::chrono::duration_cast<std::chrono::microseconds>(passed).count() / rounds;
  MESSAGE("planned in ", each, " microseconds");
  CHECK(each < 20'000);
}

}  // namespace tailrace::engine::testing
