"""How long after a commit upstream was acknowledged a SELECT here sees it, at a hundred commits a second."""

import threading
import time

from harness import source
from harness.wait import eventually

COMMITS = 1000
PERIOD = 0.01


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def commit_steadily(upstream, acknowledged):
    """Commit n = 1, 2, ... and note when each was acknowledged."""
    session = upstream.connect("fresh")
    start = time.monotonic()
    with session.cursor() as cursor:
        for number in range(1, COMMITS + 1):
            cursor.execute(f"UPDATE now SET n = {number}")
            acknowledged[number] = time.monotonic()
            time.sleep(max(0.0, start + number * PERIOD - time.monotonic()))
    session.close()


def visible_delays(upstream, connect):
    """Milliseconds from each acknowledgement until a query, asked each millisecond, shows it."""
    acknowledged, seen = {}, {}
    writer = threading.Thread(target=commit_steadily, args=(upstream, acknowledged))
    session = connect()
    deadline = time.monotonic() + COMMITS * PERIOD + 60
    writer.start()
    try:
        with session.cursor() as cursor:
            known = 0
            while known < COMMITS and time.monotonic() < deadline:
                cursor.execute("SELECT n FROM now")
                (number,) = cursor.fetchone()
                at = time.monotonic()
                for each in range(known + 1, number + 1):
                    seen[each] = at
                known = max(known, number)
                time.sleep(0.001)
    finally:
        writer.join()
        session.close()
    if len(seen) != COMMITS:
        raise RuntimeError(f"only {len(seen)} of {COMMITS} commits became visible")
    # A commit can be seen here before its acknowledgement has reached the writer; that is a delay of nothing.
    return [max(0.0, 1000 * (seen[number] - acknowledged[number])) for number in seen]


def measure(servers, report):
    upstream = servers.postgres("fresh")
    source.prepare_upstream(upstream, ["now"], database="fresh",
                            ddl="CREATE TABLE now (n int); INSERT INTO now VALUES (0)")
    beside = visible_delays(upstream, lambda: upstream.connect("fresh"))
    upstream.run("UPDATE now SET n = 0", database="fresh")
    server = servers.new_tailrace("fresh-tailrace")
    delays = None
    if server:
        source.create_connection(server, upstream, database="fresh")
        source.create_source(server)
        eventually(lambda: server.run("SELECT n FROM now") == [(0,)], 60, "the source follows")
        delays = visible_delays(upstream, server.connect)
    for name, share, goal in (("median", 0.5, 2), ("99th percentile", 0.99, 6)):
        value = percentile(delays, share) if delays else None
        report.add(f"commit upstream to SELECT here, {name}", value, "ms", beside="SELECT upstream",
                   there=percentile(beside, share), goal=f"under {goal} ms",
                   met=value < goal if delays else None)
    servers.stop(server)
    servers.stop(upstream)
