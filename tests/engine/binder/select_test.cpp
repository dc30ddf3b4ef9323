// SELECT over small tables: every construct, bound and optimized, against what it must give.
#include <doctest/doctest.h>

#include "tests/engine/binder/database.hpp"

namespace tailrace::engine::testing {

using Lines = std::vector<std::string>;

TEST_CASE("select lists, filters and names") {
  CHECK(shop().run("SELECT 1, 'x', NULL") == Lines{"1|x|NULL"});
  CHECK(shop().run("SELECT id + 1 FROM item WHERE price > 10 ORDER BY id DESC") ==
        Lines{"5", "4", "3"});
  CHECK(shop().run("SELECT * FROM cat WHERE label = 'toys'") == Lines{"2|toys"});
  CHECK(shop().run("SELECT i.id FROM item i WHERE i.price IS NULL OR cat IS NULL") ==
        Lines{"4", "5"});
  CHECK(shop().columns(
            "SELECT id, id + 1, count(*), label::text, 1::int8 FROM cat GROUP BY id, label") ==
        "id integer, ?column? integer, count bigint, label text?, int8 bigint");
  CHECK(shop().run("SELECT id FROM item WHERE price BETWEEN 20 AND 30") == Lines{"2", "3"});
  CHECK(shop().run("SELECT id FROM item WHERE id IN (1, 3, 7)") == Lines{"1", "3"});
  CHECK(shop().run("SELECT id FROM item WHERE (id, cat) IN ((1, 1), (3, 1))") == Lines{"1"});
  CHECK(shop().run("SELECT CASE id WHEN 1 THEN 'one' WHEN 2 THEN 'two' ELSE 'many' END FROM cat") ==
        Lines{"many", "one", "two"});
  CHECK(shop().run("SELECT coalesce(price, -1) FROM item WHERE id > 3 ORDER BY 1") ==
        Lines{"-1", "40"});
  CHECK(shop().run("SELECT id FROM dear ORDER BY id") == Lines{"2", "3", "4"});
  CHECK(shop().run("SELECT id FROM item ORDER BY price DESC LIMIT 2") == Lines{"5", "4"});
  CHECK(shop().run("SELECT id FROM item ORDER BY price LIMIT 2 OFFSET 1") == Lines{"2", "3"});
}

TEST_CASE("joins") {
  CHECK(shop().run("SELECT i.id, label FROM item i JOIN cat c ON i.cat = c.id") ==
        Lines{"1|tools", "2|tools", "3|toys"});
  CHECK(shop().run("SELECT i.id, label FROM item i, cat c WHERE i.cat = c.id AND c.id = 1") ==
        Lines{"1|tools", "2|tools"});
  CHECK(shop().run("SELECT i.id, label FROM item i LEFT JOIN cat c ON i.cat = c.id") ==
        Lines{"1|tools", "2|tools", "3|toys", "4|NULL", "5|NULL"});
  CHECK(shop().run("SELECT i.id, label FROM item i RIGHT JOIN cat c ON i.cat = c.id") ==
        Lines{"1|tools", "2|tools", "3|toys", "NULL|empty"});
  CHECK(shop().run("SELECT i.id, label FROM item i FULL JOIN cat c ON i.cat = c.id") ==
        Lines{"1|tools", "2|tools", "3|toys", "4|NULL", "5|NULL", "NULL|empty"});
  CHECK(shop().run("SELECT i.id, h.score FROM item i LEFT JOIN hot h ON i.id < h.id") ==
        Lines{"1|NULL", "2|NULL", "3|NULL", "4|NULL", "5|NULL"});
  CHECK(shop().run(
            "SELECT i.id, h.score FROM item i LEFT JOIN hot h ON i.id = h.id AND h.score > 5") ==
        Lines{"1|7", "2|NULL", "3|NULL", "4|NULL", "5|NULL"});
  CHECK(shop().run("SELECT id, score, label FROM hot JOIN cat USING (id)") ==
        Lines{"1|5|tools", "1|5|tools", "1|7|tools", "3|NULL|empty"});
  CHECK(shop().run("SELECT * FROM hot NATURAL FULL JOIN cat WHERE id IS NULL OR id <> 1") ==
        Lines{"2|NULL|toys", "3|NULL|empty", "NULL|9|NULL"});
  CHECK(shop().run("SELECT count(*) FROM item, cat") == Lines{"15"});
  CHECK(shop().run(
            "SELECT c.id, m.price FROM cat c, LATERAL (SELECT price FROM item WHERE cat = c.id "
            "ORDER BY price DESC LIMIT 1) m") == Lines{"1|20", "2|30"});
  CHECK(shop().run("SELECT c.id, m.price FROM cat c LEFT JOIN LATERAL (SELECT price FROM item "
                   "WHERE cat = c.id "
                   "ORDER BY price DESC LIMIT 1) m ON true") == Lines{"1|20", "2|30", "3|NULL"});
}

TEST_CASE("grouping") {
  CHECK(shop().run("SELECT cat, count(*), sum(price) FROM item GROUP BY cat") ==
        Lines{"1|2|30", "2|1|30", "9|1|NULL", "NULL|1|40"});
  CHECK(shop().run("SELECT count(*), count(price), max(price) FROM item WHERE id > 100") ==
        Lines{"0|0|NULL"});
  CHECK(shop().run("SELECT cat FROM item GROUP BY cat HAVING count(*) > 1") == Lines{"1"});
  CHECK(shop().run("SELECT cat + 1 AS c, count(*) FROM item GROUP BY c ORDER BY c") ==
        Lines{"2|2", "3|1", "10|1", "NULL|1"});
  CHECK(shop().run("SELECT cat % 2, min(id) FROM item GROUP BY 1") ==
        Lines{"0|3", "1|1", "NULL|4"});
  CHECK(shop().run("SELECT count(*) FILTER (WHERE price > 15), count(DISTINCT cat) FROM item") ==
        Lines{"3|3"});
  CHECK(shop().run("SELECT DISTINCT score FROM hot") == Lines{"5", "7", "9", "NULL"});
  CHECK(shop().run("SELECT DISTINCT ON (id) id, score FROM hot ORDER BY id, score DESC") ==
        Lines{"1|7", "3|NULL", "NULL|9"});
  CHECK(shop().run("SELECT cat FROM item GROUP BY cat ORDER BY sum(price) DESC NULLS LAST, cat") ==
        Lines{"NULL", "1", "2", "9"});
}

TEST_CASE("set operations") {
  CHECK(shop().run("SELECT id FROM hot UNION SELECT id FROM cat") == Lines{"1", "2", "3", "NULL"});
  CHECK(shop().run("SELECT id FROM hot UNION ALL SELECT 1") ==
        Lines{"1", "1", "1", "1", "3", "NULL"});
  CHECK(shop().run("SELECT id FROM hot EXCEPT ALL SELECT id FROM cat") == Lines{"1", "1", "NULL"});
  CHECK(shop().run("SELECT id FROM hot EXCEPT SELECT id FROM cat") == Lines{"NULL"});
  CHECK(shop().run("SELECT id FROM hot INTERSECT ALL SELECT id FROM hot WHERE score = 5") ==
        Lines{"1", "1"});
  CHECK(shop().run("SELECT id FROM hot INTERSECT SELECT id FROM cat") == Lines{"1", "3"});
  CHECK(shop().run("SELECT NULL UNION SELECT 1") == Lines{"1", "NULL"});
  CHECK(shop().run("SELECT 1 AS a UNION ALL SELECT 2 ORDER BY a DESC LIMIT 1") == Lines{"2"});
  CHECK(shop().run("VALUES (1, 'a'), (2, NULL)") == Lines{"1|a", "2|NULL"});
  CHECK(shop().run("SELECT column2 FROM (VALUES (1, 'a'), (2, 'b')) WHERE column1 = 2") ==
        Lines{"b"});
}

TEST_CASE("subqueries") {
  CHECK(shop().run("SELECT id FROM item i WHERE EXISTS (SELECT 1 FROM hot h WHERE h.id = i.id)") ==
        Lines{"1", "3"});
  CHECK(shop().run(
            "SELECT id FROM item i WHERE NOT EXISTS (SELECT 1 FROM hot h WHERE h.id = i.id)") ==
        Lines{"2", "4", "5"});
  CHECK(shop().run("SELECT id FROM item WHERE id IN (SELECT id FROM hot)") == Lines{"1", "3"});
  CHECK(shop().run("SELECT id FROM item WHERE id NOT IN (SELECT id FROM hot)") == Lines{});
  CHECK(
      shop().run("SELECT id FROM item WHERE id NOT IN (SELECT id FROM hot WHERE id IS NOT NULL)") ==
      Lines{"2", "4", "5"});
  CHECK(shop().run("SELECT id, id IN (SELECT id FROM hot) FROM item") ==
        Lines{"1|t", "2|NULL", "3|t", "4|NULL", "5|NULL"});
  CHECK(shop().run("SELECT id, (SELECT label FROM cat WHERE cat.id = item.cat) FROM item") ==
        Lines{"1|tools", "2|tools", "3|toys", "4|NULL", "5|NULL"});
  CHECK(shop().run("SELECT (SELECT score FROM hot WHERE id = 1)") ==
        Lines{"ERROR: more than one record produced in subquery"});
  CHECK(shop().run("SELECT id, (SELECT count(*) FROM hot h WHERE h.id = item.id) FROM item") ==
        Lines{"1|3", "2|0", "3|1", "4|0", "5|0"});
  CHECK(shop().run("SELECT id FROM item WHERE price > ALL (SELECT score FROM hot WHERE score IS "
                   "NOT NULL)") == Lines{"1", "2", "3", "4"});
  CHECK(shop().run("SELECT id FROM item WHERE price = ANY (SELECT score * 2 FROM hot)") ==
        Lines{"1"});
  CHECK(
      shop().run(
          "SELECT id FROM item WHERE cat IS NOT NULL AND (cat, id) IN (SELECT id, id FROM cat)") ==
      Lines{"1"});
  CHECK(shop().run("SELECT id FROM cat c WHERE (SELECT max(price) FROM item WHERE cat = c.id) > "
                   "(SELECT avg(price) FROM item)") == Lines{"2"});
  // Two levels out, and NULL keys on the way.
  CHECK(shop().run("SELECT id, (SELECT count(*) FROM cat c WHERE EXISTS (SELECT 1 FROM hot h "
                   "WHERE h.id = c.id AND h.score > item.price - 4)) FROM item") ==
        Lines{"1|1", "2|0", "3|0", "4|0", "5|0"});
  CHECK(shop().run("SELECT count(*) FROM hot a WHERE a.score IS NOT DISTINCT FROM "
                   "(SELECT max(b.score) FROM hot b WHERE b.id IS NOT DISTINCT FROM a.id)") ==
        Lines{"3"});
}

TEST_CASE("common tables and recursion") {
  CHECK(shop().run("WITH a AS (SELECT id FROM cat), b AS (SELECT id + 1 AS id FROM a) SELECT a.id, "
                   "b.id FROM a, b "
                   "WHERE a.id = b.id") == Lines{"2|2", "3|3"});
  CHECK(shop().run("SELECT c.id, (WITH x AS (SELECT c.id + 1 AS n) SELECT n FROM x) FROM cat c") ==
        Lines{"1|2", "2|3", "3|4"});
  CHECK(shop().run(
            "WITH MUTUALLY RECURSIVE r(n int) AS (SELECT 1 UNION SELECT n + 1 FROM r WHERE n < 5) "
            "SELECT sum(n) FROM r") == Lines{"15"});
}

TEST_CASE("table functions") {
  CHECK(shop().run("SELECT * FROM generate_series(1, 3)") == Lines{"1", "2", "3"});
  CHECK(shop().run("SELECT c.id, g FROM cat c, generate_series(1, c.id) g WHERE c.id < 3") ==
        Lines{"1|1", "2|1", "2|2"});
  CHECK(shop().run("SELECT g, ordinality FROM generate_series(5, 6) WITH ORDINALITY AS t(g)") ==
        Lines{"5|1", "6|2"});
  CHECK(shop().run("SELECT generate_series(1, 2), generate_series(1, 3)") ==
        Lines{"1|1", "2|2", "NULL|3"});
  CHECK(shop().run("SELECT generate_series(1, id) FROM cat WHERE id = 2") == Lines{"1", "2"});
  CHECK(shop().run(
            "SELECT * FROM ROWS FROM (generate_series(1, 1), generate_series(1, 2)) AS t(a, b)") ==
        Lines{"1|1", "NULL|2"});
}

TEST_CASE("windows") {
  CHECK(shop().run("SELECT id, row_number() OVER (PARTITION BY cat ORDER BY id) FROM item") ==
        Lines{"1|1", "2|2", "3|1", "4|1", "5|1"});
  CHECK(shop().run("SELECT id, sum(price) OVER (ORDER BY id) FROM item") ==
        Lines{"1|10", "2|30", "3|60", "4|100", "5|100"});
  CHECK(shop().run("SELECT id, lag(id) OVER (ORDER BY id) FROM cat") ==
        Lines{"1|NULL", "2|1", "3|2"});
  CHECK(shop().run(
            "SELECT id FROM item QUALIFY rank() OVER (PARTITION BY cat ORDER BY price DESC) = 1") ==
        Lines{"2", "3", "4", "5"});
  CHECK(shop().run("SELECT cat, sum(sum(price)) OVER () FROM item GROUP BY cat") ==
        Lines{"1|100", "2|100", "9|100", "NULL|100"});
}

}  // namespace tailrace::engine::testing
