"""What operators and owners may set for sources, and what it changes upstream and here."""

import time

from harness import source
from harness.case import expect_error
from harness.wait import eventually

DDL = "CREATE TABLE t (k int PRIMARY KEY, v text, CONSTRAINT one_v UNIQUE (v)); ALTER TABLE t ALTER v SET NOT NULL; INSERT INTO t VALUES (1, 'one')"


def prepared(case, **settings):
    upstream = case.postgres(settings=settings)
    source.prepare_upstream(upstream, ["t"], ddl=DDL)
    server = case.tailrace()
    source.create_connection(server, upstream)
    return upstream, server


def create(server, clause="FOR TABLES (t)", name="mz_source", options=""):
    server.run(f"CREATE SOURCE {name} FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source') {clause} {options}")


def shown(server, kind, name):
    return server.run(f"SHOW CREATE {kind} {name}")[0][1]


def test_timestamp_intervals(case):
    _, server = prepared(case)
    create(server, options="WITH (TIMESTAMP INTERVAL = '1s')")
    for given, told in (("100ms", "100ms"), ("1500ms", "1.5s"), ("2s", "2s"), ("0s", "0ms")):
        refused = f"invalid timestamp interval of {told}, must be in the range [1s, 1s]"
        expect_error(lambda: create(server, name="s", options=f"WITH (TIMESTAMP INTERVAL = '{given}')"), None, refused)
        expect_error(lambda: server.run(f"ALTER SOURCE mz_source SET (TIMESTAMP INTERVAL = '{given}')"), None, refused)
    server.run("ALTER SYSTEM SET min_timestamp_interval = '500ms'")
    expect_error(lambda: server.run("ALTER SOURCE mz_source SET (TIMESTAMP INTERVAL = '100ms')"), None,
                 "invalid timestamp interval of 100ms, must be in the range [500ms, 1s]")
    server.run("ALTER SOURCE mz_source SET (TIMESTAMP INTERVAL = '500ms')")
    assert "TIMESTAMP INTERVAL = '500ms'" in shown(server, "SOURCE", "mz_source")
    server.run("ALTER SOURCE mz_source RESET (TIMESTAMP INTERVAL)")
    assert "TIMESTAMP INTERVAL" not in shown(server, "SOURCE", "mz_source")
    expect_error(lambda: server.run("ALTER SYSTEM SET default_timestamp_interval = 0"), None,
                 'parameter "default_timestamp_interval" cannot have value "0ns": only supports non-zero durations')
    expect_error(lambda: server.run("ALTER SOURCE mz_source SET (PARTITION BY (a))"), None, "Expected one of TIMESTAMP or RETAIN")
    server.run("ALTER SOURCE IF EXISTS nope SET (TIMESTAMP INTERVAL = '1s')")


def test_histories_are_kept_longer_and_shorter(case):
    upstream, server = prepared(case)
    create(server)
    server.run("CREATE TABLE here (a int); CREATE MATERIALIZED VIEW v AS SELECT count(*) FROM t")
    eventually(lambda: server.run("SELECT k FROM t") == [(1,)], 30, "the snapshot is there")

    def kept(name):
        return server.value("SELECT value::text FROM mz_internal.mz_history_retention_strategies s JOIN mz_objects o ON o.id = s.id "
                            "WHERE o.name = %s", (name,))

    server.run("ALTER SOURCE mz_source SET (RETAIN HISTORY = FOR '1h')")
    server.run("ALTER TABLE here SET (RETAIN HISTORY FOR '1h')")
    server.run("ALTER MATERIALIZED VIEW v SET (RETAIN HISTORY FOR '1h')")
    assert [kept(name) for name in ("mz_source", "t", "here", "v")] == ["3600000"] * 4
    for kind, name in (("SOURCE", "mz_source"), ("TABLE", "here"), ("MATERIALIZED VIEW", "v")):
        assert "RETAIN HISTORY = FOR '1h'" in shown(server, kind, name), name
    server.run("INSERT INTO here VALUES (1)")
    before = server.value("SELECT mz_now()::text")
    upstream.run("INSERT INTO t VALUES (2, 'two')", database="shop")
    server.run("INSERT INTO here VALUES (2)")
    eventually(lambda: server.value("SELECT count(*) FROM t") == 2, 30, "the row is here")
    time.sleep(3)  # longer than the history was before
    server.restart_after_kill()
    for relation, then in (("t", 1), ("here", 1)):
        assert server.run(f"SELECT count(*) FROM {relation} AS OF {before}") == [(then,)], relation
    assert server.run(f"SELECT * FROM v AS OF {before}") == [(1,)]
    assert server.run("SELECT * FROM v") == [(2,)]
    server.run("ALTER TABLE here RESET (RETAIN HISTORY); ALTER SOURCE mz_source RESET (RETAIN HISTORY)")
    assert [kept(name) for name in ("mz_source", "t", "here", "v")] == ["1000", "1000", "1000", "3600000"]
    server.run("INSERT INTO here VALUES (3)")
    eventually(lambda: _is_forgotten(server, f"SELECT * FROM here AS OF {before}"), 30, "the history is given up")
    expect_error(lambda: server.run("ALTER TABLE v SET (RETAIN HISTORY FOR '1h')"), None, "is not a TABLE")


