"""Whatever arrives on the port, the answer is an error and the server goes on serving."""

import random
import socket
import struct

from harness.case import expect_error
from harness.wire import Wire, WireError

BROKEN_SQL = [
    "SELEC 1", "SELECT", "SELECT 1 FROM", "SELECT 'open", 'SELECT "open', "SELECT $$open", "/* open", "SELECT (1",
    "SELECT 1)", "CREATE", "CREATE SOURCE", "CREATE SECRET", "DROP", "SELECT 1 +", "SELECT * FORM t", "SELECT , 1",
    "INSERT INTO", "WITH x AS SELECT 1", "SELECT 1 LIMIT", "\x01\x02", "SELECT E'\\", "SELECT U&'\\+110000'", "é",
    "SELECT " + "(" * 5000 + "1" + ")" * 5000, "SELECT " + "1+" * 20000, "SELECT " + "NOT " * 20000 + "true",
    "SELECT " + "x" * 200000, "SELECT '" + "a" * 100 + "' 'b' 'c'" * 10,
]


def still_serves(server):
    server.ensure_running()
    assert server.value("SELECT 1 + 1") == 2


def test_malformed_sql(case):
    server = case.tailrace()
    session = case.session(server)
    for text in BROKEN_SQL:
        try:
            with session.cursor() as cursor:
                cursor.execute(text)
        except Exception as error:  # noqa: BLE001
            assert getattr(error, "pgcode", None), f"{text[:60]!r}: {error!r}"
            assert session.closed == 0, f"{text[:60]!r} closed the session: {error}"
    still_serves(server)


def test_syntax_errors_have_a_position(case):
    session = case.session(case.tailrace())
    error = expect_error(lambda: session.cursor().execute("SELECT 1 FROM WHERE"), "42601")
    assert error.diag.statement_position == "15", error.diag.statement_position


def test_errors_name_the_object(case):
    session = case.session(case.tailrace())
    run = session.cursor().execute
    expect_error(lambda: run("SELECT * FROM absent"), ("42P01", "XX000"), "absent")
    expect_error(lambda: run("SELECT absent"), ("42703", "XX000"), 'column "absent" does not exist')
    expect_error(lambda: run("SELECT absent(1)"), "42883", "absent")
    expect_error(lambda: run("SELECT 1/0"), "22012", "division by zero")
    expect_error(lambda: run("SELECT 'x'::int"), "22P02", 'invalid input syntax for type integer')
    expect_error(lambda: run("SELECT 1::boolean + 1"), None)
    expect_error(lambda: run("SET nonsense = 1"), "42704", 'unrecognized configuration parameter "nonsense"')


def test_random_bytes_on_the_port(case):
    server = case.tailrace()
    chance = random.Random(99)
    for _ in range(200):
        with socket.create_connection((server.host, server.port), 10) as raw:
            raw.settimeout(0.05)
            try:
                raw.sendall(chance.randbytes(chance.choice((1, 3, 8, 100, 5000))))
                raw.recv(1000)
            except OSError:
                pass
    still_serves(server)


def test_absurd_lengths(case):
    server = case.tailrace()
    for head in (struct.pack("!ii", 2**31 - 1, 196608), struct.pack("!ii", 0, 196608), struct.pack("!ii", -5, 196608),
                 struct.pack("!ii", 8, 196608), struct.pack("!ii", 9, 131072), b"\0\0\0\x08\x04\xd2\x16\x2f" * 3):
        with socket.create_connection((server.host, server.port), 10) as raw:
            raw.settimeout(0.2)
            try:
                raw.sendall(head)
                raw.recv(1000)
            except OSError:
                pass
    still_serves(server)


def test_broken_messages_in_a_session(case):
    server = case.tailrace()
    chance = random.Random(100)
    for kind in (b"Q", b"P", b"B", b"D", b"E", b"C", b"d", b"f", b"F", b"!", b"\0"):
        for payload in (b"", b"\xff" * 7, b"SELECT 1", chance.randbytes(40), b"\0" * 20):
            with Wire(server.host, server.port, timeout=5) as wire:
                try:
                    wire.send(kind, payload)
                    wire.sync()
                except (WireError, ConnectionError, OSError):
                    pass
    with Wire(server.host, server.port) as wire:
        wire.socket.sendall(b"Q" + struct.pack("!i", 2**31 - 1))
    with Wire(server.host, server.port) as wire:
        wire.socket.sendall(b"Q" + struct.pack("!i", 3))
    still_serves(server)


def test_random_changes_of_good_sql(case):
    server = case.tailrace()
    session = case.session(server)
    chance = random.Random(101)
    good = ["SELECT a, count(*) FROM (VALUES (1), (2)) v(a) GROUP BY a HAVING count(*) > 0 ORDER BY a LIMIT 3",
            "WITH x AS (SELECT 1 AS a UNION ALL SELECT 2) SELECT sum(a) FILTER (WHERE a > 1) FROM x JOIN x y USING (a)",
            "CREATE SOURCE s IN CLUSTER c FROM POSTGRES CONNECTION p (PUBLICATION 'x') FOR ALL TABLES",
            "SELECT CASE WHEN 1 = 2 THEN 'a' ELSE coalesce(NULL, 'b') END, E'\\n', INTERVAL '1 day', ARRAY[1, 2]"]
    words = "SELECT FROM ( ) , 'x' \" ; -- /* */ . :: [ ] $1 NULL NOT 1e999 E'\\x'".split(" ")
    for _ in range(500):
        parts = chance.choice(good).split(" ")
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(parts))
            parts[place:place + chance.randint(0, 2)] = [chance.choice(words)] * chance.randint(0, 2)
        try:
            with session.cursor() as cursor:
                cursor.execute(" ".join(parts) or ";")
        except Exception:  # noqa: BLE001 (any error will do, as long as the session goes on)
            assert session.closed == 0, " ".join(parts)
    still_serves(server)


def test_clients_that_vanish(case):
    server = case.tailrace()
    for _ in range(50):
        wire = Wire(server.host, server.port)
        wire.send(b"Q", b"SELECT count(*) FROM generate_series(1, 1000000)\0")
        wire.close()
    still_serves(server)


def test_ssl_and_gss_requests_are_answered(case):
    server = case.tailrace()
    for code in (80877103, 80877104):
        with socket.create_connection((server.host, server.port), 10) as raw:
            raw.sendall(struct.pack("!ii", 8, code))
            assert raw.recv(1) in (b"N", b"S")
    still_serves(server)
