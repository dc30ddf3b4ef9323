"""Kinds of transactions upstream: prepared, empty, nested, of several sources and tables at once."""

import io

from harness import compare, source
from harness.wait import eventually

TABLES = ("CREATE TABLE t (k int PRIMARY KEY, v text, w text); CREATE TABLE u (k int PRIMARY KEY); CREATE TABLE marks (n int); "
          "INSERT INTO t SELECT i, 'v', 'w' FROM generate_series(1, 10) i; ")


def followed(case, **settings):
    upstream = case.postgres(settings={"max_prepared_transactions": 10, **settings})
    source.prepare_upstream(upstream, [], ddl=TABLES)
    server = case.tailrace()
    source.follow(server, upstream)
    return upstream, server


def mark(upstream, server, number):
    """All that was committed before is here."""
    upstream.run(f"INSERT INTO marks VALUES ({number})", database="shop")
    eventually(lambda: server.value("SELECT count(*) FROM marks WHERE n = %s" % number) == 1, 30, "the mark is here")


def steps(case, upstream):
    """Executes statements one by one in a session of its own."""
    session = case.shop(upstream)

    def execute(*statements):
        with session.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    return execute


def test_prepared_transactions(case):
    upstream, server = followed(case)
    session, other = steps(case, upstream), steps(case, upstream)
    session("BEGIN", "INSERT INTO t VALUES (100, 'two', 'phases')", "UPDATE t SET v = 'x' WHERE k = 1", "SAVEPOINT s",
            "DELETE FROM t WHERE k = 2", "ROLLBACK TO SAVEPOINT s", "INSERT INTO u VALUES (1)", "PREPARE TRANSACTION 'one'")
    session("BEGIN", "INSERT INTO t VALUES (200, 'not', 'to stay')", "DELETE FROM t WHERE k = 5", "PREPARE TRANSACTION 'it''s \"two\"'")
    other("UPDATE t SET v = 'meanwhile' WHERE k = 3")
    mark(upstream, server, 1)
    assert server.run("SELECT k FROM t WHERE k > 10") == []
    assert server.run("SELECT v FROM t WHERE k = 3") == [("meanwhile",)]
    server.restart_after_kill()
    other("UPDATE t SET w = 'again' WHERE k = 3")
    mark(upstream, server, 2)
    other("COMMIT PREPARED 'one'", "ROLLBACK PREPARED 'it''s \"two\"'")
    mark(upstream, server, 3)
    compare.assert_equal(case.shop(upstream), case.session(server), "SELECT * FROM t")
    assert server.run("SELECT k FROM u") == [(1,)]
    # Prepared before the slot of a source is there, and before a snapshot.
    session("BEGIN", "UPDATE u SET k = 2", "PREPARE TRANSACTION 'three'")
    server.run("CREATE SCHEMA second; CREATE SOURCE second.s FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source') "
               "FOR ALL TABLES")
    session("COMMIT PREPARED 'three'")
    eventually(lambda: server.run("SELECT k FROM u") == [(2,)], 30, "the first source follows")
    eventually(lambda: server.run("SELECT k FROM second.u") == [(2,)], 30, "and so does the second")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t", "SELECT * FROM second.t")


def test_empty_transactions_move_the_position(case):
    upstream, server = followed(case)
    slot = source.slot_of(server)
    for statement in ("CREATE TABLE nobody (a int); DROP TABLE nobody", "SELECT pg_logical_emit_message(true, 'p', 'x')",
                      "BEGIN; INSERT INTO t VALUES (77); ROLLBACK; SELECT txid_current()", "DELETE FROM t WHERE k = 4711",
                      "CREATE UNLOGGED TABLE unlogged_t (a int); INSERT INTO unlogged_t VALUES (1)"):
        upstream.run(statement, database="shop")
        lsn = upstream.value("SELECT pg_current_wal_lsn()")
        eventually(lambda: upstream.value("SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots WHERE slot_name = %s",
                                          (lsn, slot)), 20, f"confirmed: {statement}")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t")
    assert source.status(server) == ("running", None)


def test_savepoints_of_all_depths(case):
    upstream, server = followed(case, logical_decoding_work_mem="64kB")
    session = steps(case, upstream)
    session("BEGIN", "SAVEPOINT a", "INSERT INTO t SELECT i, repeat('a', 1000), 'a' FROM generate_series(1000, 1500) i",
            "SAVEPOINT b", "UPDATE t SET w = 'b'", "SAVEPOINT c", "DELETE FROM t", "ROLLBACK TO SAVEPOINT c", "RELEASE SAVEPOINT b",
            "SAVEPOINT d", "TRUNCATE u", "INSERT INTO u VALUES (9)", "ROLLBACK TO SAVEPOINT d", "INSERT INTO u VALUES (10)",
            "SAVEPOINT e", "ALTER TABLE u ADD COLUMN extra int", "INSERT INTO u VALUES (11, 1)", "ROLLBACK TO SAVEPOINT e",
            "INSERT INTO u VALUES (12)", "UPDATE t SET k = -k WHERE k > 1400", "RELEASE SAVEPOINT a", "COMMIT")
    session("BEGIN", *(f"SAVEPOINT s{i}" for i in range(300)), "INSERT INTO u VALUES (20)", "ROLLBACK TO SAVEPOINT s150",
            "INSERT INTO u VALUES (21)", "COMMIT")
    session("DO $$ BEGIN FOR i IN 1..300 LOOP BEGIN INSERT INTO u VALUES (100 + i); IF i % 2 = 0 THEN RAISE 'x'; END IF; "
            "EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$")
    origin, mirror = case.shop(upstream), case.session(server)
    compare.eventually_equal(origin, mirror, "SELECT * FROM u")
    compare.eventually_equal(origin, mirror, "SELECT * FROM t")


