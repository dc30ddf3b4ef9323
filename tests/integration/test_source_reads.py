"""What is read from a source's tables before their first snapshot, and while nothing runs the source."""

import threading
import time

import psycopg2

from harness import source
from harness.case import expect_error
from harness.wait import eventually

TABLE = "CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'x' FROM generate_series(1, 100) i"


def paused_source(case):
    """A source in a cluster that has no replica."""
    upstream = case.postgres()
    source.prepare_upstream(upstream, ["t"], ddl=TABLE)
    server = case.tailrace()
    source.create_connection(server, upstream)
    server.run("CREATE CLUSTER ingest (SIZE = '25cc', REPLICATION FACTOR = 0)")
    server.run("CREATE SOURCE mz_source IN CLUSTER ingest FROM POSTGRES CONNECTION pg_connection "
               "(PUBLICATION 'mz_source') FOR ALL TABLES")
    return upstream, server


class Reader(threading.Thread):
    """One SELECT in a thread of its own."""

    def __init__(self, server, query):
        super().__init__(daemon=True)
        self.connection = server.connect()
        self.query = query
        self.rows = self.error = None
        self.start()

    def run(self):
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(self.query)
                self.rows = cursor.fetchall()
        except psycopg2.Error as error:
            self.error = error


def test_a_read_waits_for_a_snapshot_that_nothing_takes_yet(case):
    _, server = paused_source(case)
    reader = Reader(server, "SELECT count(*) FROM t")
    # That it goes on waiting is what is tested here, so this is a time and not a condition.
    reader.join(2)
    assert reader.is_alive(), (reader.rows, reader.error)
    server.run("ALTER CLUSTER ingest SET (REPLICATION FACTOR = 1)")
    reader.join(60)
    assert reader.rows == [(100,)], (reader.rows, reader.error)


def test_a_read_that_waits_can_be_cancelled(case):
    _, server = paused_source(case)
    reader = Reader(server, "SELECT count(*) FROM t")
    time.sleep(0.5)
    reader.connection.cancel()
    reader.join(10)
    assert reader.error is not None and reader.error.pgcode == "57014", (reader.rows, reader.error)


def test_a_read_that_waits_ends_when_the_source_is_dropped(case):
    _, server = paused_source(case)
    reader = Reader(server, "SELECT count(*) FROM t")
    time.sleep(0.5)
    server.run("DROP SOURCE mz_source CASCADE")
    reader.join(10)
    assert reader.error is not None and reader.error.pgcode == "42P01", (reader.rows, reader.error)


def test_tables_stay_readable_while_the_source_is_paused(case):
    upstream, server = paused_source(case)
    server.run("ALTER CLUSTER ingest SET (REPLICATION FACTOR = 1)")
    assert server.value("SELECT count(*) FROM t") == 100
    server.run("ALTER CLUSTER ingest SET (REPLICATION FACTOR = 0)")
    upstream.run("INSERT INTO t VALUES (101, 'y')", database="shop")
    assert server.value("SELECT count(*) FROM t", timeout=5) == 100
    server.restart_after_kill()
    assert server.value("SELECT count(*) FROM t", timeout=5) == 100
    server.run("ALTER CLUSTER ingest SET (REPLICATION FACTOR = 1)")
    eventually(lambda: server.value("SELECT count(*) FROM t") == 101, 30, "the source goes on")


def test_the_number_of_rows_is_told_while_they_are_copied(case):
    """Estimated from what upstream knows at first, true in the end; the source's numbers are the sums."""
    upstream = case.postgres()
    source.prepare_upstream(upstream, ["t", "u", "empty"], ddl=TABLE + "; CREATE TABLE empty (a int); "
                            "CREATE TABLE u (a int); INSERT INTO u SELECT generate_series(1, 200000); ANALYZE u; "
                            "DELETE FROM u WHERE a % 2 = 0")
    server = case.tailrace()
    source.follow(server, upstream)

    def counted():
        found = {name: (known, staged) for name, known, staged in server.run(
            "SELECT s.name, t.snapshot_records_known::bigint, t.snapshot_records_staged::bigint "
            "FROM mz_internal.mz_source_statistics t JOIN mz_sources s ON s.id = t.id")}
        assert found == {"t": (100, 100), "u": (100000, 100000), "empty": (0, 0),
                         "mz_source": (100100, 100100)}, found
        return True

    eventually(counted, 10, "known and staged are the true row counts")


def test_the_error_of_a_table_names_it(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, ["t"], ddl="CREATE TABLE t (k int, d date); INSERT INTO t VALUES (1, '2024-01-01')")
    server = case.tailrace()
    source.follow(server, upstream)
    table = server.value("SELECT id FROM mz_sources WHERE name = 't'")
    upstream.run("INSERT INTO t VALUES (2, 'infinity')", database="shop")

    def fails():
        try:
            server.run("SELECT * FROM t")
            return False
        except psycopg2.Error:
            return True

    eventually(fails, 30, "the row that cannot be held is an error")
    expect_error(lambda: server.run("SELECT * FROM t"), None, f"Source error: {table}: invalid input syntax for type date")
    upstream.run("DELETE FROM t WHERE k = 2", database="shop")
    eventually(lambda: not fails(), 30, "the error goes with its row")
    assert server.run("SELECT k FROM t") == [(1,)]
