"""Columns that are left out, also of keys, and what upstream may then do to them while all runs."""

from harness import compare, source
from harness.proxy import Proxy
from harness.wait import eventually

TABLE = ("CREATE TABLE {0} (a int, b int, c text NOT NULL, d point, e int NOT NULL, CONSTRAINT {0}_pkey PRIMARY KEY (a, b), "
         "CONSTRAINT {0}_u UNIQUE (c, b), CONSTRAINT {0}_e UNIQUE (e)); "
         "INSERT INTO {0} SELECT i / 2, i, 'c' || i, NULL, i FROM generate_series(1, {1}) i; ")


def run(upstream, *statements):
    for statement in statements:
        upstream.run(statement, database="shop")


def equal(case, upstream, server, query, mirror_query=None, timeout=30):
    compare.eventually_equal(case.shop(upstream), case.session(server), query, mirror_query, timeout=timeout)


def keys_of(server, table):
    server.run(f"CREATE DEFAULT INDEX ON {table}")
    return [row[0] for row in server.run(
        "SELECT c.name FROM mz_index_columns i JOIN mz_indexes x ON x.id = i.index_id JOIN mz_objects o ON o.id = x.on_id "
        f"JOIN mz_columns c ON c.id = o.id AND c.position = i.on_position WHERE o.name = '{table}' ORDER BY i.index_position")]


def test_part_of_a_key_is_dropped_while_streaming(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, ["t", "other"], ddl=TABLE.format("t", 10) + "CREATE TABLE other (a int)")
    server = case.tailrace()
    source.follow(server, upstream, options=", EXCLUDE COLUMNS (t.b, t.d)")
    assert keys_of(server, "t") == ["e"], "the key that is whole stays"
    equal(case, upstream, server, "SELECT a, c, e FROM t", "SELECT * FROM t")
    run(upstream, "UPDATE t SET b = b + 100", "INSERT INTO t VALUES (1, 1, 'new', '(1,2)', 50)",
        "ALTER TABLE t DROP COLUMN b", "INSERT INTO t VALUES (1, 'newer', '(1,2)', 51)", "UPDATE t SET c = 'upd' WHERE e = 3",
        "DELETE FROM t WHERE e = 4", "ALTER TABLE t ADD COLUMN b int", "UPDATE t SET b = e", "ALTER TABLE t DROP COLUMN d",
        "INSERT INTO t VALUES (2, 'newest', 52, 7)")
    equal(case, upstream, server, "SELECT a, c, e FROM t", "SELECT * FROM t")
    run(upstream, "INSERT INTO other VALUES (1)", "ALTER TABLE t DROP COLUMN b, ADD COLUMN b text DEFAULT 'x'", "DELETE FROM t WHERE e > 50")
    server.restart_after_kill()
    equal(case, upstream, server, "SELECT a, c, e FROM t", "SELECT * FROM t")
    run(upstream, "UPDATE t SET a = 0")
    equal(case, upstream, server, "SELECT a, c, e FROM t", "SELECT * FROM t")
    server.run("ALTER SYSTEM SET pg_schema_validation_interval = '200ms'")
    run(upstream, "ALTER TABLE other ADD COLUMN b int", "ALTER TABLE other DROP COLUMN a")
    eventually(lambda: source.status(server, "other")[0] == "ceased", 30, "upstream was looked at")
    assert source.status(server, "t") == ("running", None)
    run(upstream, "ALTER TABLE t DROP CONSTRAINT t_e")
    eventually(lambda: source.status(server, "t")[0] == "ceased", 30, "the recorded key is gone")


