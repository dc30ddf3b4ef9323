// Expressions of every kind over small tables.
#include <doctest/doctest.h>

#include "tests/engine/binder/database.hpp"

namespace tailrace::engine::testing {

using Lines = std::vector<std::string>;

TEST_CASE("expressions of every kind") {
  CHECK(shop().run("SELECT ARRAY(SELECT id FROM cat ORDER BY id DESC)") == Lines{"{3,2,1}"});
  CHECK(shop().run("SELECT ARRAY[1,2,3], LIST[[1],[2,3]], MAP['a'=>1]") ==
        Lines{"{1,2,3}|{{1},{2,3}}|{a=>1}"});
  CHECK(shop().run("SELECT (ROW(1,'a')).f2, row(1,2) = row(1,2)") == Lines{"a|t"});
  CHECK(shop().run("SELECT item FROM item WHERE id = 1") == Lines{"(1,1,10)"});
  CHECK(shop().run("SELECT count(cat.*) FROM cat") == Lines{"3"});
  CHECK(shop().run("SELECT string_agg(label, ',' ORDER BY id DESC) FROM cat") ==
        Lines{"empty,toys,tools"});
  CHECK(shop().run("SELECT array_agg(id ORDER BY price DESC) FROM item") == Lines{"{5,4,3,2,1}"});
  CHECK(shop().run("SELECT id = ANY(ARRAY[1,2]) FROM cat") == Lines{"f", "t", "t"});
  CHECK(shop().run("SELECT id = ANY(a) FROM cat, (SELECT ARRAY[1,2] AS a) x") ==
        Lines{"f", "t", "t"});
  CHECK(shop().run("SELECT '2024-01-01'::date + INTERVAL '1 day', INTERVAL '1-2' YEAR TO MONTH") ==
        Lines{"2024-01-02 00:00:00|1 year 2 mons"});
  CHECK(shop().run("SELECT 1 + 1.5, 2::float4 + 1, 1::int2 + 1::int8, 'a' || 1, 1 || 'a'") ==
        Lines{"2.5|3|2|a1|1a"});
  CHECK(shop().run("SELECT greatest(1, 2.5), least('a', 'b'), nullif(1, 1), coalesce(NULL, 'x')") ==
        Lines{"2.5|a|NULL|x"});
  CHECK(
      shop().run("SELECT extract(year FROM date '2024-05-06'), substring('hello' FROM 2 FOR 3)") ==
      Lines{"2024|ell"});
  CHECK(shop().run("SELECT -2147483648, -5, 2147483648, 1e3, X'ab'") ==
        Lines{"-2147483648|-5|2147483648|1000|\\xab"});
  CHECK(shop().run("SELECT 1/0") == Lines{"ERROR: division by zero"});
  CHECK(shop().run("SELECT id FROM item WHERE 1/0 > 1 AND false") == Lines{});
  CHECK(shop().run("SELECT id FROM cat WHERE (id, label) > (1, 'z')") == Lines{"2", "3"});
  CHECK(shop().run("SELECT (SELECT 1 WHERE false), EXISTS (SELECT 1 WHERE false), 3 IN (SELECT id "
                   "FROM cat)") == Lines{"NULL|f|t"});
  CHECK(shop().run("SELECT id, CASE WHEN id > 1 THEN (SELECT max(score) FROM hot WHERE hot.id = "
                   "cat.id) ELSE -1 END FROM cat") == Lines{"1|-1", "2|NULL", "3|NULL"});
  CHECK(shop().run("SELECT c.id, x.* FROM cat c LEFT JOIN LATERAL (SELECT id, price FROM item "
                   "WHERE cat = c.id ORDER BY id LIMIT c.id) x ON true") ==
        Lines{"1|1|10", "2|3|30", "3|NULL|NULL"});
  CHECK(shop().run("WITH t(a) AS (VALUES (1),(2)) SELECT a, sum(a) OVER (ORDER BY a ROWS BETWEEN 1 "
                   "PRECEDING AND CURRENT ROW) FROM t") == Lines{"1|1", "2|3"});
  CHECK(shop().run("SELECT unnest(ARRAY[1,2]), unnest(ARRAY['a','b','c'])") ==
        Lines{"1|a", "2|b", "NULL|c"});
  CHECK(shop().run("SELECT (jsonb_each('{\"k\":2}'::jsonb)).*") == Lines{"k|2"});
  CHECK(
      shop().run(
          "SELECT g FROM cat, LATERAL (SELECT generate_series(1, cat.id) g) x WHERE cat.id = 3") ==
      Lines{"1", "2", "3"});
  CHECK(shop().run("SELECT 1 HAVING true") == Lines{"1"});
  CHECK(shop().run("TABLE cat") == Lines{"1|tools", "2|toys", "3|empty"});
}

}  // namespace tailrace::engine::testing
