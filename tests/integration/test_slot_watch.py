"""What an operator can see of the replication slot upstream: what it keeps, who holds it back, what its creation waits for."""

import datetime

from harness import source
from harness.background import Background
from harness.wait import eventually

DDL = "CREATE TABLE t (k int PRIMARY KEY); INSERT INTO t VALUES (1)"


def prepared(case, **settings):
    upstream = case.postgres(settings=settings)
    source.prepare_upstream(upstream, ["t"], ddl=DDL)
    server = case.tailrace()
    source.create_connection(server, upstream)
    return upstream, server


def slot(server, columns):
    found = server.run(f"SELECT {columns} FROM mz_internal.mz_postgres_source_slots s JOIN mz_sources ON mz_sources.id = s.id "
                       "WHERE name = 'mz_source'")
    return found[0] if found else None


def write_log(upstream, megabytes):
    upstream.run(f"SELECT pg_logical_emit_message(false, 'test', repeat('x', 1000000)) FROM generate_series(1, {megabytes})",
                 database="shop")


def open_writer(upstream):
    """A session with an open transaction that has written, and its process."""
    session = upstream.connect("shop", autocommit=False)
    cursor = session.cursor()
    cursor.execute("INSERT INTO t VALUES (100)")
    cursor.execute("SELECT pg_backend_pid()")
    return session, cursor.fetchone()[0]


def test_what_the_slot_keeps(case):
    upstream, server = prepared(case)
    source.create_source(server)
    eventually(lambda: source.snapshot_committed(server), 30, "the snapshot is committed")
    status, retained, safe, held_by = eventually(
        lambda: slot(server, "wal_status, retained_bytes::bigint, safe_bytes::bigint, held_by"), 30, "upstream was asked")
    assert status == "reserved" and retained < 64 << 20 and safe is None and held_by is None
    upstream.run("INSERT INTO t VALUES (2)", database="shop")
    committed = upstream.value("SELECT now()")

    def told():
        at = slot(server, "last_commit_at")[0]
        return at is not None and abs(at - committed) < datetime.timedelta(seconds=5)

    eventually(told, 30, "when the newest transaction here was committed")
    load = upstream.connect("shop")
    began = upstream.value("SELECT clock_timestamp()")
    with Background(load, lambda: load.cursor().execute("UPDATE t SET k = k WHERE k = 2")):
        eventually(lambda: slot(server, "last_commit_at")[0] - began > datetime.timedelta(seconds=2), 30, "it keeps up under load")
    server.run("DROP SOURCE mz_source CASCADE")
    eventually(lambda: server.run("SELECT * FROM mz_internal.mz_postgres_source_slots") == [], 30, "gone with the source")


def test_who_holds_the_slot_back(case):
    upstream, server = prepared(case, max_slot_wal_keep_size="32MB", max_wal_size="4GB")
    source.create_source(server)
    eventually(lambda: source.snapshot_committed(server), 30, "the snapshot is committed")
    writer, process = open_writer(upstream)
    write_log(upstream, 100)
    eventually(lambda: slot(server, "held_by") == (f"process {process}",), 40, "the open transaction is named")
    retained, status, safe = slot(server, "retained_bytes::bigint, wal_status, safe_bytes::bigint")
    assert retained >= 64 << 20 and (status, safe) == ("unreserved", 0), (retained, status, safe)
    assert "more than max_slot_wal_keep_size: its next checkpoint may invalidate the slot" in server.log_text()
    writer.rollback()
    writer.close()
    upstream.run("INSERT INTO t VALUES (3)", database="shop")

    def moves_on():
        upstream.run("SELECT pg_log_standby_snapshot()" if upstream.value("SELECT current_setting('server_version_num')::int >= 160000")
                     else "SELECT pg_switch_wal()", database="shop")
        upstream.run("UPDATE t SET k = k WHERE k = 3", database="shop")
        return slot(server, "wal_status, held_by") == ("reserved", None)

    eventually(moves_on, 60, "the slot keeps little again", every=1)


def test_what_the_making_of_a_slot_waits_for(case):
    upstream, server = prepared(case)
    writer, process = open_writer(upstream)
    source.create_source(server)
    hinted = ("SELECT coalesce(s.details::text, '') FROM mz_internal.mz_source_statuses s WHERE s.name = 'mz_source' AND s.status = 'starting'")
    eventually(lambda: any(f"process {process}" in details for details, in server.run(hinted)), 30,
               "the status tells whom it waits for")
    writer.rollback()
    writer.close()
    eventually(lambda: source.snapshot_committed(server), 30, "the snapshot is committed")
    eventually(lambda: server.value("SELECT status FROM mz_internal.mz_source_statuses WHERE name = 'mz_source'") == "running", 30,
               "the source runs")
    assert server.run("SELECT * FROM t") == [(1,)]


def test_pausing_a_source_says_what_it_costs(case):
    upstream, server = prepared(case)
    server.run("CREATE CLUSTER c (SIZE '25cc')")
    server.run(f"CREATE SOURCE mz_source IN CLUSTER c FROM POSTGRES CONNECTION pg_connection (PUBLICATION '{source.PUBLICATION}') "
               "FOR ALL TABLES")
    slot_name = source.slot_of(server)
    session = case.session(server)
    session.cursor().execute("ALTER CLUSTER c SET (REPLICATION FACTOR 0)")
    paused, hint = session.notices[-1].splitlines()[:2]
    assert paused == (f'NOTICE:  source "mz_source" is paused: upstream keeps its log from here on for replication slot "{slot_name}"')
    assert hint == "HINT:  Let the cluster run again, or drop the source."
    session.cursor().execute("ALTER CLUSTER c SET (SIZE '50cc')")
    assert len(session.notices) == 1, session.notices
    server.run("ALTER CLUSTER c SET (REPLICATION FACTOR 1)")
    eventually(lambda: server.run("SELECT * FROM t") == [(1,)], 30, "it goes on")
