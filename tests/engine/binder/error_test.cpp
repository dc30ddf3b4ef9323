// What binding refuses: messages, hints and positions.
#include <doctest/doctest.h>

#include "tests/engine/binder/database.hpp"

namespace tailrace::engine::testing {

TEST_CASE("unknown and ambiguous names") {
  CHECK(shop().error("SELECT prize FROM item") ==
        "column \"prize\" does not exist | The similarly named column \"price\" does exist. @8");
  CHECK(shop().error("SELECT id FROM item, cat") == "column reference \"id\" is ambiguous @8");
  CHECK(shop().error("SELECT i.x FROM item i") == "column \"i.x\" does not exist @8");
  CHECK(shop().error("SELECT item.id FROM item i") == "column \"item.id\" does not exist @8");
  CHECK(shop().error("SELECT 1 FROM item, item") ==
        "table name \"item\" specified more than once @21");
  CHECK(shop().error("SELECT z.* FROM item") == "no table named 'z' in scope @8");
  CHECK(shop().error("SELECT *") == "SELECT * with no tables specified is not valid @8");
  CHECK(shop().error("SELECT * FROM item AS i (a, b, c, d)") ==
        "i has 3 columns available but 4 columns specified @23");
  CHECK(shop().error("SELECT id FROM item ORDER BY 3") ==
        "column reference 3 in ORDER BY clause is out of range (1 - 1) @30");
}

TEST_CASE("grouping errors") {
  CHECK(shop().error("SELECT id, count(*) FROM item GROUP BY cat") ==
        "column \"item.id\" must appear in the GROUP BY clause or be used in an aggregate function "
        "@8");
  CHECK(shop().error("SELECT 1 FROM item WHERE sum(id) > 1") ==
        "aggregate functions are not allowed in WHERE clause (function pg_catalog.sum) @26");
  CHECK(shop().error("SELECT row_number() FROM item") ==
        "window function pg_catalog.row_number requires an OVER clause @8");
  CHECK(shop().error("SELECT abs(DISTINCT id) FROM item") ==
        "DISTINCT specified, but abs is not an aggregate function @8");
}

TEST_CASE("type errors") {
  CHECK(shop().error("SELECT 1 WHERE 1") ==
        "WHERE clause must have type boolean, not type integer @16");
  CHECK(shop().error("SELECT true AND 1") ==
        "AND argument must have type boolean, not type integer @17");
  CHECK(shop().error("SELECT label < 1 FROM cat") ==
        "operator does not exist: text < integer | No operator matches the given name and argument "
        "types. You might "
        "need to add explicit type casts. @14");
  CHECK(shop().error("SELECT noexist(1)") == "function \"noexist\" does not exist @8");
  CHECK(shop().error("SELECT 1 UNION SELECT 'a'::text") ==
        "UNION types integer and text cannot be matched @16");
  CHECK(shop().error("SELECT 1 UNION SELECT 1, 2") ==
        "each UNION query must have the same number of columns: 1 vs 2 @16");
  CHECK(shop().error("SELECT id FROM item WHERE id = (SELECT 1, 2)") ==
        "Expected subselect to return 1 column, got 2 columns @32");
  CHECK(shop().error("SELECT id FROM item LIMIT -1") == "LIMIT must not be negative");
  CHECK(shop()
            .error("SELECT id FROM item WHERE id = 'x'")
            .starts_with("invalid input syntax for type integer"));
}

}  // namespace tailrace::engine::testing
