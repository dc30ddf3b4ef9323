"""Catching up with many small transactions made while nobody listened."""

import subprocess
import time

from harness import compare, process
from harness.postgres import BINARIES
from harness.wait import eventually

from .servers import socket_arguments

LIMIT_SLOT = "bench_limit"

# As pgbench's own transaction: three updates and an insert, each transaction committed.
WORK = """
CREATE PROCEDURE bench_work(first int, last int, accounts int, branches int) LANGUAGE plpgsql AS $$
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


def generate(upstream, rows, transactions):
    """Commit the transactions; where the log of changes then ends."""
    upstream.run(WORK, database="bench")
    session = upstream.connect("bench")
    with session.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute(f"CALL bench_work(1, {transactions}, {rows}, {rows // 100_000})")
        cursor.execute("SET synchronous_commit = on")
        cursor.execute("INSERT INTO bench_marker SELECT coalesce(max(n), 0) + 1 FROM bench_marker RETURNING n")
        (marker,) = cursor.fetchone()
        cursor.execute("SELECT pg_current_wal_lsn()")
        (end,) = cursor.fetchone()
    session.close()
    return marker, end


def reached(run, marker):
    return run("SELECT max(n) FROM bench_marker") == [(marker,)]


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
    upstream, subscriber, server = servers.accounts, servers.subscriber, servers.tailrace
    subscriber.run("ALTER SUBSCRIPTION beside DISABLE", database="bench")
    if server:
        server.stop()
    upstream.run("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", (LIMIT_SLOT,), database="bench")
    print(f"   committing {servers.transactions:,} transactions", flush=True)
    marker, end = generate(upstream, servers.rows, servers.transactions)
    limit = drained(upstream, end)
    upstream.run("SELECT pg_drop_replication_slot(%s)", (LIMIT_SLOT,))
    native_seconds, native_cpu = native(servers, marker)
    subscriber.run("ALTER SUBSCRIPTION beside DISABLE", database="bench")
    seconds = cpu = None
    if server:
        seconds, cpu = ours(servers, marker)
        check_equal(servers)
    report.add(f"catch-up with {servers.transactions:,} transactions", seconds, "s", beside="native subscription",
               there=native_seconds, goal="ratio at least 1", met=native_seconds / seconds >= 1 if seconds else None)
    report.add("  beside pg_recvlogical, drained", seconds, "s", beside="pg_recvlogical", there=limit)
    report.add("  CPU of the follower", cpu, "s", beside="native subscription", there=native_cpu)
