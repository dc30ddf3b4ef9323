"""What the demo shows: headings, progress bars, and psql with its statements."""

import subprocess
import sys
import textwrap

BOLD, GREEN, RED, PLAIN = ("\033[1m", "\033[32m", "\033[31m", "\033[0m") if sys.stdout.isatty() else ("",) * 4


def heading(text):
    print(f"\n{BOLD}== {text}{PLAIN}\n", flush=True)


def say(text):
    print(textwrap.fill(text, 110), flush=True)


def good(text):
    print(f"{GREEN}   ok: {text}{PLAIN}", flush=True)


def bad(text):
    print(f"{RED}   FAILED: {text}{PLAIN}", flush=True)


class StatementFailed(Exception):
    pass


def psql(address, sql, timeout=120):
    """Play statements in one session, each shown before its result; an error ends the demo. What was shown."""
    command = ["psql", "-X", "-e", "-v", "ON_ERROR_STOP=1", "-P", "pager=off", "-P", "null=(null)", *address]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True)
    shown = []
    try:
        child.stdin.write(textwrap.dedent(sql).strip() + "\n")
        child.stdin.close()
        for line in child.stdout:
            shown.append(line)
            print("   " + line, end="", flush=True)
        code = child.wait(timeout)
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    if code != 0:
        raise StatementFailed(f"psql ended with {code}")
    return "".join(shown)


class Progress:
    """Bars on a terminal, redrawn in place; elsewhere a line whenever something has moved by a tenth."""

    def __init__(self):
        self.lines = 0
        self.shown = None

    def draw(self, rows):
        """`rows` of (name, done, total), a number unknown being None."""
        if sys.stdout.isatty():
            if self.lines:
                print(f"\033[{self.lines}A", end="")
            for row in rows:
                print("\033[2K   " + self._bar(*row))
            self.lines = len(rows)
        else:
            tenths = [int(10 * (done or 0) / total) if total else None for _, done, total in rows]
            if tenths != self.shown:
                self.shown = tenths
                print("   " + "  ".join(f"{name} {done or 0}/{total or '?'}" for name, done, total in rows))
        sys.stdout.flush()

    @staticmethod
    def _bar(name, done, total):
        done = done or 0
        if not total:
            return f"{name:<14} {done:>9} rows"
        filled = min(30, 30 * done // total)
        return f"{name:<14} [{'#' * filled}{'.' * (30 - filled)}] {done:>9} of {total:>9} rows"
