-- What a person types into psql; the answers stand in psql.expected.
\timing off
\set VERBOSITY default
SELECT 1 AS one, 'text' AS two, NULL AS three, 1.50 AS four, true AS five;
CREATE TABLE people (id int NOT NULL, name text, born date, paid numeric(10,2));
INSERT INTO people VALUES (1, 'Ada', '1815-12-10', 10.25), (2, 'Émile', NULL, NULL), (3, NULL, '1912-06-23', -1);
SELECT * FROM people ORDER BY id;
UPDATE people SET paid = paid + 1 WHERE id = 1;
DELETE FROM people WHERE id = 3;
CREATE VIEW debts AS SELECT count(*) AS people, sum(paid) AS paid FROM people;
SELECT * FROM debts;
CREATE MATERIALIZED VIEW initials AS SELECT upper(substr(name, 1, 1)) AS initial, count(*) AS people FROM people
GROUP BY upper(substr(name, 1, 1));
CREATE INDEX initials_initial ON initials (initial);
SELECT * FROM initials ORDER BY initial;
INSERT INTO people VALUES (4, 'anna', '2000-01-01', 0);
SELECT people FROM initials WHERE initial = 'A';
\gdesc
SELECT id, name FROM people WHERE id = 99;
SELECT name FROM people ORDER BY id LIMIT 1 \g
\pset format unaligned
SELECT id, name FROM people ORDER BY id;
\pset format aligned
\x on
SELECT * FROM people WHERE id = 4;
\x off
\set who '''Ada'''
SELECT id FROM people WHERE name = :who;
SELECT id AS found FROM people WHERE name = 'anna' \gset
\echo found :found
COPY (SELECT id, name FROM people ORDER BY id) TO STDOUT;
BEGIN;
INSERT INTO people VALUES (5, 'nobody', NULL, NULL);
ROLLBACK;
SELECT count(*) FROM people;
\set VERBOSITY sqlstate
SELECT * FROM absent_relation;
SELECT 1 +;
SELECT 1/0;
SELECT 'x'::int;
SET client_min_messages = error;
SHOW cluster;
SET cluster = quickstart;
DROP TABLE people CASCADE;
SELECT 'done' AS state;
