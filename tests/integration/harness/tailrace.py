"""The server under test: started, awaited, killed, restarted, stopped."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg2

from . import process
from .wait import eventually


class Tailrace:
    """One server with a data directory of its own. Output is kept in files, to be shown when a test fails."""

    def __init__(self, binary, home, *, arguments=(), environment=None, log_level="info", sql_port=None,
                 http_port=None, outlives_us=False):
        self.binary = Path(binary)
        self.home = Path(home)
        self.home.mkdir(parents=True, exist_ok=True)
        self.data = self.home / "data"
        self.log = self.home / "tailrace.log"
        self.output = self.home / "tailrace.out"
        self.host = "127.0.0.1"
        self.port = sql_port or process.free_port()
        self.http_port = http_port or process.free_port()
        self.arguments = list(arguments)
        self.environment = environment or {}
        self.log_level = log_level
        self.outlives_us = outlives_us
        self.process = None

    def command(self):
        return [self.binary, "--data-dir", self.data, "--sql-listen-addr", f"{self.host}:{self.port}",
                "--http-listen-addr", f"{self.host}:{self.http_port}", "--log-level", self.log_level,
                *self.arguments]

    def start(self, timeout=60):
        assert self.process is None or self.process.poll() is not None, "already running"
        with open(self.log, "ab") as log, open(self.output, "ab") as output:
            self.process = process.spawn(self.command(), on_our_death=None if self.outlives_us else "KILL",
                                         stdout=output, stderr=log, stdin=subprocess.DEVNULL, env={**os.environ, **self.environment})
        eventually(self._answers, timeout, "tailrace answers SQL")
        return self

    def _answers(self):
        self.ensure_running()
        try:
            return self.run("SELECT 1") == [(1,)]
        except psycopg2.OperationalError:
            return False

    def ensure_running(self):
        """Raise, with the end of its log, if the server is not running."""
        code = self.process.poll()
        if code is not None:
            raise RuntimeError(f"tailrace ended with {code}:\n{self.log_text()[-4000:]}")

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """kill -9, as a crash would."""
        self.process.kill()
        self.process.wait()

    def restart_after_kill(self):
        self.kill()
        self.start()

    def stop(self, timeout=30):
        """An orderly stop; the exit code."""
        return process.end(self.process, signal.SIGTERM, timeout)

    def destroy(self):
        if self.running():
            self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def connect(self, *, autocommit=True, user="materialize", database="materialize", **options):
        connection = psycopg2.connect(host=self.host, port=self.port, user=user, dbname=database, **options)
        connection.autocommit = autocommit
        return connection

    def run(self, sql, parameters=None, *, timeout=60):
        """Execute in a session of its own; the rows, or None where there are none."""
        connection = self.connect(options=f"-c statement_timeout={timeout}s")
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def value(self, sql, parameters=None, **options):
        return self.run(sql, parameters, **options)[0][0]

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def output_text(self):
        return self.output.read_text(errors="replace") if self.output.exists() else ""