def _is_forgotten(server, query):
    server.run("INSERT INTO here VALUES (4)")
    try:
        server.run(query)
    except Exception as error:  # psycopg2's, whatever the class
        assert "not valid for all inputs" in str(error) or "Timestamp" in str(error), error
        return True
    return False


def test_keys_that_upstream_may_drop(case):
    upstream, server = prepared(case)
    upstream.run("ALTER TABLE t REPLICA IDENTITY FULL", database="shop")
    create(server, "")
    table = "CREATE TABLE {} FROM SOURCE mz_source (REFERENCE t)"
    expect_error(lambda: server.run(table.format("a") + " WITH (EXCLUDE CONSTRAINTS ('one_v'))"), "0A000", "EXCLUDE CONSTRAINTS")
    server.run("ALTER SYSTEM SET enable_exclude_constraints_option = on")
    expect_error(lambda: server.run(table.format("a") + " WITH (EXCLUDE CONSTRAINTS ('ONE_V'))"), None,
                 'invalid EXCLUDE CONSTRAINTS option value: constraint "ONE_V" does not exist', "'one_v'")
    expect_error(lambda: server.run(table.format("a") + " WITH (EXCLUDE CONSTRAINTS (one_v))"), None, "string literals")
    expect_error(lambda: server.run(table.format("a") + " WITH (EXCLUDE CONSTRAINTS ('one_v', 'one_v'))"), None,
                 "unexpected multiple references")
    server.run(table.format("strict"))
    server.run(table.format("without_v") + " WITH (EXCLUDE CONSTRAINTS ('one_v'))")
    server.run(table.format("without_any") + " WITH (EXCLUDE ALL CONSTRAINTS)")
    assert "EXCLUDE CONSTRAINTS = ('one_v')" in shown(server, "TABLE", "without_v")
    assert "EXCLUDE ALL CONSTRAINTS" in shown(server, "TABLE", "without_any")
    for name in ("strict", "without_v", "without_any"):
        eventually(lambda: server.run(f"SELECT k FROM {name}") == [(1,)], 30, "the snapshot is there")
    upstream.run("ALTER TABLE t DROP CONSTRAINT one_v; INSERT INTO t VALUES (2, 'one')", database="shop")
    for name in ("without_v", "without_any"):
        eventually(lambda: server.run(f"SELECT k FROM {name} ORDER BY k") == [(1,), (2,)], 30, "goes on without the key")
    eventually(lambda: _fails(server, "SELECT * FROM strict"), 30, "the one that recorded the key is ended")
    upstream.run("ALTER TABLE t DROP CONSTRAINT t_pkey; INSERT INTO t VALUES (2, 'again')", database="shop")
    eventually(lambda: _fails(server, "SELECT * FROM without_v"), 30, "its primary key is gone")
    eventually(lambda: server.value("SELECT count(*) FROM without_any") == 3, 30, "needs none")
    server.restart_after_kill()
    upstream.run("INSERT INTO t VALUES (2, 'and again')", database="shop")
    eventually(lambda: server.value("SELECT count(*) FROM without_any") == 4, 30, "nor after a restart")


def _fails(server, query):
    try:
        server.run(query)
    except Exception as error:  # psycopg2's, whatever the class
        return "constraint" in str(error) or "key" in str(error)
    return False


