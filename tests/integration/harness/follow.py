"""The test program `tailrace_follow`: a source without SQL on our side, driven over its standard input."""

import os
import subprocess
import threading
from collections import Counter

from . import process


class Follow:
    def __init__(self, binary, folder, upstream, *, database="shop", user="follower", password="pw",
                 publication="pub", slot="materialize_test", text_columns=(), host="127.0.0.1", ssl=None):
        self.command = [binary, folder, host, str(upstream.port), database, user, password, publication,
                        slot, *text_columns]
        self.environment = {**os.environ, **{f"FOLLOW_SSL_{key}": str(value) for key, value in (ssl or {}).items()}}
        self.process = None
        self.log = open(f"{folder}.log", "ab")
        self.first = None

    def start(self):
        self.process = process.spawn(self.command, on_our_death="KILL", stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=self.log, text=True,
                                     env=self.environment)
        self.first = self._answer()
        return self

    def _answer(self):
        lines = []
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise EOFError(f"the follower ended: {lines}")
            line = line.rstrip("\n")
            if line == ".":
                return lines
            lines.append(line)

    def ask(self, command, timeout=60):
        """The lines of the answer; an error of the follower raises."""
        watchdog = threading.Timer(timeout, self.process.kill)
        watchdog.start()
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
            answer = self._answer()
        finally:
            watchdog.cancel()
        if answer and answer[0].startswith("error|"):
            raise RuntimeError(f"{command}: {answer[0]}")
        return answer

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(30)

    def rows(self, *tables):
        """Counter of rows by table, and the errors, all as of one time."""
        rows, errors = {table: Counter() for table in tables}, {table: Counter() for table in tables}
        for line in self.ask("dump " + " ".join(tables)):
            table, count, values = line.split("|", 2)
            if count.startswith("!"):
                errors[table][values] = int(count[1:])
            else:
                rows[table][values] = int(count)
        return rows, errors

    def status(self):
        return self.ask("status")

    def statistics(self):
        fields = ["messages", "bytes", "staged", "committed", "known", "copied", "snapshot_committed", "offset_known",
                  "offset_committed"]
        answer = {}
        for line in self.ask("statistics"):
            name, *values = line.split("|")
            answer[name] = dict(zip(fields, values))
        return answer
