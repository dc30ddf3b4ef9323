"""What an administrator upstream sets for our role, our database or the whole server changes nothing here."""

from harness import compare, source
from harness.wait import eventually

# Each hostile to somebody who does not set it anew in every session.
SETTINGS = {
    "statement_timeout": "20ms",
    "lock_timeout": "10ms",
    "idle_in_transaction_session_timeout": "50ms",
    "idle_session_timeout": "300ms",
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "on",
    "default_transaction_deferrable": "on",
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "TimeZone": "America/St_Johns",
    "extra_float_digits": "-15",
    "bytea_output": "escape",
    "standard_conforming_strings": "off",
    "backslash_quote": "off",
    "search_path": "trap, pg_catalog",
    "client_encoding": "LATIN1",
    "xmloption": "document",
    "quote_all_identifiers": "on",
    "row_security": "off",
    "client_min_messages": "debug1",
    "synchronous_commit": "remote_apply",
}
DDL = ("CREATE TABLE t (k int PRIMARY KEY, d date, ts timestamptz, f8 float8, f4 real, i interval, b bytea, r tstzrange, a timestamptz[], "
       "txt text, c regclass, x xml, m \"char\", j jsonb); ")
ROW = ("'2024-03-04', '2024-03-04 05:06:07.5+00', 0.1::float8 + 0.2, 1.0::real / 3, '-1 mon 2 days -00:00:01', '\\x0001ff', "
       "'[2024-03-04 05:06:07+00,)', '{2024-03-04 05:06:07+00}', E'back\\\\slash ''日本', 'public.t', '<a/><b/>', '\\377', '{\"a\": \"\\\\\"}'")
COLUMNS = "k, d, ts, f8, f4, i, b, r, a, txt, x::text, m, j"


def prepared(case, level):
    upstream = case.postgres()
    # Functions that would answer instead of PostgreSQL's own, where somebody leaves the search path to chance.
    trap = ("CREATE SCHEMA trap; CREATE FUNCTION trap.pg_relation_size(oid) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'; "
            "CREATE VIEW trap.pg_class AS SELECT 0::oid AS oid WHERE false; CREATE VIEW trap.pg_attribute AS SELECT 1 AS a; "
            "CREATE FUNCTION trap.pg_is_in_recovery() RETURNS bool LANGUAGE sql AS 'SELECT true'; ")
    source.prepare_upstream(upstream, ["t"], ddl=trap + DDL + f"INSERT INTO t SELECT n, {ROW} FROM generate_series(1, 20000) n")
    for name, value in SETTINGS.items():
        if level == "server":
            upstream.run(f"ALTER SYSTEM SET {name} = {value if ',' in value else source.quoted(value)}")
        else:
            upstream.run(f"ALTER {level} SET {name} = {value if ',' in value else source.quoted(value)}")
    if level == "server":
        # Our own sessions here are not to suffer.
        for name in SETTINGS:
            upstream.run(f"ALTER ROLE postgres SET {name} = DEFAULT")
        upstream.run("SELECT pg_reload_conf()")
    return upstream


def check(case, upstream):
    server = case.tailrace()
    source.follow(server, upstream, options=", TEXT COLUMNS (t.c, t.x)")
    origin = case.shop(upstream)
    origin.set_client_encoding("UTF8")
    with origin.cursor() as cursor:
        for name in SETTINGS:
            cursor.execute(f"SET {name} TO DEFAULT")
        for name, value in (("statement_timeout", "0"), ("lock_timeout", "0"), ("default_transaction_read_only", "off"),
                            ("DateStyle", "ISO"), ("IntervalStyle", "postgres"), ("TimeZone", "UTC"), ("extra_float_digits", "1"),
                            ("bytea_output", "hex"), ("standard_conforming_strings", "on"), ("search_path", "public"),
                            ("client_encoding", "UTF8"), ("default_transaction_isolation", "read committed"),
                            ("idle_in_transaction_session_timeout", "0"), ("xmloption", "content"), ("idle_session_timeout", "0"),
                            ("quote_all_identifiers", "off"), ("client_min_messages", "notice")):
            cursor.execute(f"SET {name} TO {source.quoted(value)}")
        cursor.execute(f"INSERT INTO t SELECT n + 50000, {ROW} FROM generate_series(1, 10) n; UPDATE t SET k = k + 100000 WHERE k % 10 = 3; "
                       "DELETE FROM t WHERE k % 10 = 4 OR k < 10000")
    mirror = case.session(server)
    compare.eventually_equal(origin, mirror, f"SELECT {COLUMNS} FROM t", f"SELECT {COLUMNS.replace('x::text', 'x')} FROM t")
    assert server.run("SELECT DISTINCT c FROM t") == [("public.t",)]
    with origin.cursor() as cursor:
        cursor.execute("DELETE FROM t")
    eventually(lambda: server.value("SELECT count(*) FROM t") == 0, 30, "all is gone")
    server.run("ALTER SYSTEM SET pg_schema_validation_interval = '500ms'")
    with origin.cursor() as cursor:
        cursor.execute("ALTER TABLE t DROP COLUMN f4")
    eventually(lambda: source.status(server, "t")[0] == "ceased", 40, "the catalog is looked at")
    assert "idle-session" not in upstream.log_text()
    assert "DEBUG" not in server.log_text()
    told = server.run("SELECT status, error FROM mz_internal.mz_source_status_history WHERE status = 'stalled'")
    assert told == [], told
    server.run("DROP SOURCE mz_source CASCADE")
    eventually(lambda: upstream.value("SELECT count(*) FROM pg_replication_slots") == 0, 30, "the slot is dropped")


def test_settings_of_the_role(case):
    check(case, prepared(case, "ROLE materialize"))


def test_settings_of_the_database(case):
    upstream = prepared(case, "DATABASE shop")
    check(case, upstream)


def test_settings_of_the_server(case):
    check(case, prepared(case, "server"))
