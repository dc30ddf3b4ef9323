"""Point SELECTs on an indexed view, prepared, from eight clients; PostgreSQL's own `pgbench -S` beside it."""

import re

from harness import process
from harness.postgres import BINARIES
from harness.wait import eventually

CLIENTS = 8
SECONDS = 10


def rate(arguments, environment=None):
    """Transactions a second that pgbench reports."""
    text = process.run([BINARIES / "pgbench", "-n", "-M", "prepared", "-c", CLIENTS, "-j", 2, "-T", SECONDS,
                        *arguments], env=environment)
    found = re.search(r"^tps = ([\d.]+)", text, re.MULTILINE)
    if not found or "0 (0.000%)" not in text:
        raise RuntimeError(text)
    return float(found[1])


def measure(servers, report):
    upstream, server = servers.accounts, servers.tailrace
    script = servers.folder / "lookup.sql"
    script.write_text(f"\\set aid random(1, {servers.rows})\nSELECT abalance FROM accounts WHERE aid = :aid;\n",
                      encoding="utf-8")
    beside = rate(["-S", "-h", str(upstream.home), "-p", upstream.port, "-U", "postgres", "bench"])
    ours = None
    if server:
        server.run("CREATE VIEW accounts AS SELECT aid, bid, abalance FROM pgbench_accounts")
        server.run("CREATE INDEX accounts_aid ON accounts (aid)")
        if server.run("SELECT count(*) FROM accounts WHERE aid = 1", timeout=300) != [(1,)]:
            raise RuntimeError("account 1 is not in the view")
        # Until the index has taken up its view, queries read the stored table.
        eventually(lambda: "(lookup)" in server.value("EXPLAIN SELECT abalance FROM accounts WHERE aid = 1"), 300,
                   "the index is ready", every=0.1)
        ours = rate(["-f", script, "-h", server.host, "-p", server.port, "-U", "materialize", "materialize"])
    report.add("point SELECTs, prepared, 8 clients", ours, "/s", beside="pgbench -S", there=beside,
               goal="at least half", met=ours >= beside / 2 if ours else None)