def test_commands_that_write_in_ways_of_their_own(case):
    """COPY, COPY FREEZE, MERGE, ON CONFLICT, cascades, triggers, deferred constraints, SELECT INTO a new table."""
    upstream, server = followed(case)
    session = steps(case, upstream)
    session("CREATE TABLE child (k int PRIMARY KEY REFERENCES t ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED, "
            "n int DEFAULT 5); ALTER TABLE child REPLICA IDENTITY FULL; GRANT SELECT ON child TO materialize")
    server.run("ALTER SOURCE mz_source ADD SUBSOURCE child")
    session("INSERT INTO child SELECT k FROM t", "UPDATE t SET k = k + 100 WHERE k > 5", "DELETE FROM t WHERE k IN (1, 106)",
            "INSERT INTO t VALUES (2, 'conflict', ''), (300, 'new', '') ON CONFLICT (k) DO UPDATE SET v = excluded.v",
            "INSERT INTO t VALUES (2, 'nothing', '') ON CONFLICT DO NOTHING",
            "MERGE INTO t USING (VALUES (2, 'merged'), (3, NULL), (400, 'born')) n (k, v) ON t.k = n.k "
            "WHEN MATCHED AND n.v IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET v = n.v WHEN NOT MATCHED THEN INSERT VALUES (n.k, n.v)",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO u VALUES (new.k); RETURN new; END $$",
            "CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()", "INSERT INTO t VALUES (500, 'triggers')",
            "BEGIN", "INSERT INTO child VALUES (600)", "INSERT INTO t VALUES (600, 'late')", "COMMIT",
            "BEGIN", "TRUNCATE t CASCADE", "INSERT INTO t SELECT 700, NULL, ''", "INSERT INTO child VALUES (700, NULL)", "COMMIT",
            "WITH gone AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT k + 1 FROM gone")
    with case.shop(upstream).cursor() as cursor:
        cursor.copy_expert("COPY t FROM STDIN", io.StringIO("800\t\\N\t\\\\N\n801\ta\\tb\t\n"))
    origin, mirror = case.shop(upstream), case.session(server)
    for table in ("t", "u", "child"):
        compare.eventually_equal(origin, mirror, f"SELECT * FROM {table}")
    assert source.status(server) == ("running", None)


def test_two_sources_on_one_publication(case):
    """Each has its own slot; one that stands still, or goes, does not touch the other."""
    upstream, server = followed(case)
    server.run("CREATE CLUSTER apart (SIZE = '25cc'); CREATE SCHEMA second; CREATE SOURCE second.s IN CLUSTER apart FROM POSTGRES "
               "CONNECTION pg_connection (PUBLICATION 'mz_source') FOR TABLES (t AS second.t, u AS second.more)")
    origin, mirror = case.shop(upstream), case.session(server)
    compare.eventually_equal(origin, mirror, "SELECT * FROM t", "SELECT * FROM second.t")
    assert upstream.value("SELECT count(*) FROM pg_replication_slots WHERE NOT temporary") == 2
    server.run("ALTER CLUSTER apart SET (REPLICATION FACTOR = 0)")
    upstream.run("UPDATE t SET v = 'apart'; DELETE FROM t WHERE k = 1; INSERT INTO u VALUES (5)", database="shop")
    compare.eventually_equal(origin, mirror, "SELECT * FROM t")
    assert server.value("SELECT count(*) FROM second.t WHERE v = 'apart'") == 0
    server.run("ALTER CLUSTER apart SET (REPLICATION FACTOR = 1)")
    compare.eventually_equal(origin, mirror, "SELECT * FROM t", "SELECT * FROM second.t")
    compare.eventually_equal(origin, mirror, "SELECT * FROM u", "SELECT * FROM second.more")
    server.run("DROP SOURCE mz_source CASCADE")
    upstream.run("UPDATE t SET v = 'alone'", database="shop")
    compare.eventually_equal(origin, mirror, "SELECT * FROM t", "SELECT * FROM second.t")
    eventually(lambda: upstream.value("SELECT count(*) FROM pg_replication_slots") == 1, 30, "its slot is gone")


def test_one_table_in_two_publications_of_one_source_each(case):
    """A table that several publications hold with different columns is each source's own."""
    upstream, server = followed(case)
    upstream.run("ALTER TABLE t REPLICA IDENTITY DEFAULT; CREATE PUBLICATION narrow FOR TABLE t (k, w)", database="shop")
    server.run("CREATE SCHEMA narrow; CREATE SOURCE narrow.s FROM POSTGRES CONNECTION pg_connection (PUBLICATION narrow) FOR ALL TABLES")
    upstream.run("UPDATE t SET v = 'other' WHERE k < 4; UPDATE t SET w = 'another' WHERE k > 7; INSERT INTO t VALUES (50, 'a', 'b'); "
                 "DELETE FROM t WHERE k = 5; UPDATE t SET k = 60 WHERE k = 6", database="shop")
    origin, mirror = case.shop(upstream), case.session(server)
    compare.eventually_equal(origin, mirror, "SELECT * FROM t")
    compare.eventually_equal(origin, mirror, "SELECT k, w FROM t", "SELECT * FROM narrow.t")
