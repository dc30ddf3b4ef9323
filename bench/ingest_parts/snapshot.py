"""The initial copy: ours, a native subscription's, and COPY drained to nothing, which nobody can beat."""

import subprocess
import time

from harness.postgres import BINARIES

from .servers import socket_arguments

GIBIBYTE = 1 << 30


def drain(upstream, *queries):
    """Seconds to run these COPY statements at once, each on its own connection, and throw the data away."""
    started = time.monotonic()
    children = [subprocess.Popen([BINARIES / "psql", "-X", *socket_arguments(upstream, "bench"), "-c", query],
                                 stdout=subprocess.DEVNULL) for query in queries]
    for child in children:
        if child.wait() != 0:
            raise RuntimeError("psql could not copy")
    return time.monotonic() - started


def copy_as_text(upstream):
    return drain(upstream, "COPY pgbench_accounts TO STDOUT")


def copy_binary_halves(upstream, table="pgbench_accounts"):
    middle = upstream.value(f"SELECT pg_relation_size('{table}') / current_setting('block_size')::int / 2",
                            database="bench")
    select = f"COPY (SELECT * FROM ONLY {table} WHERE ctid {{}} '({{}},0)') TO STDOUT (FORMAT binary)"
    return drain(upstream, select.format("<", middle), select.format(">=", middle))


def measure(servers, report):
    upstream = servers.accounts
    text, binary = copy_as_text(upstream), copy_binary_halves(upstream)
    servers.start_subscriber()
    native = servers.snapshot_figures["native"]
    server = servers.tailrace
    ours = servers.snapshot_figures.get("tailrace", {})
    seconds = ours.get("seconds")
    report.add(f"snapshot of {servers.rows:,} rows", seconds, "s", beside="native subscription",
               there=native["seconds"], goal="ratio at least 2",
               met=native["seconds"] / seconds >= 2 if seconds else None)
    report.add("  beside COPY as text, drained", seconds, "s", beside="COPY, one connection", there=text)
    report.add("  beside COPY as binary, drained", seconds, "s", beside="COPY, two halves", there=binary)
    report.add("  CPU of the follower", ours.get("cpu"), "s", beside="native subscription", there=native["cpu"])
    report.add("  disk a row", ours["bytes"] / servers.rows if ours else None, "bytes", beside="native subscription",
               there=native["bytes"] / servers.rows)
    if server:
        report.add("  most resident memory", ours["memory"] / (1 << 20), "MiB", goal="under 1024 MiB",
                   met=ours["memory"] < GIBIBYTE)
