"""What statements about sources tell of upstream, and keep to themselves."""

from harness import source
from harness.case import expect_error
from harness.wait import eventually

DDL = "CREATE SCHEMA s; CREATE TABLE t (k int PRIMARY KEY, \"B b\" text); CREATE TABLE s.u (p point); CREATE TABLE hidden (a int)"


def prepared(case, tables=("t", "s.u")):
    upstream = case.postgres()
    source.prepare_upstream(upstream, list(tables), ddl=DDL)
    server = case.tailrace()
    source.create_connection(server, upstream)
    return upstream, server


def create(server, clause="", name="mz_source", options=""):
    server.run(f"CREATE SOURCE {name} FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source') {clause} {options}")


def references(server, name="mz_source"):
    return server.run("SELECT r.namespace, r.name, r.columns FROM mz_internal.mz_source_references r JOIN mz_sources s "
                      f"ON s.id = r.source_id WHERE s.name = '{name}' ORDER BY 1, 2")


def test_what_a_source_could_ingest(case):
    upstream, server = prepared(case)
    create(server)
    create(server, "FOR TABLES (t)", name="legacy")
    seen = [("public", "t", ["k", "B b"]), ("s", "u", ["p"])]
    assert references(server) == seen == references(server, "legacy")
    first = server.value("SELECT max(updated_at) FROM mz_internal.mz_source_references r JOIN mz_sources s ON s.id = r.source_id "
                         "WHERE s.name = 'mz_source'")
    assert server.run("SELECT now() - updated_at < INTERVAL '1 minute' FROM mz_internal.mz_source_references LIMIT 1") == [(True,)]
    upstream.run("ALTER PUBLICATION mz_source ADD TABLE hidden; ALTER TABLE t DROP COLUMN \"B b\"; ALTER TABLE t ADD COLUMN c int; "
                 "ALTER PUBLICATION mz_source DROP TABLE s.u", database="shop")
    assert references(server) == seen, "nobody has asked upstream again"
    server.run("ALTER SOURCE mz_source REFRESH REFERENCES")
    now = [("public", "hidden", ["a"]), ("public", "t", ["k", "c"])]
    assert references(server) == now
    assert references(server, "legacy") == seen
    assert server.run("SELECT DISTINCT updated_at > %s FROM mz_internal.mz_source_references r JOIN mz_sources s "
                      "ON s.id = r.source_id WHERE s.name = 'mz_source'", (first,)) == [(True,)]
    server.restart_after_kill()
    assert references(server) == now
    server.run("ALTER SOURCE mz_source RENAME TO renamed")
    assert references(server, "renamed") == now
    upstream.run("INSERT INTO t VALUES (5, 6)", database="shop")
    server.run("CREATE TABLE t_now FROM SOURCE renamed (REFERENCE t)")
    eventually(lambda: server.run("SELECT * FROM t_now") == [(5, 6)], 30, "the source goes on")
    upstream.run("DROP PUBLICATION mz_source", database="shop")
    expect_error(lambda: server.run("ALTER SOURCE renamed REFRESH REFERENCES"), None, "failed to connect to PostgreSQL database",
                 'publication "mz_source" does not exist')
    assert references(server, "renamed") == now
    expect_error(lambda: server.run("ALTER SOURCE nope REFRESH REFERENCES"), None, "unknown catalog item 'nope'")
    server.run("ALTER SOURCE IF EXISTS nope REFRESH REFERENCES")
    expect_error(lambda: server.run("ALTER SOURCE legacy_progress REFRESH REFERENCES"), None, "is not a source with a connection")
    server.run("DROP SOURCE renamed CASCADE; DROP SOURCE legacy CASCADE")
    assert server.run("SELECT * FROM mz_internal.mz_source_references") == []


def test_a_rolled_back_source_leaves_no_references(case):
    _, server = prepared(case)
    server.run("BEGIN; CREATE SOURCE s FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source'); ROLLBACK")
    assert server.run("SELECT * FROM mz_internal.mz_source_references") == []


def test_redacted_statements_show_no_literals(case):
    upstream, server = prepared(case)
    create(server, "FOR TABLES (t)")
    create(server, name="two")
    server.run("CREATE TABLE t_two FROM SOURCE two (REFERENCE t) WITH (TEXT COLUMNS (k), RETAIN HISTORY FOR '2s')")
    shown = {name: server.run(f"SHOW REDACTED CREATE {kind} {name}")[0][1] for kind, name in (
        ("SOURCE", "mz_source"), ("SOURCE", "t"), ("SOURCE", "two"), ("TABLE", "t_two"), ("CONNECTION", "pg_connection"))}
    for name, text in shown.items():
        for literal in ("'mz_source'", "'127.0.0.1'", str(upstream.port), "'2s'", "'shop'", "'materialize'"):
            assert literal not in text, (name, text)
        assert "materialize.public" in text, (name, text)
    assert "PUBLICATION = '<REDACTED>'" in shown["mz_source"], shown
    assert "HOST = '<REDACTED>'" in shown["pg_connection"] and "SECRET materialize.public.pgpass" in shown["pg_connection"], shown
    plain = server.run("SHOW CREATE SOURCE mz_source")[0][1]
    assert "PUBLICATION = 'mz_source'" in plain and "REDACTED" not in plain
    for name, text in server.run("SELECT name, redacted_create_sql FROM mz_sources WHERE id LIKE 'u%' UNION ALL "
                                 "SELECT name, redacted_create_sql FROM mz_connections WHERE id LIKE 'u%'"):
        assert "'mz_source'" not in text and "'127.0.0.1'" not in text, (name, text)
