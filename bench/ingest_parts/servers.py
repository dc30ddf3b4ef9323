"""The servers that measurements share, each started when first asked for."""

import shutil
import time

from psycopg2.extensions import make_dsn

from harness import process, source
from harness.postgres import BINARIES, Postgres
from harness.tailrace import Tailrace
from harness.wait import eventually

SETTINGS = {
    "shared_buffers": "512MB",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "30min",
    "wal_sender_timeout": "60s",
    "max_worker_processes": 16,
}

TABLES = ("pgbench_accounts", "pgbench_branches", "pgbench_tellers", "pgbench_history", "bench_marker")
ROWS_A_SCALE = 100_000


class Servers:
    def __init__(self, binary, options):
        self.binary = binary
        self.build = options.build.resolve()
        self.rows = options.rows
        self.transactions = options.transactions
        self.folder = process.temporary_folder("tailrace-bench-", options.folder)
        self._made = []
        self._accounts = None
        self._tailrace = None
        self._subscriber = None
        self.snapshot_figures = {}

    def postgres(self, name, **settings):
        made = Postgres(self.folder / name, fsync=True, settings={**SETTINGS, **settings})
        self._made.append(made)
        return made.start()

    def new_tailrace(self, name):
        if not self.binary:
            return None
        made = Tailrace(self.binary, self.folder / name)
        self._made.append(made)
        return made.start()

    def destroy(self):
        for made in reversed(self._made):
            made.destroy()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self, server):
        """End one server for good, so that it does not take part in what is measured next."""
        if server:
            self._made.remove(server)
            server.destroy()

    @property
    def accounts(self):
        """PostgreSQL with the tables of pgbench, all REPLICA IDENTITY FULL, published."""
        if not self._accounts:
            upstream = self.postgres("upstream")
            upstream.run("CREATE DATABASE bench")
            print(f"   filling pgbench_accounts with {self.rows:,} rows", flush=True)
            fill(upstream, self.rows)
            self._accounts = upstream
        return self._accounts

    @property
    def subscriber(self):
        """A second PostgreSQL that follows `accounts` by CREATE SUBSCRIPTION."""
        self.start_subscriber()
        return self._subscriber

    def start_subscriber(self):
        if not self._subscriber:
            self._subscriber = self._subscribe()

    def _subscribe(self):
        upstream = self.accounts
        # By default a worker that was disabled is started again only after five seconds; that is not apply time.
        subscriber = self.postgres("subscriber", wal_retrieve_retry_interval="50ms")
        subscriber.run("CREATE DATABASE bench")
        schema = process.run([BINARIES / "pg_dump", "-h", upstream.home, "-p", upstream.port, "-U", "postgres",
                              "--schema-only", "--no-publications", "--no-owner", "--no-privileges", "bench"])
        # The subscriber needs its keys, and identities of its own would only slow it down.
        lines = [line for line in schema.splitlines()
                 if "REPLICA IDENTITY" not in line and "set_config" not in line and not line.startswith("\\")]
        subscriber.run("\n".join(lines), database="bench")
        # The same way in as ours: TCP and a password.
        address = make_dsn(host=upstream.host, port=upstream.port, user=source.USER, password=source.PASSWORD,
                           dbname="bench")
        cpu = process.cpu_seconds_of_tree(subscriber.process.pid)
        started = time.monotonic()
        subscriber.run(f"CREATE SUBSCRIPTION beside CONNECTION {source.quoted(address)} PUBLICATION bench",
                       database="bench")
        eventually(lambda: subscriber.value("SELECT bool_and(srsubstate IN ('s', 'r')) FROM pg_subscription_rel",
                                            database="bench"), 900, "the subscription has copied its tables",
                   every=0.02)
        self.snapshot_figures["native"] = {
            "seconds": time.monotonic() - started,
            "cpu": process.cpu_seconds_of_tree(subscriber.process.pid) - cpu,
            "bytes": subscriber.value("SELECT pg_database_size('bench')"),
        }
        return subscriber

    @property
    def tailrace(self):
        """Tailrace that follows `accounts`; None when measured without it."""
        if self.binary and not self._tailrace:
            self._tailrace = self._follow()
        return self._tailrace

    def _follow(self):
        server = self.new_tailrace("tailrace")
        source.create_connection(server, self.accounts, database="bench")
        cpu = process.cpu_seconds(server.process.pid)
        started = time.monotonic()
        source.create_source(server, publication="bench")
        # Tables of one source appear together, and a read waits for that.
        server.run("SELECT count(*) FROM bench_marker", timeout=900)
        seconds = time.monotonic() - started
        self.snapshot_figures["tailrace"] = {
            "seconds": seconds,
            "cpu": process.cpu_seconds(server.process.pid) - cpu,
            "memory": process.peak_memory_bytes(server.process.pid),
            "bytes": process.bytes_on_disk(server.data),
        }
        found = server.value("SELECT count(*) FROM pgbench_accounts")
        if found != self.rows:
            raise RuntimeError(f"the snapshot has {found} rows, not {self.rows}")
        return server


def fill(upstream, rows):
    scale, rest = divmod(rows, ROWS_A_SCALE)
    if rest or not scale:
        raise ValueError(f"--rows must be a multiple of {ROWS_A_SCALE}")
    process.run([BINARIES / "pgbench", "-h", upstream.home, "-p", upstream.port, "-U", "postgres", "-q", "-i",
                 "-s", scale, "-I", "dtGvp", "bench"])
    upstream.run("CREATE TABLE bench_marker (n int PRIMARY KEY)", database="bench")
    upstream.run("VACUUM ANALYZE", database="bench")
    for table in TABLES:
        upstream.run(f"ALTER TABLE {table} REPLICA IDENTITY FULL", database="bench")
    upstream.run(f"CREATE PUBLICATION bench FOR TABLE {', '.join(TABLES)}", database="bench")
    upstream.run(f"CREATE USER {source.USER} PASSWORD {source.quoted(source.PASSWORD)} REPLICATION")
    upstream.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {source.USER}", database="bench")
    upstream.run("CHECKPOINT")


def socket_arguments(server, database):
    """How psql and its relatives reach a PostgreSQL of ours."""
    return ["-h", str(server.home), "-p", str(server.port), "-U", "postgres", "-d", database]
