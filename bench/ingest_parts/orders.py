"""The initial copy of a wide table: text, numeric, timestamps and jsonb, beside COPY and a native subscription."""

import time

from psycopg2.extensions import make_dsn

from harness import process, source
from harness.wait import eventually

from .snapshot import GIBIBYTE, copy_binary_halves, drain

TABLE = """
CREATE TABLE orders (id bigint PRIMARY KEY, customer int, note text, amount numeric(12, 2), at timestamptz,
                     details jsonb, paid bool);
ALTER TABLE orders REPLICA IDENTITY FULL
"""
FILL = """
INSERT INTO orders
SELECT g, g % 100000, repeat(md5(g::text), 2)::varchar(20) || substr(md5((g * 7)::text), 1, (g % 41)::int),
       (g % 1000000) / 100.0, timestamptz '2024-01-01 00:00:00+00' + g * interval '1 second',
       jsonb_build_object('channel', 'web', 'items', g % 9, 'coupon', substr(md5(g::text), 1, 8), 'rank', g % 1000),
       g % 3 = 0
FROM generate_series(1, ROWS) AS g
"""


def prepare(servers):
    upstream = servers.postgres("orders")
    upstream.run("CREATE DATABASE bench")
    print(f"   filling orders with {servers.rows:,} rows", flush=True)
    upstream.run(TABLE, database="bench")
    upstream.run(FILL.replace("ROWS", str(servers.rows)), database="bench")
    upstream.run("VACUUM ANALYZE orders", database="bench")
    upstream.run("CREATE PUBLICATION bench FOR TABLE orders", database="bench")
    upstream.run(f"CREATE USER {source.USER} PASSWORD {source.quoted(source.PASSWORD)} REPLICATION")
    upstream.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {source.USER}", database="bench")
    upstream.run("CHECKPOINT")
    return upstream


def native(servers, upstream):
    """Seconds of a subscription's initial copy; the subscriber is gone afterwards."""
    subscriber = servers.postgres("orders-subscriber", wal_retrieve_retry_interval="50ms")
    subscriber.run("CREATE DATABASE bench")
    subscriber.run(TABLE, database="bench")
    address = make_dsn(host=upstream.host, port=upstream.port, user=source.USER, password=source.PASSWORD,
                       dbname="bench")
    started = time.monotonic()
    subscriber.run(f"CREATE SUBSCRIPTION beside CONNECTION {source.quoted(address)} PUBLICATION bench",
                   database="bench")
    eventually(lambda: subscriber.value("SELECT bool_and(srsubstate IN ('s', 'r')) FROM pg_subscription_rel",
                                        database="bench"), 900, "the subscription has copied its table", every=0.02)
    seconds = time.monotonic() - started
    subscriber.run("DROP SUBSCRIPTION beside", database="bench")
    servers.stop(subscriber)
    return seconds


def ours(servers, upstream):
    server = servers.new_tailrace("orders-tailrace")
    source.create_connection(server, upstream, database="bench")
    started = time.monotonic()
    source.create_source(server, publication="bench")
    found = server.value("SELECT count(*) FROM orders", timeout=900)
    seconds = time.monotonic() - started
    if found != servers.rows:
        raise RuntimeError(f"the snapshot has {found} rows, not {servers.rows}")
    memory, cpu = process.peak_memory_bytes(server.process.pid), process.cpu_seconds(server.process.pid)
    sums = "SELECT sum(amount), count(DISTINCT customer), sum(length(note)), max(at) FROM orders"
    here, there = server.run(sums, timeout=300), upstream.run(sums, database="bench")
    if here != there:
        raise RuntimeError(f"the sums differ: {here} here, {there} upstream")
    servers.stop(server)
    return seconds, memory, cpu


def measure(servers, report):
    upstream = prepare(servers)
    text, binary = drain(upstream, "COPY orders TO STDOUT"), copy_binary_halves(upstream, "orders")
    native_seconds = native(servers, upstream)
    seconds, memory, cpu = ours(servers, upstream) if servers.binary else (None, None, None)
    report.add(f"snapshot of {servers.rows:,} orders", seconds, "s", beside="native subscription", there=native_seconds,
               goal="ratio at least 2", met=native_seconds / seconds >= 2 if seconds else None)
    report.add("  beside COPY as text, drained", seconds, "s", beside="COPY, one connection", there=text,
               goal="ratio at least 1", met=text / seconds >= 1 if seconds else None)
    report.add("  beside COPY as binary, drained", seconds, "s", beside="COPY, two halves", there=binary)
    if seconds:
        report.add("  CPU", cpu, "s")
        report.add("  most resident memory", memory / (1 << 20), "MiB", goal="under 512 MiB", met=memory < GIBIBYTE / 2)
    servers.stop(upstream)