def test_one_generation_of_syntax(case):
    _, server = prepared(case)
    create(server, "", name="new")
    server.run("ALTER SYSTEM SET enable_create_table_from_source = off")
    expect_error(lambda: create(server, "", name="s"), None, "missing TABLES specification")
    expect_error(lambda: server.run("CREATE TABLE x FROM SOURCE new (REFERENCE t)"), "0A000", "not supported")
    create(server, name="legacy")
    server.run("ALTER SYSTEM RESET enable_create_table_from_source")
    server.run("ALTER SYSTEM SET force_source_table_syntax = on")
    for clause in ("FOR ALL TABLES", "FOR SCHEMAS (public)", "FOR TABLES (t AS u)"):
        expect_error(lambda: create(server, clause, name="s"), "0A000", "use CREATE TABLE .. FROM SOURCE instead")
    server.run("CREATE TABLE x FROM SOURCE new (REFERENCE t)")


def test_limits_of_objects(case):
    _, server = prepared(case)
    server.run("ALTER SYSTEM SET max_sources = 1; ALTER SYSTEM SET max_tables = 2")
    create(server)
    expect_error(lambda: create(server, "", name="s"), "54000",
                 "creating Source would violate max_sources limit (desired: 2, limit: 1, current: 1)")
    server.run("CREATE TABLE a (a int); CREATE TABLE b (a int)")
    expect_error(lambda: server.run("CREATE TABLE c (a int)"), "54000",
                 "creating Table would violate max_tables limit (desired: 3, limit: 2, current: 2)")


def test_upstream_is_told_of_time_limits(case):
    upstream, server = prepared(case, log_statement="all")
    server.run("ALTER SYSTEM SET pg_source_wal_sender_timeout = '7s'; ALTER SYSTEM SET pg_source_tcp_configure_server = on; "
               "ALTER SYSTEM SET pg_source_tcp_keepalives_idle = '11s'; ALTER SYSTEM SET pg_source_snapshot_statement_timeout = '9 min'")
    create(server)
    eventually(lambda: server.run("SELECT k FROM t") == [(1,)], 30, "the snapshot is there")
    told = upstream.log_text()
    for setting in ("SET wal_sender_timeout = 7000", "SET tcp_keepalives_idle = 11", "SET tcp_user_timeout = 60000",
                    "SET statement_timeout = 540000"):
        assert setting in told, setting


def test_a_snapshot_statement_that_takes_too_long_is_tried_again(case):
    upstream, server = prepared(case)
    upstream.run("INSERT INTO t SELECT n, n::text FROM generate_series(10, 400000) n", database="shop")
    server.run("ALTER SYSTEM SET pg_source_snapshot_statement_timeout = '1ms'")
    create(server)
    eventually(lambda: source.stalled_with(server, "statement timeout"), 30, "the snapshot fails")
    server.run("ALTER SYSTEM RESET pg_source_snapshot_statement_timeout")
    eventually(lambda: source.snapshot_committed(server), 60, "the snapshot is committed")
    assert server.value("SELECT count(*) FROM t") == 399_992


def test_upstreams_catalog_is_looked_at_as_often_as_set(case):
    upstream, server = prepared(case)
    create(server)
    eventually(lambda: source.snapshot_committed(server), 30, "the snapshot is committed")
    server.run("ALTER SYSTEM SET pg_schema_validation_interval = '100ms'")
    upstream.run("ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE", database="shop")
    eventually(lambda: _fails(server, "SELECT * FROM t"), 12, "noticed although nothing was written")


def other_timeline(upstream):
    """Upstream goes through recovery, as after a restore; slots and data stay."""
    upstream.stop()
    (upstream.data / "recovery.signal").touch()
    with open(upstream.data / "postgresql.auto.conf", "a") as settings:
        settings.write("restore_command = 'false'\n")
    upstream.start(timeout=60)
    eventually(lambda: not upstream.value("SELECT pg_is_in_recovery()"), 60, "recovered")
    assert upstream.value("SELECT timeline_id FROM pg_control_checkpoint()") >= 1


def test_a_changed_timeline_ends_a_source_unless_it_may_change(case):
    upstream, server = prepared(case)
    create(server)
    eventually(lambda: source.snapshot_committed(server), 30, "the snapshot is committed")
    server.run("ALTER SYSTEM SET pg_source_validate_timeline = off")
    other_timeline(upstream)
    upstream.run("INSERT INTO t VALUES (2, 'two')", database="shop")
    eventually(lambda: server.value("SELECT count(*) FROM t") == 2, 60, "the source goes on")
    server.run("ALTER SYSTEM RESET pg_source_validate_timeline")
    server.restart_after_kill()
    eventually(lambda: source.stalled_with(server, "database restored from point-in-time backup"), 60, "the timeline is another")
    expect_error(lambda: server.run("SELECT * FROM t"), None, "point-in-time backup")
