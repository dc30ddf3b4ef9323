"""Upstream goes away and comes back: statuses tell, reads go on, nothing is lost."""

from harness import compare, shop, source
from harness.case import expect_error, limit
from harness.proxy import Proxy
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
    before = upstream.log_text().count("ready to accept connections")
    upstream.kill_backend(pid)
    eventually(lambda: upstream.log_text().count("ready to accept connections") > before, 30, "upstream has recovered")
    eventually(upstream._answers, 30, "upstream answers again")
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


def test_a_slot_that_upstream_gave_up_is_told_in_plain_words(case):
    upstream = case.postgres(settings={"max_slot_wal_keep_size": "1MB", "min_wal_size": "32MB", "max_wal_size": "32MB"})
    source.prepare_upstream(upstream, [], ddl=TABLE)
    server = case.tailrace()
    server.run("CREATE CLUSTER ingest (SIZE = '25cc')")
    source.create_connection(server, upstream)
    server.run("CREATE SOURCE mz_source IN CLUSTER ingest FROM POSTGRES CONNECTION pg_connection "
               "(PUBLICATION 'mz_source') FOR ALL TABLES")
    assert server.value("SELECT count(*) FROM t") == 100
    server.run("ALTER CLUSTER ingest SET (REPLICATION FACTOR = 0)")
    slot = source.slot_of(server)

    def lost():
        upstream.run("CREATE TABLE IF NOT EXISTS noise (a text); INSERT INTO noise SELECT repeat('x', 1000) "
                     "FROM generate_series(1, 20000)")
        upstream.run("SELECT pg_switch_wal()")
        upstream.run("CHECKPOINT")
        return upstream.value("SELECT wal_status FROM pg_replication_slots WHERE slot_name = %s", (slot,)) == "lost"

    eventually(lost, 60, "upstream gives the slot up")
    server.run("ALTER CLUSTER ingest SET (REPLICATION FACTOR = 1)")
    eventually(lambda: source.status(server)[0] == "stalled", 60, "the source is stalled")
    error = source.status(server)[1]
    for words in ("has been invalidated because it exceeded the maximum reserved size", "max_slot_wal_keep_size is 1MB",
                  "must be dropped and created again"):
        assert words in error, error
    assert source.status(server, "t")[0] == "ceased"
    expect_error(lambda: server.run("SELECT * FROM t", timeout=10), None, "Source error", "max_slot_wal_keep_size")


def test_writes_to_other_databases_do_not_fill_the_log(case):
    """What upstream keeps for the slot goes on moving although nothing of its database is written."""
    upstream, server = case.followed(TABLE)
    slot = source.slot_of(server)
    upstream.run("CREATE TABLE elsewhere (a text)")
    start = upstream.value("SELECT restart_lsn FROM pg_replication_slots WHERE slot_name = %s", (slot,))

    def moved():
        upstream.run("INSERT INTO elsewhere SELECT repeat('x', 1000) FROM generate_series(1, 10000)")
        upstream.run("CHECKPOINT")
        return upstream.value("SELECT restart_lsn - %s::pg_lsn > 40 * 1024 * 1024 FROM pg_replication_slots "
                              "WHERE slot_name = %s", (start, slot))

    eventually(moved, 90, "the slot lets the log go", every=0.5)


def test_a_stream_that_fell_silent_is_given_up(case):
    """The connection stays open on our side, but upstream has ended it and its words do not reach us."""
    upstream = case.postgres(settings={"wal_sender_timeout": "2s"})
    source.prepare_upstream(upstream, [], ddl=TABLE)
    proxy = case.keep(Proxy(upstream.port))
    server = case.tailrace()
    server.run(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)}")
    server.run(f"CREATE CONNECTION pg_connection TO POSTGRES (HOST '127.0.0.1', PORT {proxy.port}, USER 'materialize', "
               "PASSWORD SECRET pgpass, DATABASE 'shop')")
    source.create_source(server)
    assert server.value("SELECT count(*) FROM t") == 100
    proxy.fall_silent()
    check_follows(case, upstream, server, 2001)
