"""A workload whose every transaction can be checked by any reader, at any time.

Each writer's transactions begin by counting up in `first` and end by counting up in `last`: whoever sees different
numbers in the two sees half a transaction, and whoever sees a smaller number than before sees time go back. In between
they do whatever comes to mind: money moves between `debit` and `credit` (their sum never changes), rows with and
without keys come, change, change their keys and go, tables are truncated, savepoints and transactions are rolled back,
transactions are tiny or huge. Half of the tables send old rows, half do not.
"""

import os
import random
import threading
import time
from pathlib import Path

import psycopg2

from . import process

TABLES = ("first", "last", "debit", "credit", "bag", "keyed", "texts", "pages")
DEFAULT_IDENTITY = ("last", "credit", "keyed", "pages")
ACCOUNTS = 200
MONEY = ACCOUNTS * 2 * 1000

DDL = f"""
CREATE TABLE first (writer int PRIMARY KEY, n bigint NOT NULL);
CREATE TABLE last (writer int PRIMARY KEY, n bigint NOT NULL);
CREATE TABLE debit (id int PRIMARY KEY, amount bigint NOT NULL);
CREATE TABLE credit (id int PRIMARY KEY, amount bigint NOT NULL);
CREATE TABLE bag (a int, b text);
CREATE TABLE keyed (id int, part text, v numeric, at timestamptz, PRIMARY KEY (id, part));
CREATE TABLE texts (id int PRIMARY KEY, small int, large text);
CREATE TABLE pages (id int PRIMARY KEY, small int, large text, other text);
ALTER TABLE texts ALTER large SET STORAGE EXTERNAL;
ALTER TABLE pages ALTER large SET STORAGE EXTERNAL;
INSERT INTO first SELECT i, 0 FROM generate_series(0, 9) i;
INSERT INTO last SELECT i, 0 FROM generate_series(0, 9) i;
INSERT INTO debit SELECT i, 1000 FROM generate_series(1, {ACCOUNTS}) i;
INSERT INTO credit SELECT i, 1000 FROM generate_series(1, {ACCOUNTS}) i;
INSERT INTO bag SELECT i % 50, 'b' || i % 7 FROM generate_series(1, 500) i;
INSERT INTO keyed SELECT i, 'p' || i % 3, i * 1.5, now() FROM generate_series(1, 2000) i;
INSERT INTO texts SELECT i, i, repeat(md5(i::text), 100) FROM generate_series(1, 50) i;
INSERT INTO pages SELECT i, i, repeat(md5(i::text), 100), 'x' FROM generate_series(1, 50) i;
"""

SEEN = ("SELECT f.writer, f.n, l.n, (SELECT sum(amount) FROM debit)::bigint + (SELECT sum(amount) FROM credit)::bigint "
        "FROM first f FULL JOIN last l ON l.writer = f.writer")


