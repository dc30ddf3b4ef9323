"""Upstream goes away and comes back: statuses tell, reads go on, nothing is lost."""

from harness import compare, shop, source
from harness.case import expect_error, limit
from harness.wait import eventually

TABLE = "CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'x' FROM generate_series(1, 100) i"


def check_follows(case, upstream, server, key):
    upstream.run(f"INSERT INTO t VALUES ({key}, 'after trouble')", database="shop")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t", timeout=60)


def test_upstream_restarts(case):
    upstream, server = case.followed(TABLE)
    upstream.restart("fast")
    check_follows(case, upstream, server, 1001)
    eventually(lambda: source.status(server) == ("running", None), 30, "the source runs again")


def test_upstream_crashes(case):
    upstream, server = case.followed(TABLE, fsync=True)
    upstream.restart("immediate")
    check_follows(case, upstream, server, 1001)


def test_replication_connection_is_cut(case):
    upstream, server = case.followed(TABLE)
    for number in range(3):
        eventually(lambda: upstream.end_backends("backend_type = 'walsender'") == 1, 30, "a walsender to end")
        check_follows(case, upstream, server, 1001 + number)


def test_walsender_is_killed(case):
    upstream, server = case.followed(TABLE)
    pid = eventually(lambda: upstream.run("SELECT pid FROM pg_stat_replication"), 30, "a walsender")[0][0]
    upstream.kill_backend(pid)
    eventually(upstream._answers, 30, "upstream has recovered")
    check_follows(case, upstream, server, 1001)


def test_reads_and_status_while_upstream_is_down(case):
    upstream, server = case.followed(TABLE)
    upstream.stop()

    def stalled():
        status, error = source.status(server)
        return status == "stalled" and error and error.startswith("postgres: ")

    eventually(stalled, 30, "the source is stalled and says why")
    assert source.status(server, "t")[0] == "stalled", "a subsource shows its parent's trouble"
    assert server.value("SELECT count(*) FROM t", timeout=5) == 100, "reads do not hang"
    upstream.start()
    check_follows(case, upstream, server, 1001)
    eventually(lambda: source.status(server) == ("running", None), 30, "the error is gone")


def test_server_starts_while_upstream_is_down(case):
    upstream, server = case.followed(TABLE)
    server.kill()
    upstream.stop()
    server.start()
    assert server.value("SELECT count(*) FROM t", timeout=10) == 100
    upstream.start()
    check_follows(case, upstream, server, 1001)


@limit(180)
def test_connections_are_cut_during_the_snapshot(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, shop.TABLES, ddl=shop.DDL + shop.fill(orders=80000, customers=2000))
    server = case.tailrace()
    source.create_connection(server, upstream)
    source.create_source(server)
    cuts = 0
    while cuts < 3 and not source.snapshot_committed(server):
        cuts += upstream.end_backends("usename = 'materialize'") > 0
    eventually(lambda: source.snapshot_committed(server), 120, "the snapshot is committed in the end")
    for table in shop.TABLES:
        compare.eventually_equal(case.shop(upstream), case.session(server), f"SELECT * FROM {table}", timeout=60)


def test_dropped_slot_is_an_error_and_not_wrong_data(case):
    upstream, server = case.followed(TABLE)
    slot = source.slot_of(server)
    upstream.run("ALTER ROLE materialize CONNECTION LIMIT 0")
    upstream.end_backends("usename = 'materialize'")
    eventually(lambda: upstream.run("SELECT 1 FROM pg_replication_slots WHERE slot_name = %s AND NOT active", (slot,)),
               30, "the slot is free")
    upstream.run("SELECT pg_drop_replication_slot(%s)", (slot,))
    upstream.run("INSERT INTO t VALUES (5000, 'never streamed')", database="shop")
    upstream.run("ALTER ROLE materialize CONNECTION LIMIT -1")
    eventually(lambda: source.status(server)[0] in ("stalled", "failed") and "slot" in (source.status(server)[1] or ""),
               60, "the source names the lost slot")


def test_drop_source_drops_the_slot(case):
    upstream, server = case.followed(TABLE)
    server.run("DROP SOURCE mz_source CASCADE")
    assert server.run("SHOW SOURCES") == []
    eventually(lambda: upstream.value("SELECT count(*) FROM pg_replication_slots") == 0, 30, "the slot is dropped")


def test_tables_of_a_source_fail_alone(case):
    upstream, server = case.followed(TABLE + "; CREATE TABLE u (a int, b int); INSERT INTO u VALUES (1, 2)")
    upstream.run("ALTER TABLE u DROP COLUMN b; INSERT INTO u VALUES (3)", database="shop")
    eventually(lambda: source.status(server, "u")[0] == "ceased", 60, "the changed table has ceased")
    check_follows(case, upstream, server, 1001)
    assert source.status(server) == ("running", None)
    error = expect_error(lambda: server.run("SELECT * FROM u", timeout=10), None, "Source error")
    assert "altered" in str(error) or "incompatible schema change" in str(error), error
