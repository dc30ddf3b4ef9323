"""Another server answers than the one that was followed: a standby that was promoted, one of its own, one restored."""

import shutil

import psycopg2

from harness import compare, postgres, process, source
from harness.wait import eventually

TABLE = "CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'x' FROM generate_series(1, 100) i"


def copied(case, upstream, *, standby):
    """A copy of the running server, with its roles and tables, and without its slots."""
    copy = case.postgres(start=False)
    shutil.rmtree(copy.data)
    process.run([postgres.BINARIES / "pg_basebackup", "-h", upstream.home, "-p", upstream.port, "-U", "postgres", "-D", copy.data,
                 "--checkpoint=fast", "--no-sync", *(["-R"] if standby else [])], as_server_account=True, cwd="/")
    with open(copy.data / "postgresql.auto.conf", "a", encoding="utf-8") as conf:
        conf.write(f"port = {copy.port}\nunix_socket_directories = '{copy.home}'\n")
    return copy.start()


def point_to(server, upstream):
    server.run(f"ALTER CONNECTION pg_connection SET (PORT = {upstream.port}, HOST = '{upstream.host}') WITH (VALIDATE = false)")


def read_error(server):
    try:
        server.run("SELECT count(*) FROM t", timeout=10)
        return ""
    except psycopg2.Error as error:
        return error.diag.message_primary


