"""psycopg2 against tailrace, as an application uses it."""

import datetime
import io
import uuid
from decimal import Decimal

import psycopg2
import psycopg2.extras


def test_values_of_all_common_types(server):
    psycopg2.extras.register_uuid()
    with server.connect() as session, session.cursor() as cursor:
        values = (True, 7, 1 << 40, 1.5, Decimal("1.25"), "žluť 'quoted' \\", datetime.date(2024, 2, 29),
                  datetime.datetime(2024, 2, 29, 12, 34, 56, 789), None, [1, 2, 3], ["a", None],
                  uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), datetime.time(1, 2, 3), {"a": [1, None]})
        cursor.execute("SELECT %s::bool, %s::int, %s::bigint, %s::float8, %s::numeric, %s::text, %s::date, "
                       "%s::timestamp, %s::int, %s::int[], %s::text[], %s::uuid, %s::time, %s::jsonb",
                       (*values[:-1], psycopg2.extras.Json(values[-1])))
        assert cursor.fetchone() == values


def test_bytes_and_intervals(server):
    with server.connect() as session, session.cursor() as cursor:
        cursor.execute("SELECT %s::bytea, %s::interval, %s::timestamptz",
                       (b"\0\xff", datetime.timedelta(days=2, seconds=3),
                        datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)))
        data, span, moment = cursor.fetchone()
        assert bytes(data) == b"\0\xff"
        assert span == datetime.timedelta(days=2, seconds=3)
        assert moment == datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)


def test_with_blocks_commit_and_roll_back(server):
    session = server.connect(autocommit=False)
    session.autocommit = True
    with session.cursor() as cursor:
        cursor.execute("CREATE TABLE py_notes (id int, body text)")
    session.autocommit = False
    with session, session.cursor() as cursor:
        cursor.execute("INSERT INTO py_notes VALUES (%s, %s)", (1, "kept"))
    try:
        with session, session.cursor() as cursor:
            cursor.execute("INSERT INTO py_notes VALUES (%s, %s)", (2, "not"))
            raise KeyError
    except KeyError:
        pass
    with session, session.cursor() as cursor:
        cursor.execute("SELECT * FROM py_notes")
        assert cursor.fetchall() == [(1, "kept")]
    session.autocommit = True
    with session.cursor() as cursor:
        cursor.execute("DROP TABLE py_notes")
    session.close()


def test_server_side_cursor(server):
    session = server.connect(autocommit=False)
    with session.cursor(name="rows") as cursor:
        cursor.itersize = 100
        cursor.execute("SELECT i FROM generate_series(1, 1000) AS g(i) ORDER BY i")
        assert [row[0] for row in cursor] == list(range(1, 1001))
    session.close()


def test_execute_values_and_copy(server):
    with server.connect() as session, session.cursor() as cursor:
        cursor.execute("CREATE TABLE py_many (a int, b text)")
        psycopg2.extras.execute_values(cursor, "INSERT INTO py_many VALUES %s",
                                       [(number, f"row {number}") for number in range(1000)], page_size=1000)
        cursor.execute("SELECT count(*), sum(a) FROM py_many")
        assert cursor.fetchone() == (1000, 499500)
        out = io.StringIO()
        cursor.copy_expert("COPY (SELECT a, b FROM py_many WHERE a < 2 ORDER BY a) TO STDOUT WITH (FORMAT csv)", out)
        assert out.getvalue() == "0,row 0\n1,row 1\n"
        cursor.execute("DROP TABLE py_many")


def test_dictionaries_and_errors(server):
    session = server.connect()
    with session.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        cursor.execute("SELECT 1 AS a, 'x' AS b")
        assert dict(cursor.fetchone()) == {"a": 1, "b": "x"}
    with session.cursor() as cursor:
        try:
            cursor.execute("SELECT 1/%s", (0,))
            raise AssertionError("no error")
        except psycopg2.errors.DivisionByZero:
            pass
    session.close()
