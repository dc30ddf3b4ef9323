// Optimized plans as text.
#include <doctest/doctest.h>

#include "engine/optimizer/index_lookup.hpp"
#include "engine/optimizer/optimizer.hpp"
#include "tests/engine/binder/database.hpp"

namespace tailrace::engine::testing {

TEST_CASE("a point select is one node over the table") {
  CHECK(shop().plan("SELECT cat FROM item WHERE 7 = id") == R"(
Project (#1)
  Filter (#0 = 7)
    ReadStorage materialize.public.item
)");
}

TEST_CASE("literal equalities look up an index") {
  const Database& database = shop();
  const auto lookup = [&](const std::string& where) {
    const BoundQuery query = database.bind("SELECT * FROM item WHERE " + where);
    const PlanPtr plan = optimize(query.plan);
    const auto* node = std::get_if<plan::MapFilterProject>(&plan->node);
    REQUIRE(node != nullptr);
    return match_index(*node, {column(0, TypeId::int4, false)});
  };
  CHECK(lookup("id = 3").value().keys.size() == 1);
  CHECK(lookup("id = 3 AND price > 2").value().rest.predicates.size() == 1);
  CHECK(lookup("id IN (1, 2, 1)").value().keys.size() == 2);
  CHECK(lookup("id = 3::int8").value().keys.size() == 1);
  CHECK(lookup("id = 1 AND id = 2").value().keys.empty());
  CHECK(!lookup("id > 3"));
  CHECK(!lookup("id = 3 OR price = 4"));
}

TEST_CASE("joins are flat, with predicates at their inputs") {
  CHECK(shop().plan(
            "SELECT i.id, c.label FROM item i JOIN cat c ON i.cat = c.id JOIN hot h ON h.id = i.id "
            "WHERE c.id = 2") == R"(
Project (#0, #3)
  Join on=(#1 = #2 AND #4 = #0)
    Project (#0, #1)
      Filter (#1 = 2)
        ReadStorage materialize.public.item
    Filter (#0 = 2)
      ReadStorage materialize.public.cat
    Project (#0)
      ReadStorage materialize.public.hot
)");
}

TEST_CASE("a global aggregate has its default row") {
  CHECK(shop().plan("SELECT max(score) FROM hot") == R"(
With
  cte l0 =
    Reduce aggregates=[max(#0)]
      Project (#1)
        ReadStorage materialize.public.hot
Return
  Union
    Get l0
    Map (null)
      Union
        Negate
          Project ()
            Get l0
        Constant
          - ()
)");
}

}  // namespace tailrace::engine::testing
