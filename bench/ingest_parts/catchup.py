"""Catching up with many small transactions made while nobody listened."""

import subprocess
import time

from psycopg2.extensions import make_dsn

from harness import compare, process, source
from harness.postgres import BINARIES
from harness.wait import eventually

from .servers import TABLES, socket_arguments

LIMIT_SLOT = "bench_limit"
BATCH_SLOT = "bench_batched"

# As pgbench's own transaction: three updates and an insert, each transaction committed.
WORK = """
CREATE OR REPLACE PROCEDURE bench_work(first int, last int, accounts int, branches int) LANGUAGE plpgsql AS $$
DECLARE account int; branch int; delta int;
BEGIN
  FOR number IN first..last LOOP
    account := 1 + (number * 7919::bigint) % accounts;
    branch := 1 + number % branches;
    delta := number % 10000 - 5000;
    UPDATE pgbench_accounts SET abalance = abalance + delta WHERE aid = account;
    UPDATE pgbench_tellers SET tbalance = tbalance + delta WHERE tid = 1 + number % (branches * 10);
    UPDATE pgbench_branches SET bbalance = bbalance + delta WHERE bid = branch;
    INSERT INTO pgbench_history (tid, bid, aid, delta, mtime)
    VALUES (1 + number % (branches * 10), branch, account, delta, now());
    COMMIT;
  END LOOP;
END $$
"""


def follow_by_key(upstream, identity="DEFAULT"):
    """What upstream's log tells of old rows. (History has no key, and only grows.)"""
    for table in TABLES:
        if table != "pgbench_history":
            upstream.run(f"ALTER TABLE {table} REPLICA IDENTITY {identity}", database="bench")


def mark_end(cursor):
    """A marker that comes after all that was committed, and where the log of changes then ends."""
    cursor.execute("INSERT INTO bench_marker SELECT coalesce(max(n), 0) + 1 FROM bench_marker RETURNING n")
    (marker,) = cursor.fetchone()
    cursor.execute("SELECT pg_current_wal_lsn()")
    (end,) = cursor.fetchone()
    return marker, end


def generate(upstream, rows, transactions):
    """Commit the transactions; what `mark_end` says."""
    upstream.run(WORK, database="bench")
    session = upstream.connect("bench")
    with session.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute(f"CALL bench_work(1, {transactions}, {rows}, {rows // 100_000})")
        cursor.execute("SET synchronous_commit = on")
        marked = mark_end(cursor)
    session.close()
    return marked


BULK = """
CREATE PROCEDURE bench_bulk(first int, last int, width int) LANGUAGE plpgsql AS $$
BEGIN
  FOR number IN first..last LOOP
    UPDATE pgbench_accounts SET abalance = abalance + 1
    WHERE aid > (number - 1) * width AND aid <= number * width;
    COMMIT;
  END LOOP;
END $$
"""
BULK_TRANSACTIONS = 20


def drop_slot(upstream, slot):
    """Once its reader is gone: upstream may not have noticed yet."""
    eventually(lambda: not upstream.value("SELECT active FROM pg_replication_slots WHERE slot_name = %s", (slot,)), 60,
               f"slot {slot} is free", every=0.02)
    upstream.run("SELECT pg_drop_replication_slot(%s)", (slot,))


def generate_bulk(upstream, width):
    """A few transactions of `width` updates each; what `mark_end` says."""
    upstream.run(BULK, database="bench")
    session = upstream.connect("bench")
    with session.cursor() as cursor:
        cursor.execute(f"CALL bench_bulk(1, {BULK_TRANSACTIONS}, {width})")
        marked = mark_end(cursor)
    session.close()
    return marked


def native(servers, marker):
    """Seconds from ENABLE until the subscriber shows the marker."""
    subscriber = servers.subscriber
    cpu = process.cpu_seconds_of_tree(subscriber.process.pid)
    session = subscriber.connect("bench")
    started = time.monotonic()
    with session.cursor() as cursor:
        cursor.execute("ALTER SUBSCRIPTION beside ENABLE")

        def done():
            cursor.execute("SELECT max(n) FROM bench_marker")
            return cursor.fetchone() == (marker,)

        eventually(done, 1800, "the subscription has caught up", every=0.02)
    seconds = time.monotonic() - started
    session.close()
    return seconds, process.cpu_seconds_of_tree(subscriber.process.pid) - cpu


