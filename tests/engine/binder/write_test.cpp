// INSERT, UPDATE, DELETE as plans of rows, and the temporal filters of maintained plans.
#include <doctest/doctest.h>

#include "engine/optimizer/optimizer.hpp"
#include "engine/plan/explain.hpp"
#include "grammar/parser.hpp"
#include "grammar/printer.hpp"
#include "tests/engine/binder/database.hpp"

namespace tailrace::engine::testing {

namespace {

using Lines = std::vector<std::string>;

template <class Statement>
Statement parsed(const std::string& sql) {
  return std::get<Statement>(grammar::parse_statement(sql).node);
}

Lines rows_of(const PlanPtr& plan) {
  BoundQuery query{.plan = optimize(plan)};
  for (std::size_t i = 0; i < plan->types.size(); ++i)
    query.finishing.projection.push_back(static_cast<int>(i));
  return shop().run(query);
}

std::string refused(const std::string& sql) {
  BindContext context = shop().context(Purpose::write);
  try {
    bind_insert(parsed<ast::Insert>(sql), context);
  } catch (const SqlError& error) {
    return error.message();
  }
  return "no error";
}

Lines inserted(const std::string& sql) {
  BindContext context = shop().context(Purpose::write);
  return rows_of(bind_insert(parsed<ast::Insert>(sql), context).plan);
}

std::string maintained(const std::string& sql) {
  BindContext context = shop().context(Purpose::materialized_view);
  const auto statement = parsed<ast::SelectStatement>(sql);
  try {
    return "\n" +
           explain(optimize(bind_relation(statement.query, context).plan, {.maintained = true}));
  } catch (const SqlError& error) {
    return error.message();
  }
}

}  // namespace

TEST_CASE("inserted rows have the table's columns") {
  CHECK(inserted("INSERT INTO item VALUES (1, 2, 3), (4, DEFAULT, '5')") ==
        Lines{"1|2|3", "4|NULL|5"});
  CHECK(inserted("INSERT INTO item (price, id) SELECT id, 7 FROM cat WHERE id = 1") ==
        Lines{"7|NULL|1"});
  CHECK(inserted("INSERT INTO cat SELECT 1, 'x'") == Lines{"1|x"});
  CHECK(refused("INSERT INTO item VALUES (1, 2, 3, 4)") ==
        "INSERT has more expressions than target columns");
  CHECK(refused("INSERT INTO item (id, cat) VALUES (1)") ==
        "INSERT has more target columns than expressions");
  CHECK(refused("INSERT INTO item (idd) VALUES (1)") ==
        "column \"idd\" of relation \"item\" does not exist");
  CHECK(refused("INSERT INTO item (id) VALUES (true)") ==
        "column \"id\" is of type integer but expression is of type boolean");
  CHECK(refused("INSERT INTO dear VALUES (1)") ==
        "cannot insert into view 'materialize.public.dear'");
}

TEST_CASE("updates give old and new rows, deletes the old ones") {
  BindContext context = shop().context(Purpose::write);
  CHECK(rows_of(bind_update(parsed<ast::Update>(
                                "UPDATE item SET price = price + 1, cat = NULL WHERE id = 1"),
                            context)
                    .plan) == Lines{"1|1|10|1|NULL|11"});
  CHECK(rows_of(
            bind_delete(parsed<ast::Delete>("DELETE FROM item WHERE price > 20"), context).plan) ==
        Lines{"3|2|30", "4|NULL|40"});
  CHECK(
      rows_of(bind_delete(parsed<ast::Delete>("DELETE FROM item USING hot WHERE hot.id = item.id"),
                          context)
                  .plan) == Lines{"1|1|10", "3|2|30"});
}

TEST_CASE("temporal filters become intervals") {
  CHECK(maintained("SELECT id FROM item WHERE mz_now() < price AND mz_now() >= id") == R"(
Project (#0)
  Filter (mz_now() >= int4_to_mz_timestamp(#0)) AND (mz_now() < int4_to_mz_timestamp(#2))
    ReadStorage materialize.public.item
)");
  CHECK(maintained("SELECT id FROM item WHERE mz_now() < price OR id = 1")
            .starts_with("Unsupported temporal predicate."));
  CHECK(maintained("SELECT mz_now()").starts_with("Unsupported temporal predicate."));
  CHECK(maintained("SELECT now()") == "cannot materialize call to current_timestamp");
}

TEST_CASE("names are written in full, with ids") {
  BindContext context = shop().context();
  const auto statement = parsed<ast::SelectStatement>(
      "WITH c AS (SELECT * FROM cat) SELECT item.id FROM item, c WHERE EXISTS (SELECT 1 FROM hot)");
  CHECK(grammar::print(qualify_names(statement.query, context)) ==
        "WITH c AS (SELECT * FROM [u2 AS materialize.public.cat]) SELECT item.id FROM "
        "[u1 AS materialize.public.item], c WHERE EXISTS (SELECT 1 FROM [u3 AS "
        "materialize.public.hot])");
}

}  // namespace tailrace::engine::testing
