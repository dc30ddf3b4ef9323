"""Prepared statements, portals with row limits, text and binary formats, as drivers use them."""

import struct

from harness.wire import Wire, WireError, columns, data_rows, kinds, tags


def connected(case):
    server = case.tailrace()
    wire = Wire(server.host, server.port)
    case.keep(wire)
    return wire


def expect(wire, sqlstate, word=""):
    """Sync; the pipeline must have failed with this code."""
    try:
        wire.sync()
    except WireError as error:
        assert error.fields["C"] == sqlstate, error
        assert word in error.fields["M"], error
        return
    raise AssertionError(f"no error; expected {sqlstate}")


def test_startup_parameters(case):
    wire = connected(case)
    expected = {"client_encoding": "UTF8", "DateStyle": "ISO, MDY", "integer_datetimes": "on",
                "IntervalStyle": "postgres", "standard_conforming_strings": "on", "TimeZone": "UTC"}
    assert {name: wire.parameters.get(name) for name in expected} == expected, wire.parameters
    assert "server_version" in wire.parameters and "application_name" in wire.parameters


def test_parse_bind_execute(case):
    wire = connected(case)
    wire.parse("SELECT $1::int + 1 AS n, $2::text AS t")
    wire.describe("S")
    wire.bind(["41", None])
    wire.execute()
    messages = wire.sync()
    assert kinds(messages) == "1tT2DC", kinds(messages)
    assert columns(messages) == [("n", 23, 0), ("t", 25, 0)]
    assert data_rows(messages) == [(b"42", None)]
    assert tags(messages) == ["SELECT 1"]


def test_named_statement_runs_again(case):
    wire = connected(case)
    wire.parse("SELECT $1::bigint * 2", name="twice")
    wire.sync()
    for number in range(20):
        wire.bind([str(number)], name="twice")
        wire.execute()
        assert data_rows(wire.sync()) == [(str(number * 2).encode(),)]
    wire.parse("SELECT 1", name="twice")
    expect(wire, "42P05", 'prepared statement "twice" already exists')
    wire.close_object("S", "twice")
    wire.bind(["1"], name="twice")
    expect(wire, "26000")


def test_portal_with_a_row_limit(case):
    wire = connected(case)
    wire.parse("SELECT generate_series(1, 10) AS i ORDER BY i")
    wire.bind()
    wire.execute(rows=4)
    wire.execute(rows=4)
    wire.execute(rows=4)
    messages = wire.sync()
    assert kinds(messages) == "12DDDDsDDDDsDDC", kinds(messages)
    assert [int(row[0]) for row in data_rows(messages)] == list(range(1, 11))
    assert tags(messages) == ["SELECT 2"]


def test_portal_survives_sync_in_a_block_only(case):
    wire = connected(case)
    wire.query("BEGIN")
    wire.parse("SELECT generate_series(1, 3) AS i ORDER BY i")
    wire.bind(portal="p")
    wire.execute("p", 1)
    wire.sync()
    wire.execute("p", 5)
    assert [row[0] for row in data_rows(wire.sync())] == [b"2", b"3"]
    wire.query("COMMIT")
    wire.execute("p", 1)
    expect(wire, "34000", 'portal "p" does not exist')


def test_binary_results_and_parameters(case):
    wire = connected(case)
    values = {
        "int2": (21, struct.pack("!h", -5)), "int4": (23, struct.pack("!i", -70000)),
        "int8": (20, struct.pack("!q", 1 << 40)), "float4": (700, struct.pack("!f", 1.5)),
        "float8": (701, struct.pack("!d", -0.1)), "bool": (16, b"\1"), "text": (25, "žluť".encode()),
        "bytea": (17, b"\0\xff"), "date": (1082, struct.pack("!i", 8825)),
        "time": (1083, struct.pack("!q", 3_600_000_001)), "timestamp": (1114, struct.pack("!q", 762_523_200_000_001)),
        "timestamptz": (1184, struct.pack("!q", -1)), "uuid": (2950, bytes(range(16))),
        "interval": (1186, struct.pack("!qii", 1, 2, 3)), "oid": (26, struct.pack("!I", 4_000_000_000)),
        "numeric": (1700, struct.pack("!hhhhhh", 2, 0, 0, 2, 12, 3400)), "jsonb": (3802, b'\1"a"'),
        "int4[]": (1007, struct.pack("!iiiiiiii", 1, 0, 23, 2, 1, 4, 7, 4) + struct.pack("!i", 8)),
    }
    for name, (oid, data) in values.items():
        wire.parse(f"SELECT $1::{name} AS v")
        wire.bind([data], formats=[1], results=[1])
        wire.describe("P")
        wire.execute()
        messages = wire.sync()
        assert columns(messages) == [("v", oid, 1)], (name, columns(messages))
        assert data_rows(messages) == [(data,)], (name, data_rows(messages))


def test_text_and_binary_columns_mixed(case):
    wire = connected(case)
    wire.parse("SELECT 1::int, 2::int")
    wire.bind(results=[0, 1])
    wire.execute()
    assert data_rows(wire.sync()) == [(b"1", struct.pack("!i", 2))]


def test_errors_skip_to_sync(case):
    wire = connected(case)
    wire.parse("SELECT 1/$1::int")
    wire.bind(["0"])
    wire.execute()
    wire.parse("SELECT 1")
    wire.bind()
    wire.execute()
    expect(wire, "22012", "division by zero")
    assert data_rows(wire.query("SELECT 3")) == [(b"3",)]


def test_wrong_use_is_refused(case):
    wire = connected(case)
    wire.parse("SELECT 1; SELECT 2")
    expect(wire, "42601", "cannot insert multiple commands into a prepared statement")
    wire.parse("SELECT $1::int")
    wire.bind([])
    expect(wire, "08P01")
    wire.parse("SELECT $1::int")
    wire.bind([b"\0\0"], formats=[1])
    expect(wire, "22023")
    wire.parse("SELECT $1::text")
    wire.bind([b"a\0b"])
    expect(wire, "22021")
    wire.execute("absent")
    expect(wire, "34000")
    wire.close_object("S", "absent")
    wire.sync()


def test_empty_query(case):
    wire = connected(case)
    assert kinds(wire.query("")) == "I"
    assert kinds(wire.query(" ; -- nothing\n")) == "I"
    wire.parse("")
    wire.bind()
    wire.execute()
    assert kinds(wire.sync()) == "12I"


def test_a_pipeline_is_one_transaction(case):
    wire = connected(case)
    wire.query("CREATE TABLE t (a int)")
    for text in ("INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)", "SELECT 1/0"):
        wire.parse(text)
        wire.bind()
        wire.execute()
    expect(wire, "22012")
    assert data_rows(wire.query("SELECT count(*) FROM t")) == [(b"0",)]


def test_prepare_and_execute_in_sql(case):
    wire = connected(case)
    wire.query("PREPARE p AS SELECT $1 + 1")
    assert data_rows(wire.query("EXECUTE p (4)")) == [(b"5",)]
    assert tags(wire.query("DEALLOCATE p")) == ["DEALLOCATE"]


def test_large_results_come_whole(case):
    wire = connected(case)
    rows = data_rows(wire.query("SELECT i, repeat('x', 1000) FROM generate_series(1, 20000) AS g(i)"))
    assert len(rows) == 20000 and all(len(row[1]) == 1000 for row in rows)
