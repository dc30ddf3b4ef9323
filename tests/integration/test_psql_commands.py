"""What psql's own commands show: they ask pg_catalog."""

import subprocess

from harness.postgres import BINARIES

TABLES = ["CREATE TABLE t (id int NOT NULL, b text DEFAULT 'x', n numeric(10,2))",
          "CREATE VIEW v AS SELECT * FROM t",
          "CREATE MATERIALIZED VIEW m AS SELECT b, count(*) FROM t GROUP BY b",
          "CREATE INDEX by_id ON t (id)",
          "CREATE INDEX by_name ON t (upper(b))",
          "COMMENT ON TABLE t IS 'the table'"]


def prepared(case):
    server = case.tailrace()
    for statement in TABLES:
        server.run(statement)
    return server


def psql(server, command, options="-At"):
    """Its rows, fields separated by |, sorted as they come."""
    done = subprocess.run([BINARIES / "psql", "-X", options, "-h", server.host, "-p", str(server.port), "-U", "materialize",
                           "-c", command, "materialize"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.splitlines()


def test_lists(case):
    server = prepared(case)
    assert "public|t|table|materialize" in psql(server, "\\dt")
    assert "public|v|view|materialize" in psql(server, "\\dv")
    assert psql(server, "\\dm") == ["public|m|materialized view|materialize"]
    assert psql(server, "\\di") == ["public|by_id|index|materialize|t", "public|by_name|index|materialize|t"]
    schemas = [line.split("|")[0] for line in psql(server, "\\dn")]
    assert "public" in schemas and "mz_internal" in schemas and "pg_catalog" not in schemas
    (database,) = psql(server, "\\l")
    assert database.startswith("materialize|mz_system|UTF8|C|C|")
    assert "materialize|Superuser, Create role, Create DB|{}" in psql(server, "\\du")
    assert any(line.startswith("mz_catalog|uint8|") for line in psql(server, "\\dT"))
    assert psql(server, "\\dx") == psql(server, "\\dD") == psql(server, "\\dy") == []


def test_describe(case):
    server = prepared(case)
    assert psql(server, "\\d t") == [
        "id|integer||not null|NULL", "b|text|||'x'", "n|numeric(10,2)|||NULL"]
    assert psql(server, "\\d t", "-A")[-3:] == [
        "Indexes:", '    "by_id" arrangement (id)', '    "by_name" arrangement (upper(b))']
    assert psql(server, "\\d v") == ["id|integer||not null|", "b|text|||", "n|numeric(10,2)|||"]
    assert psql(server, "\\d m") == ["b|text|||", "count|bigint||not null|"]
    everything = psql(server, "\\d")
    for line in ("public|t|table|materialize", "public|v|view|materialize", "public|m|materialized view|materialize"):
        assert line in everything


def test_other_databases_are_not_shown(case):
    server = prepared(case)
    server.run("CREATE DATABASE elsewhere")
    server.run("CREATE TABLE elsewhere.public.hidden (a int)")
    for relation, column in (("pg_class", "relname"), ("information_schema.tables", "table_name")):
        assert server.run(f"SELECT {column} FROM {relation} WHERE {column} IN ('t', 'hidden')") == [("t",)]
    assert server.run("SELECT datname FROM pg_database ORDER BY 1") == [("elsewhere",), ("materialize",)]


def test_relations_follow_changes(case):
    server = prepared(case)
    question = "SELECT relkind, relnatts, relhasindex FROM pg_class WHERE relname = 't'"
    assert server.run(question) == [("r", 3, True)]
    assert server.run("SELECT attname, attnotnull FROM pg_attribute WHERE attrelid = 't'::regclass ORDER BY attnum") == [
        ("id", True), ("b", False), ("n", False)]
    assert server.run("SELECT d.description FROM pg_description d JOIN pg_class c ON c.oid = d.objoid "
                      "WHERE d.objsubid = 0 AND c.relname = 't'") == [("the table",)]
    assert server.run("SELECT indkey::text, indexprs FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
                      "ORDER BY c.relname") == [("1", None), ("0", "{upper(b)}")]
    server.run("DROP INDEX by_id")
    server.run("DROP INDEX by_name")
    assert server.run(question) == [("r", 3, False)]


def test_every_relation_of_the_catalog_can_be_read(case):
    """Each builtin view's query fits what it declares."""
    server = prepared(case)
    names = server.run("SELECT s.name, o.name FROM mz_relations o JOIN mz_schemas s ON s.id = o.schema_id "
                       "WHERE o.id LIKE 's%' ORDER BY 1, 2")
    assert len(names) > 80
    for schema, name in names:
        declared = server.run("SELECT c.name, c.type FROM mz_columns c JOIN mz_relations o ON o.id = c.id JOIN mz_schemas s "
                              f"ON s.id = o.schema_id WHERE s.name = '{schema}' AND o.name = '{name}' ORDER BY c.position")
        session = case.session(server)
        with session.cursor() as cursor:
            cursor.execute(f'SELECT * FROM {schema}."{name}"')
            assert [column.name for column in cursor.description] == [column for column, _ in declared], name
            cursor.fetchall()
        session.close()