def drained(upstream, end):
    """Seconds for pg_recvlogical to read the changes to nothing."""
    started = time.monotonic()
    subprocess.run([BINARIES / "pg_recvlogical", *socket_arguments(upstream, "bench"), "--slot", LIMIT_SLOT, "--start",
                    "--endpos", end, "--no-loop", "-f", "/dev/null", "-o", "proto_version=1",
                    "-o", "publication_names=bench"], check=True)
    return time.monotonic() - started


def drained_in_batches(servers, upstream, end):
    """Seconds to read them to nothing without being woken for each message: the least that reading can take."""
    address = make_dsn(host=upstream.host, port=upstream.port, user=source.USER, password=source.PASSWORD,
                       dbname="bench")
    started = time.monotonic()
    process.run([servers.build / "bench" / "tailrace_bench_drain", address, BATCH_SLOT, "bench", end])
    return time.monotonic() - started


def ours(servers, marker):
    """Seconds from the start of the stopped server until it shows the marker."""
    server = servers.tailrace
    started = time.monotonic()
    server.start()
    session = server.connect()
    with session.cursor() as cursor:

        def done():
            cursor.execute("SELECT max(n) FROM bench_marker")
            return cursor.fetchone() == (marker,)

        eventually(done, 1800, "tailrace has caught up", every=0.02)
    seconds = time.monotonic() - started
    session.close()
    return seconds, process.cpu_seconds(server.process.pid)


def check_equal(servers):
    """What was measured must also be right."""
    upstream, here = servers.accounts.connect("bench"), servers.tailrace.connect()
    for question in ("SELECT count(*), sum(abalance), sum(aid::bigint * abalance) FROM pgbench_accounts",
                     "SELECT * FROM pgbench_tellers", "SELECT * FROM pgbench_branches",
                     "SELECT count(*), sum(delta), sum(aid::bigint * delta) FROM pgbench_history"):
        compare.eventually_equal(upstream, here, question)
    upstream.close()
    here.close()


def measure(servers, report):
    small = f"{servers.transactions:,} transactions of 4 changes"
    catch_up(servers, report, small,
             lambda: generate(servers.accounts, servers.rows, servers.transactions))
    # Upstream writes keys alone; the old rows are looked up here.
    follow_by_key(servers.accounts)
    catch_up(servers, report, small + " by key",
             lambda: generate(servers.accounts, servers.rows, servers.transactions))
    follow_by_key(servers.accounts, identity="FULL")
    width = min(100_000, servers.rows // BULK_TRANSACTIONS)
    catch_up(servers, report, f"{BULK_TRANSACTIONS} transactions of {width:,} changes",
             lambda: generate_bulk(servers.accounts, width))


def catch_up(servers, report, what, commit):
    upstream, subscriber, server = servers.accounts, servers.subscriber, servers.tailrace
    subscriber.run("ALTER SUBSCRIPTION beside DISABLE", database="bench")
    if server:
        server.stop()
    for slot in (LIMIT_SLOT, BATCH_SLOT):
        upstream.run("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", (slot,), database="bench")
    print(f"   committing {what}", flush=True)
    marker, end = commit()
    limit, batched = drained(upstream, end), drained_in_batches(servers, upstream, end)
    for slot in (LIMIT_SLOT, BATCH_SLOT):
        drop_slot(upstream, slot)
    native_seconds, native_cpu = native(servers, marker)
    subscriber.run("ALTER SUBSCRIPTION beside DISABLE", database="bench")
    seconds = cpu = None
    if server:
        seconds, cpu = ours(servers, marker)
        check_equal(servers)
    report.add(f"catch-up with {what}", seconds, "s", beside="native subscription",
               there=native_seconds, goal="ratio at least 1", met=native_seconds / seconds >= 1 if seconds else None)
    report.add("  beside reading in batches to nothing", seconds, "s", beside="batched drain", there=batched,
               goal="ratio at least 0.8", met=batched / seconds >= 0.8 if seconds else None)
    report.add("  beside pg_recvlogical, drained", seconds, "s", beside="pg_recvlogical", there=limit)
    report.add("  CPU of the follower", cpu, "s", beside="native subscription", there=native_cpu)
