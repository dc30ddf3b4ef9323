"""While the first snapshot is taken, everybody can tell how far it is and how long it will take."""

import re

from harness import source
from harness.proxy import Proxy
from harness.wait import eventually
from harness.wire import Wire

ROWS = 20_000
DDL = f"CREATE TABLE t (k int PRIMARY KEY, a text); INSERT INTO t SELECT k, repeat('x', 100) FROM generate_series(1, {ROWS}) k"
PROGRESS = ("SELECT records_known::bigint, records_staged::bigint, extract(epoch FROM remaining)::float8, began_at "
            "FROM mz_internal.mz_postgres_source_snapshots p JOIN mz_sources s ON s.id = p.id WHERE s.name = 'mz_source'")


def prepared(case):
    """Upstream, a server, and what stands between them."""
    upstream = case.postgres()
    source.prepare_upstream(upstream, ["t"], ddl=DDL)
    upstream.run("ANALYZE t", database="shop")
    proxy = case.keep(Proxy(upstream.port))
    server = case.tailrace()
    server.run(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)}")
    server.run("CREATE CONNECTION pg_connection TO POSTGRES (HOST '127.0.0.1', "
               f"PORT {proxy.port}, USER '{source.USER}', PASSWORD SECRET pgpass, DATABASE 'shop')")
    return upstream, proxy, server


def notices_until(wire, wanted):
    """The texts of notices as they come, up to the first that the pattern meets."""
    seen = []
    while True:
        kind, payload = wire.receive()
        assert kind == b"N", (kind, payload, seen)
        text = next(part[1:].decode() for part in payload.split(b"\0") if part[:1] == b"M")
        seen.append(text)
        if re.search(wanted, text):
            return seen


def test_a_query_that_waits_is_told_how_far_the_snapshot_is(case):
    upstream, proxy, server = prepared(case)
    source.create_source(server)
    proxy.bytes_per_second = 200_000  # 2.2 MB: eleven seconds
    with Wire(server.host, server.port, timeout=60) as wire:
        wire.send(b"Q", b"SELECT count(*) FROM t\0")
        prefix = 'waiting for the first snapshot of table "t" by source "mz_source": '
        seen = notices_until(wire, rf"^{prefix}\d+% of about {ROWS} rows have been read, about 00:00:\d\d left$")
        known, staged, remaining, began_at = eventually(lambda: next(iter(server.run(PROGRESS)), None), 10, "the progress is shown")
        assert known == ROWS and 0 < staged < ROWS and 0 < remaining < 60 and began_at is not None, (staged, remaining, seen)
        proxy.bytes_per_second = None
        rows = [payload for kind, payload in wire.until_ready() if kind == b"D"]
        assert len(rows) == 1 and str(ROWS).encode() in rows[0]
    eventually(lambda: server.run(PROGRESS) == [], 10, "there is nothing to wait for any more")


def test_a_query_that_waits_for_a_source_that_does_not_run_is_told_so(case):
    _, _, server = prepared(case)
    server.run("CREATE CLUSTER c (SIZE '25cc', REPLICATION FACTOR 0)")
    server.run(f"CREATE SOURCE mz_source IN CLUSTER c FROM POSTGRES CONNECTION pg_connection (PUBLICATION '{source.PUBLICATION}') "
               "FOR ALL TABLES")
    with Wire(server.host, server.port, timeout=60) as wire:
        wire.send(b"Q", b"SELECT count(*) FROM t\0")
        notices_until(wire, "the source is not running; does its cluster have a replica")
        server.run("ALTER CLUSTER c SET (REPLICATION FACTOR 1)")
        assert [payload[-5:] for kind, payload in wire.until_ready() if kind == b"D"] == [str(ROWS).encode()]


def test_notices_can_be_turned_off(case):
    _, proxy, server = prepared(case)
    source.create_source(server)
    proxy.bytes_per_second = 400_000
    with Wire(server.host, server.port, timeout=60, client_min_messages="warning") as wire:
        assert [kind for kind, _ in wire.query("SELECT count(*) FROM t") if kind == b"N"] == []