def test_a_promoted_standby_has_another_timeline(case):
    upstream, server = case.followed(TABLE)
    standby = copied(case, upstream, standby=True)
    upstream.run("UPDATE t SET v = 'last' WHERE k < 10", database="shop")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t")
    lsn = upstream.value("SELECT pg_current_wal_lsn()")
    eventually(lambda: standby.value("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (lsn,)), 30, "the standby has all")
    upstream.stop()
    standby.run("SELECT pg_promote()")
    standby.run("UPDATE t SET v = 'after' WHERE k = 50", database="shop")
    point_to(server, standby)
    eventually(lambda: source.stalled_with(server, "database restored from point-in-time backup"), 30, "the timeline is another")
    eventually(lambda: "Source error" in read_error(server), 10, "nothing is served as if it went on")
    assert "point-in-time backup" in read_error(server)
    assert standby.value("SELECT count(*) FROM pg_replication_slots") == 0, "nothing is made there"
    # What is to be done works.
    server.run("DROP SOURCE mz_source CASCADE")
    source.create_source(server)
    compare.eventually_equal(case.shop(standby), case.session(server), "SELECT * FROM t")


def test_without_the_check_of_timelines_a_missing_slot_is_told(case):
    upstream, server = case.followed(TABLE)
    standby = copied(case, upstream, standby=True)
    server.run("ALTER SYSTEM SET pg_source_validate_timeline = off")
    upstream.stop()
    standby.run("SELECT pg_promote()")
    standby.run("DELETE FROM t WHERE k = 50", database="shop")
    point_to(server, standby)
    eventually(lambda: "slot overcompacted" in read_error(server), 30, "the slot did not move along")
    eventually(lambda: source.status(server, "t")[0] == "ceased", 30, "the table has ended")


def test_a_standby_without_the_slot_ends_nothing(case):
    """A reader's address, say: nothing is lost, and the source goes on once the connection points to the primary again."""
    upstream, server = case.followed(TABLE)
    standby = copied(case, upstream, standby=True)
    point_to(server, standby)
    eventually(lambda: source.stalled_with(server, "a standby answers"), 30, "the source has stalled")
    assert source.status(server, "t")[0] == "stalled" and read_error(server) == ""
    point_to(server, upstream)
    upstream.run("INSERT INTO t VALUES (200, 'y')", database="shop")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t", timeout=40)


def test_a_source_is_created_on_a_standby_that_cannot_decode(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, ["t"], ddl=TABLE)
    standby = copied(case, upstream, standby=True)
    server = case.tailrace()
    server.run(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)}")
    try:
        server.run(f"CREATE CONNECTION pg_connection TO POSTGRES ({source.connection_options(standby)})")
        source.create_source(server)
    except psycopg2.Error as error:
        assert "standby" in str(error) or "recovery" in str(error), error
    else:
        eventually(lambda: source.status(server)[0] == "stalled", 30, "the source has stalled")
        assert "recovery" in source.status(server)[1] or "standby" in source.status(server)[1], source.status(server)


def test_a_restored_backup_with_the_same_timeline(case):
    """A copy of the files, slots included, that is older than what is here: nothing may be read from it."""
    upstream, server = case.followed(TABLE)
    slot = source.slot_of(server)
    upstream.stop()
    saved = upstream.home / "saved"
    process.run(["cp", "-a", upstream.data, saved])
    upstream.start()
    upstream.run("INSERT INTO t SELECT i, 'lost' FROM generate_series(1000, 1999) i", database="shop")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t", timeout=40)
    ahead = upstream.value("SELECT pg_current_wal_lsn()")
    eventually(lambda: upstream.value("SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots", (ahead,)), 20, "confirmed")
    upstream.stop()
    shutil.rmtree(upstream.data)
    saved.rename(upstream.data)
    upstream.start()
    assert upstream.value("SELECT count(*) FROM pg_replication_slots WHERE slot_name = %s", (slot,)) == 1
    upstream.run("INSERT INTO t SELECT i, 'other' FROM generate_series(2000, 2009) i", database="shop")

    eventually(lambda: source.stalled_with(server, "database restored from point-in-time backup"), 30, "upstream has gone back")
    assert "point-in-time backup" in read_error(server)


def test_tables_go_on_without_the_right_to_read_them(case):
    """After the snapshot SELECT is not needed: whatever restarts, nothing is copied again."""
    upstream, server = case.followed(TABLE + "; CREATE TABLE u (k int); INSERT INTO u VALUES (1)")
    upstream.run("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM materialize; REVOKE ALL ON SCHEMA public FROM materialize, PUBLIC",
                 database="shop")
    server.restart_after_kill()
    upstream.run("UPDATE t SET v = 'y'; INSERT INTO u VALUES (2)", database="shop")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t", timeout=40)
    upstream.restart("immediate")
    upstream.run("DELETE FROM t WHERE k > 50; ALTER TABLE t ADD COLUMN w int; UPDATE t SET w = k; UPDATE u SET k = -k", database="shop")
    origin, mirror = case.shop(upstream), case.session(server)
    compare.eventually_equal(origin, mirror, "SELECT k, v FROM t", "SELECT * FROM t", timeout=40)
    compare.eventually_equal(origin, mirror, "SELECT * FROM u", timeout=40)
    assert "COPY" not in upstream.log_text()
    assert source.status(server, "t") == ("running", None)
    upstream.run("ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (false)", database="shop")
    server.restart_after_kill()
    upstream.run("INSERT INTO t VALUES (500, 'z', 1)", database="shop")
    compare.eventually_equal(origin, mirror := case.session(server), "SELECT k, v FROM t", "SELECT * FROM t", timeout=40)
    # A new table needs all of it, stalls alone, and heals.
    upstream.run("CREATE TABLE late (k int PRIMARY KEY); INSERT INTO late VALUES (1); ALTER PUBLICATION mz_source ADD TABLE late"
                 if not upstream.value("SELECT puballtables FROM pg_publication", database="shop") else
                 "CREATE TABLE late (k int PRIMARY KEY); INSERT INTO late VALUES (1)", database="shop")
    upstream.run("GRANT USAGE ON SCHEMA public TO materialize; GRANT SELECT ON late TO materialize", database="shop")
    server.run("ALTER SOURCE mz_source ADD SUBSOURCE late")
    compare.eventually_equal(origin, mirror, "SELECT * FROM late")
