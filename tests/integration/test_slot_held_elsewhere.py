"""The slot is ours, but somebody else, or nobody who can be reached, has it."""

import subprocess

from harness import compare, postgres, process, source
from harness.proxy import Proxy
from harness.wait import eventually

TABLE = "CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'x' FROM generate_series(1, 100) i"


def prepared(case, through_proxy=False, **settings):
    upstream = case.postgres(settings=settings)
    source.prepare_upstream(upstream, [], ddl=TABLE)
    proxy = case.keep(Proxy(upstream.port)) if through_proxy else None
    server = case.tailrace()
    server.run(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)}")
    server.run(f"CREATE CONNECTION pg_connection TO POSTGRES (HOST '127.0.0.1', PORT {proxy.port if proxy else upstream.port}, "
               "USER 'materialize', PASSWORD SECRET pgpass, DATABASE 'shop')")
    source.create_source(server)
    assert server.value("SELECT count(*) FROM t") == 100
    return upstream, server, proxy


def slots(upstream):
    return upstream.run("SELECT slot_name, active FROM pg_replication_slots")


def hold(upstream, slot, user):
    """pg_recvlogical reads the slot, and confirms nothing, until it is ended."""
    command = [postgres.BINARIES / "pg_recvlogical", "-h", "127.0.0.1", "-p", upstream.port, "-U", user, "-d", "shop", "--slot", slot,
               "--start", "-o", "proto_version=1", "-o", "publication_names=mz_source", "-f", "/dev/null", "-F", "0", "-s", "0"]
    environment = {"PGPASSWORD": source.PASSWORD}
    if user == "postgres":
        command[2] = upstream.home
    held = process.spawn(command, on_our_death="KILL", env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
    eventually(lambda: slots(upstream) == [(slot, True)], 20, "the slot is held")
    return held


def end(held):
    held.kill()
    held.wait()


def check_follows(case, upstream, server, key):
    upstream.run(f"INSERT INTO t VALUES ({key}, 'later')", database="shop")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t", timeout=40)
    eventually(lambda: source.status(server) == ("running", None), 30, "the source runs")


def test_our_own_role_holds_it_at_restart(case):
    """A session that upstream believes alive for ever is ended."""
    upstream, server, _ = prepared(case, wal_sender_timeout="0")
    server.kill()
    upstream.run("UPDATE t SET v = 'meanwhile' WHERE k < 5", database="shop")
    slot = slots(upstream)[0][0]
    eventually(lambda: slots(upstream) == [(slot, False)], 20, "our own is gone")
    held = hold(upstream, slot, "materialize")
    try:
        server.start()
        check_follows(case, upstream, server, 500)
        assert slots(upstream) == [(slot, True)]
    finally:
        end(held)


def test_a_role_that_we_may_not_end_holds_it_at_restart(case):
    upstream, server, _ = prepared(case, wal_sender_timeout="0")
    server.kill()
    upstream.run("UPDATE t SET v = 'meanwhile' WHERE k < 5", database="shop")
    slot = slots(upstream)[0][0]
    eventually(lambda: slots(upstream) == [(slot, False)], 20, "our own is gone")
    held = hold(upstream, slot, "postgres")
    try:
        server.start()
        eventually(lambda: source.status(server)[0] == "stalled", 30, "the source has stalled")
        assert server.value("SELECT count(*) FROM t") == 100, "what there is can be read"
        error = source.status(server)[1]
        assert f'postgres: ERROR replication slot "{slot}" is active for PID' in error, error
    finally:
        end(held)
    check_follows(case, upstream, server, 501)
    assert slots(upstream) == [(slot, True)]


def test_a_silent_network_and_no_time_limit_upstream(case):
    """Upstream goes on sending into nothing: its walsender is ended when the source is back."""
    upstream, server, proxy = prepared(case, through_proxy=True, wal_sender_timeout="0")
    pid = upstream.value("SELECT active_pid FROM pg_replication_slots")
    proxy.fall_silent()
    server.restart_after_kill()
    check_follows(case, upstream, server, 502)
    assert upstream.run("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (pid,)) == []


def test_dropped_while_upstream_is_down(case):
    upstream, server, _ = prepared(case)
    upstream.stop()
    server.run("DROP SOURCE mz_source CASCADE", timeout=15)
    assert server.run("SHOW SOURCES") == []
    server.restart_after_kill()
    upstream.start()
    eventually(lambda: slots(upstream) == [], 60, "the slot is dropped once upstream is there")


def test_dropped_while_the_slot_is_active_elsewhere(case):
    for user in ("materialize", "postgres"):
        upstream, server, _ = prepared(case, wal_sender_timeout="0")
        slot = slots(upstream)[0][0]
        upstream.run("ALTER ROLE materialize NOLOGIN")
        upstream.end_backends("usename = 'materialize'")
        eventually(lambda: slots(upstream) == [(slot, False)], 20, "our own is gone")
        if user == "materialize":
            upstream.run("ALTER ROLE materialize LOGIN")
            server.kill()  # or it would be there first
            eventually(lambda: upstream.end_backends("usename = 'materialize'") == 0, 20, "none of ours is there")
            held = hold(upstream, slot, user)
            upstream.run("ALTER ROLE materialize NOLOGIN")
            server.start()
        else:
            held = hold(upstream, slot, user)
        try:
            server.run("DROP SOURCE mz_source CASCADE", timeout=15)
            assert server.run("SHOW SOURCES") == []
            assert slots(upstream) == [(slot, True)]
            upstream.run("ALTER ROLE materialize LOGIN")
            if user == "materialize":
                eventually(lambda: slots(upstream) == [], 60, "the slot is dropped although another session of ours has it")
        finally:
            end(held)
        eventually(lambda: slots(upstream) == [], 60, f"the slot is dropped, held by {user}")
        server.stop()


def test_dropped_while_the_network_is_silent(case):
    upstream, server, proxy = prepared(case, through_proxy=True, wal_sender_timeout="0")
    proxy.fall_silent()
    server.run("DROP SOURCE mz_source CASCADE", timeout=15)
    eventually(lambda: slots(upstream) == [], 60, "the slot is dropped although upstream believes that it is read")