class Writer(threading.Thread):
    """Random transactions, through whatever happens to upstream, until stopped. `pause` waits until none is open."""

    def __init__(self, upstream, number, seed):
        super().__init__(daemon=True)
        self.upstream, self.number, self.chance = upstream, number, random.Random(seed)
        self.stopping = threading.Event()
        self.running = threading.Event()
        self.running.set()
        self.between = threading.Lock()
        self.committed = 0
        self.failure = None
        self.start()

    def run(self):
        connection = None
        while not self.stopping.is_set():
            self.running.wait(0.1)
            if not self.running.is_set():
                continue
            with self.between:
                try:
                    connection = connection or self.upstream.connect("shop", autocommit=False)
                    self._transaction(connection)
                except (psycopg2.OperationalError, psycopg2.InterfaceError):
                    connection = None  # upstream is down: it comes back
                    time.sleep(0.05)
                except psycopg2.errors.UniqueViolation:
                    connection.rollback()
                except psycopg2.Error as error:
                    if error.pgcode in ("40P01", "57P01", "57P02", "57P03", "25P02"):
                        connection = None
                        continue
                    self.failure = error
                    connection.close()
                    return
        if connection is not None:
            connection.close()

    def pause(self):
        self.running.clear()
        with self.between:
            pass

    def resume(self):
        self.running.set()

    def stop(self):
        self.stopping.set()
        self.running.set()
        self.join()
        if self.failure:
            raise self.failure

    def _transaction(self, connection):
        chance = self.chance
        with connection.cursor() as cursor:
            cursor.execute("UPDATE first SET n = n + 1 WHERE writer = %s", (self.number,))
            for _ in range(chance.choice((0, 1, 1, 2, 3, 8))):
                if chance.random() < 0.15:
                    cursor.execute("SAVEPOINT s")
                    self._work(cursor)
                    self._work(cursor)
                    cursor.execute("ROLLBACK TO s" if chance.random() < 0.6 else "RELEASE s")
                else:
                    self._work(cursor)
            cursor.execute("UPDATE last SET n = n + 1 WHERE writer = %s", (self.number,))
        if chance.random() < 0.1:
            connection.rollback()
        else:
            connection.commit()
            self.committed += 1

    def _work(self, cursor):
        kinds = (self._move, self._move, self._bag, self._keyed, self._keyed, self._rekey, self._texts, self._pages)
        rare = (self._truncate, self._huge)
        self.chance.choice(rare if self.chance.random() < 0.02 else kinds)(cursor)

    def _move(self, cursor):
        amount = self.chance.randint(1, 50)
        # In the order of their ids, and debit before credit: writers never wait for each other in a circle.
        cursor.execute("SELECT 1 FROM debit WHERE id = %s FOR UPDATE", (self.number + 1,))
        cursor.execute("UPDATE debit SET amount = amount - %s WHERE id = %s", (amount, self.number + 1))
        cursor.execute("UPDATE credit SET amount = amount + %s WHERE id = %s",
                       (amount, 10 * self.chance.randint(0, 18) + self.number + 1))

    def _own(self, low, high):
        """An id of which no other writer changes rows."""
        return 10 * self.chance.randint(low, high) + self.number

    def _bag(self, cursor):
        a = self._own(0, 20)
        if self.chance.random() < 0.6:
            cursor.execute("INSERT INTO bag SELECT %s, 'b' || i %% 3 FROM generate_series(1, %s) i", (a, self.chance.randint(1, 9)))
        elif self.chance.random() < 0.5:
            cursor.execute("DELETE FROM bag WHERE ctid IN (SELECT ctid FROM bag WHERE a = %s LIMIT 4)", (a,))
        else:
            cursor.execute("UPDATE bag SET b = b || 'x' WHERE a = %s AND length(b) < 6", (a,))

    def _keyed(self, cursor):
        number = self._own(0, 250)
        cursor.execute(self.chance.choice((
            "INSERT INTO keyed VALUES (%s, 'new', 1, now()) ON CONFLICT (id, part) DO UPDATE SET v = keyed.v + 1",
            "UPDATE keyed SET v = -v, at = now() WHERE id = %s", "DELETE FROM keyed WHERE id = %s",
            "UPDATE keyed SET v = NULL WHERE id = %s")), (number,))

    def _rekey(self, cursor):
        number = self._own(0, 250)
        cursor.execute("DELETE FROM keyed WHERE id = %s AND part = 'moved'", (number,))
        cursor.execute("UPDATE keyed SET part = 'moved' WHERE id = %s AND part = "
                       "(SELECT min(part) FROM keyed WHERE id = %s)", (number, number))

    def _texts(self, cursor):
        number = self._own(0, 6)
        cursor.execute(self.chance.choice((
            "UPDATE texts SET small = small + 1 WHERE id = %s", "UPDATE texts SET large = repeat(md5(small::text), 90) WHERE id = %s",
            "DELETE FROM texts WHERE id = %s", "INSERT INTO texts VALUES (%s, 0, repeat('t', 4000)) ON CONFLICT DO NOTHING")), (number,))

    def _pages(self, cursor):
        number = self._own(0, 6)
        cursor.execute(self.chance.choice((
            "UPDATE pages SET small = small + 1 WHERE id = %s", "UPDATE pages SET small = 0, other = 'y' WHERE id = %s",
            "UPDATE pages SET large = repeat(md5(small::text), 110) WHERE id = %s", "DELETE FROM pages WHERE id = %s",
            "INSERT INTO pages VALUES (%s, 0, repeat('p', 4000), NULL) ON CONFLICT DO NOTHING",
            "UPDATE pages SET other = large WHERE id = %s")), (number,))

    def _truncate(self, cursor):
        cursor.execute(self.chance.choice(("TRUNCATE bag", "TRUNCATE bag, pages", "TRUNCATE keyed")))
        cursor.execute("INSERT INTO bag SELECT i % 50, 'again' FROM generate_series(1, 100) i")

    def _huge(self, cursor):
        low = 100000 * (self.number + 1)
        cursor.execute("DELETE FROM keyed WHERE id >= %s AND id < %s", (low, low + 100000))
        cursor.execute("INSERT INTO keyed SELECT i, 'huge', i, now() FROM generate_series(%s, %s) i",
                       (low, low + self.chance.randint(1000, 40000)))
        cursor.execute("UPDATE keyed SET v = v + 1 WHERE id >= %s AND id < %s", (low, low + 20000))


class Reader(threading.Thread):
    """Reads all the time and says what no reader may ever see."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server = server
        self.stopping = threading.Event()
        self.reads = 0
        self.seen = {}
        self.failure = None
        self.start()

    def run(self):
        connection = None
        while not self.stopping.is_set() and self.failure is None:
            try:
                connection = connection or self.server.connect()
                with connection.cursor() as cursor:
                    cursor.execute(SEEN)
                    self._check(cursor.fetchall())
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                connection = None  # our server is down: it comes back
                time.sleep(0.05)
            except psycopg2.Error as error:
                # A full disk may fail a read for lack of space; a wrong answer it must not give.
                if error.pgcode not in ("53100", "57P01"):
                    self.failure = f"a read failed: {error.pgcode} {error}"
                connection = None

    def _check(self, rows):
        self.reads += 1
        if len(rows) != 10:
            self.failure = f"{len(rows)} writers are seen, not 10"
        for writer, first, last, money in rows:
            if first != last or first is None:
                self.failure = f"half a transaction of writer {writer} is seen: {first} and {last}"
            elif first < self.seen.get(writer, 0):
                self.failure = f"time went back for writer {writer}: from {self.seen[writer]} to {first}"
            elif money != MONEY:
                self.failure = f"money is lost or made: {money}, not {MONEY}"
            else:
                self.seen[writer] = first

    def stop(self):
        self.stopping.set()
        self.join(60)


class Mounted:
    """A small file system in memory, which can be full."""

    def __init__(self, path, megabytes):
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        process.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", self.path])
        self.filler = self.path / "filler"

    def fill(self, leave_bytes=0):
        with open(self.filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 65536)
            except OSError:
                pass
            size = file.tell()
            os.ftruncate(file.fileno(), max(size - leave_bytes, 0))

    def free(self):
        self.filler.unlink(missing_ok=True)

    def unmount(self):
        process.run(["umount", "-l", self.path])