def test_columns_are_dropped_during_the_snapshot(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, ["t", "broken", "slow"], ddl=TABLE.format("t", 20000) + TABLE.format("broken", 1000) +
                            "CREATE TABLE slow (k int PRIMARY KEY, v text); INSERT INTO slow SELECT i, repeat('x', 200) "
                            "FROM generate_series(1, 20000) i")
    proxy = case.keep(Proxy(upstream.port))
    proxy.bytes_per_second = 400_000
    server = case.tailrace()
    server.run(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)}; CREATE CONNECTION pg_connection TO POSTGRES "
               f"(HOST '127.0.0.1', PORT {proxy.port}, USER 'materialize', PASSWORD SECRET pgpass, DATABASE 'shop')")
    source.create_source(server, options=", EXCLUDE COLUMNS (t.b, t.d, broken.b, broken.d)")
    eventually(lambda: server.value("SELECT count(*) FROM mz_internal.mz_source_statistics WHERE snapshot_records_staged > 100"), 30,
               "rows are being copied")
    run(upstream, "ALTER TABLE t DROP COLUMN b", "INSERT INTO t VALUES (-1, 'during', NULL, -1)", "ALTER TABLE broken DROP COLUMN c",
        "UPDATE slow SET v = 'upd' WHERE k % 1000 = 0")
    proxy.bytes_per_second = None
    eventually(lambda: source.snapshot_committed(server), 60, "the snapshot is committed")
    equal(case, upstream, server, "SELECT a, c, e FROM t", "SELECT * FROM t")
    equal(case, upstream, server, "SELECT * FROM slow")
    eventually(lambda: source.status(server, "broken")[0] == "ceased", 40, "the other has ceased")
    assert source.status(server, "t") == ("running", None) == source.status(server)


def test_tables_here_of_one_table_with_different_columns(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, ["t"], ddl=TABLE.format("t", 100))
    server = case.tailrace()
    source.create_connection(server, upstream)
    server.run("CREATE SOURCE s FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source')")
    tables = {"whole": "TEXT COLUMNS (d)", "no_b": "EXCLUDE COLUMNS (b, d)", "no_a": "EXCLUDE COLUMNS (a, d)",
              "only_c": "EXCLUDE COLUMNS (a, b, d, e)", "as_text": "TEXT COLUMNS (a, e), EXCLUDE COLUMNS (d)"}
    columns = {"whole": "a, b, c, d::text, e", "no_b": "a, c, e", "no_a": "b, c, e", "only_c": "c", "as_text": "a::text, b, c, e::text"}
    for name, options in tables.items():
        server.run(f"CREATE TABLE {name} FROM SOURCE s (REFERENCE t) WITH ({options})")

    def equal_but(*broken):
        for name in tables.keys() - set(broken):
            equal(case, upstream, server, f"SELECT {columns[name]} FROM t", f"SELECT * FROM {name}")

    run(upstream, "UPDATE t SET c = c || 'x', e = e + 1000 WHERE b % 7 = 0", "UPDATE t SET a = a + 1 WHERE b % 5 = 0",
        "DELETE FROM t WHERE b % 11 = 0", "UPDATE t SET b = b + 200 WHERE b % 13 = 0",
        "INSERT INTO t SELECT 5, max(b) + 1, 'new' || max(b), '(1,2)', max(e) + 1 FROM t")
    equal_but()
    # All of one transaction is seen at one time.
    assert server.value("SELECT (SELECT sum(a) FROM whole) = (SELECT sum(a) FROM no_b)")
    server.run("ALTER SYSTEM SET pg_schema_validation_interval = '200ms'")
    run(upstream, "ALTER TABLE t DROP COLUMN a", "INSERT INTO t VALUES (7000, 'later', NULL, 7000)", "DELETE FROM t WHERE b % 17 = 0")
    for name in ("whole", "no_b", "as_text"):
        eventually(lambda: source.status(server, name)[0] == "ceased", 30, f"{name} has ceased")
    equal_but("whole", "no_b", "as_text")
    assert source.status(server, "s") == ("running", None)
    server.run("DROP TABLE no_b; CREATE TABLE no_b FROM SOURCE s (REFERENCE t) WITH (EXCLUDE COLUMNS (b, d))")
    columns["no_b"] = "c, e"
    equal_but("whole", "as_text")
