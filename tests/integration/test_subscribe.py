"""SUBSCRIBE shows changes as they come, through COPY and through a cursor."""

from collections import Counter

import psycopg2

from harness.case import expect_error
from harness.wait import eventually


class Stop(Exception):
    pass


class Lines:
    """Receives COPY data and ends the COPY, by an exception, when `enough` says so."""

    def __init__(self, enough):
        self.enough = enough
        self.rows = []
        self.rest = ""

    def write(self, data):
        text = self.rest + (data.decode() if isinstance(data, bytes) else data)
        *lines, self.rest = text.split("\n")
        self.rows += [tuple(line.split("\t")) for line in lines]
        if self.enough(self.rows):
            raise Stop


def accumulated(rows, columns_before=2, diff_at=1):
    """The contents that the rows (time, diff, column...) add up to."""
    contents = Counter()
    for row in rows:
        contents[row[columns_before:]] += int(row[diff_at])
    return +contents


def test_copy_subscribe_with_an_end(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (a int, b text)")
    server.run("INSERT INTO t VALUES (1, 'one'), (2, NULL)")
    session = case.session(server)
    end = int(server.value("SELECT mz_now()::text::numeric + 1500"))
    lines = Lines(lambda rows: False)
    with session.cursor() as cursor:
        cursor.copy_expert(f"COPY (SUBSCRIBE t UP TO {end}) TO STDOUT", lines)
    assert accumulated(lines.rows) == Counter({("1", "one"): 1, ("2", "\\N"): 1}), lines.rows


def test_copy_subscribe_shows_changes(case):
    upstream, server = case.followed("CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')")
    session = server.connect()
    changed = False

    def enough(rows):
        nonlocal changed
        if rows and not changed:
            changed = True
            upstream.run("INSERT INTO t VALUES (2, 'b'); UPDATE t SET v = 'c' WHERE k = 1", database="shop")
        return accumulated(rows) == Counter({("1", "c"): 1, ("2", "b"): 1})

    lines = Lines(enough)
    try:
        with session.cursor() as cursor:
            cursor.copy_expert("COPY (SUBSCRIBE t) TO STDOUT", lines)
        raise AssertionError(f"the COPY ended by itself: {lines.rows}")
    except (Stop, psycopg2.Error):
        assert enough(lines.rows), lines.rows
    times = [int(row[0]) for row in lines.rows]
    assert times == sorted(times)
    session.close()


def fetch(cursor, count="ALL", timeout="1s"):
    cursor.execute(f"FETCH {count} c WITH (timeout = '{timeout}')")
    return cursor.fetchall()


def test_fetch_from_a_subscribe_cursor(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (a int)")
    server.run("INSERT INTO t VALUES (1), (1), (2)")
    session = case.session(server, autocommit=False)
    with session.cursor() as cursor:
        cursor.execute("DECLARE c CURSOR FOR SUBSCRIBE t")
        rows = fetch(cursor)
        assert [column.name for column in cursor.description] == ["mz_timestamp", "mz_diff", "a"]
        assert Counter({row[2]: int(row[1]) for row in rows}) == Counter({1: 2, 2: 1}), rows
        server.run("DELETE FROM t WHERE a = 2")
        seen = []

        def arrived():
            seen.extend(fetch(cursor, timeout="500ms"))
            return seen

        eventually(arrived, 15, "the deletion arrives")
        assert [(int(diff), a) for _, diff, a in seen] == [(-1, 2)]
    session.rollback()


def test_subscribe_to_a_query_with_progress(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (a int)")
    server.run("INSERT INTO t VALUES (1), (2), (3)")
    session = case.session(server, autocommit=False)
    with session.cursor() as cursor:
        cursor.execute("DECLARE c CURSOR FOR SUBSCRIBE (SELECT sum(a) AS s FROM t) WITH (PROGRESS)")
        rows = []

        def has_data():
            rows.extend(fetch(cursor, timeout="300ms"))
            return any(row[1] in (False, "f") for row in rows)

        eventually(has_data, 15, "the snapshot arrives")
        assert [column.name for column in cursor.description] == ["mz_timestamp", "mz_progressed", "mz_diff", "s"]
        assert rows[0][1] in (True, "t"), "the first row is a progress row at the start time"
        data = [row for row in rows if row[1] in (False, "f")]
        assert [(int(row[2]), int(row[3])) for row in data] == [(1, 6)]
        promised = 0
        for time, progressed, *_ in rows:
            assert int(time) >= promised
            promised = int(time) if progressed in (True, "t") else promised
    session.rollback()


def test_subscribe_without_snapshot(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (a int)")
    server.run("INSERT INTO t VALUES (1)")
    session = case.session(server, autocommit=False)
    with session.cursor() as cursor:
        cursor.execute("DECLARE c CURSOR FOR SUBSCRIBE t WITH (SNAPSHOT = false)")
        assert fetch(cursor, timeout="300ms") == []
        server.run("INSERT INTO t VALUES (2)")
        rows = eventually(lambda: fetch(cursor, timeout="500ms"), 15, "the insertion arrives")
        assert [(int(diff), a) for _, diff, a in rows] == [(1, 2)]
    session.rollback()


def test_subscribe_to_a_maintained_view_adds_up(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (k int, n int)")
    server.run("CREATE MATERIALIZED VIEW v AS SELECT k, sum(n) AS n, count(*) AS c FROM t GROUP BY k")
    session = case.session(server, autocommit=False)
    rows = []
    with session.cursor() as cursor:
        cursor.execute("DECLARE c CURSOR FOR SUBSCRIBE v")
        for step in range(20):
            server.run(f"INSERT INTO t VALUES ({step % 3}, {step})")
            if step % 5 == 4:
                server.run(f"DELETE FROM t WHERE n = {step - 2}")
        expected = Counter({tuple(map(str, row)): 1 for row in server.run("SELECT * FROM v")})

        def added_up():
            rows.extend(tuple(map(str, row)) for row in fetch(cursor, timeout="200ms"))
            return accumulated(rows) == expected

        eventually(added_up, 20, "the changes add up to the view")
    session.rollback()


def test_cancel_ends_a_subscribe(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (a int)")
    server.run("INSERT INTO t VALUES (1)")
    session = case.session(server)

    class Cancel:
        def write(self, _data):
            session.cancel()

    with session.cursor() as cursor:
        expect_error(lambda: cursor.copy_expert("COPY (SUBSCRIBE t) TO STDOUT", Cancel()), "57014",
                     "canceling statement due to user request")
    with session.cursor() as cursor:
        cursor.execute("SELECT 5")
        assert cursor.fetchone() == (5,)


def test_dropping_the_relation_ends_a_subscribe(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (a int)")
    server.run("INSERT INTO t VALUES (1)")
    session = case.session(server)
    dropped = []

    class Drop:
        def write(self, _data):
            if not dropped:
                dropped.append(server.run("DROP TABLE t"))

    with session.cursor() as cursor:
        expect_error(lambda: cursor.copy_expert("COPY (SUBSCRIBE t) TO STDOUT", Drop()), None, "was dropped")
