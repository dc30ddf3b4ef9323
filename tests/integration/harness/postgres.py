"""Real PostgreSQL 15 clusters on free loopback ports, run by an account other than root."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg2

from . import process
from .wait import eventually

BINARIES = Path(os.environ.get("TAILRACE_TEST_PG_BIN", "/usr/lib/postgresql/15/bin"))

# A cluster as initdb leaves it, made once by the runner and copied for each test.
TEMPLATE = "TAILRACE_TEST_PG_TEMPLATE"

DEFAULTS = {
    "wal_level": "logical",
    "max_wal_senders": 10,
    "max_replication_slots": 10,
    "max_connections": 60,
    "shared_buffers": "64MB",
    "wal_sender_timeout": "10s",
    "autovacuum": "off",
    "log_min_messages": "warning",
    "listen_addresses": "127.0.0.1",
    "timezone": "UTC",
    "lc_messages": "C",
}


def initialise(folder):
    """Make an empty cluster in `folder` with a superuser `postgres` who needs no password on the local socket."""
    folder.mkdir(parents=True, exist_ok=True)
    process.give_to_server_account(folder)
    folder.chmod(0o700)
    process.run([BINARIES / "initdb", "-D", folder, "-U", "postgres", "--encoding=UTF8", "--locale=C.UTF-8",
                 "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync", "--no-instructions"],
                as_server_account=True, cwd="/")


class Postgres:
    """One cluster. Superuser sessions use its socket; everybody else needs a password over TCP."""

    def __init__(self, home, *, settings=None, fsync=False, tls=False, port=None, outlives_us=False):
        self.home = Path(home)
        self.home.mkdir(parents=True, exist_ok=True)
        process.give_to_server_account(self.home)
        self.data = self.home / "data"
        self.log = self.home / "postgres.log"
        self.host = "127.0.0.1"
        self.port = port or process.free_port()
        self.process = None
        self.outlives_us = outlives_us
        self._make_cluster({**DEFAULTS, "fsync": "on" if fsync else "off", **(settings or {})}, tls)

    def _make_cluster(self, settings, tls):
        template = os.environ.get(TEMPLATE)
        if template:
            process.run(["cp", "-a", template, self.data])
        else:
            initialise(self.data)
        if tls:
            names = ("localhost", "127.0.0.1") if tls is True else tls
            settings = {**settings, "ssl": "on", **self._make_certificate(names)}
        with open(self.data / "postgresql.auto.conf", "a", encoding="utf-8") as conf:
            for name, value in settings.items():
                conf.write(f"{name} = '{value}'\n")
            conf.write(f"port = {self.port}\nunix_socket_directories = '{self.home}'\n")

    def _make_certificate(self, names):
        """A self-signed certificate for these names and addresses."""
        subject = ",".join(f"{'IP' if name[-1].isdigit() else 'DNS'}:{name}" for name in names)
        key, certificate = self.home / "server.key", self.home / "server.crt"
        process.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                     "-subj", "/CN=localhost", "-addext", f"subjectAltName={subject}",
                     "-keyout", key, "-out", certificate], as_server_account=True)
        key.chmod(0o600)
        return {"ssl_cert_file": certificate, "ssl_key_file": key}

    def start(self, timeout=30):
        assert self.process is None or self.process.poll() is not None, "already running"
        with open(self.log, "ab") as log:
            # SIGQUIT is PostgreSQL's immediate stop: it ends its children too.
            self.process = process.spawn([BINARIES / "postgres", "-D", self.data],
                                         on_our_death=None if self.outlives_us else "QUIT",
                                         as_server_account=True, stdout=log, stderr=log,
                                         stdin=subprocess.DEVNULL, cwd="/")
        eventually(self._answers, timeout, "PostgreSQL accepts connections")
        return self

    def _answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"PostgreSQL did not start:\n{self.log_text()}")
        try:
            psycopg2.connect(host=str(self.home), port=self.port, user="postgres", dbname="postgres").close()
            return True
        except psycopg2.OperationalError:
            return False

    def standby(self, home):
        """A physical standby of this server, running; who calls ends it."""
        made = object.__new__(Postgres)
        made.home, made.log, made.data = Path(home), Path(home) / "postgres.log", Path(home) / "data"
        made.host, made.port, made.process, made.outlives_us = self.host, process.free_port(), None, False
        made.home.mkdir(parents=True)
        process.give_to_server_account(made.home)
        process.run([BINARIES / "pg_basebackup", "-D", made.data, "-h", self.home, "-p", str(self.port), "-U", "postgres",
                     "--write-recovery-conf", "--checkpoint=fast", "--no-sync"], as_server_account=True, cwd="/")
        with open(made.data / "postgresql.auto.conf", "a", encoding="utf-8") as conf:
            conf.write(f"port = {made.port}\nunix_socket_directories = '{made.home}'\n")
        return made.start()

    def stop(self, mode="fast", timeout=30):
        if self.process:
            process.end(self.process, {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode], timeout)

    def restart(self, mode="fast"):
        self.stop(mode)
        self.start()

    def destroy(self):
        try:
            self.stop("immediate")
        finally:
            shutil.rmtree(self.home, ignore_errors=True)

    def connect(self, database="postgres", user="postgres", password=None, autocommit=True):
        host = str(self.home) if user == "postgres" else self.host
        connection = psycopg2.connect(host=host, port=self.port, user=user, password=password, dbname=database)
        connection.autocommit = autocommit
        return connection

    def run(self, sql, parameters=None, *, database="postgres"):
        """Execute as superuser in a session of its own; the rows, or None where there are none."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def value(self, sql, parameters=None, *, database="postgres"):
        return self.run(sql, parameters, database=database)[0][0]

    def end_backends(self, condition="true"):
        """Terminate the sessions that match, as a network cut would; how many there were."""
        return self.value("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                          f"WHERE pid <> pg_backend_pid() AND backend_type IN ('client backend', 'walsender') "
                          f"AND ({condition})")

    def kill_backend(self, pid):
        """SIGKILL one backend: PostgreSQL then restarts all of them, as after a crash."""
        os.kill(pid, signal.SIGKILL)

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""
