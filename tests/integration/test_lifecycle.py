"""Start and stop."""

import signal
import subprocess
import urllib.request

import psycopg2

from harness import process
from harness.wait import eventually
from harness.wire import Wire


def test_one_line_when_ready(case):
    server = case.tailrace()
    lines = eventually(lambda: server.output_text().splitlines(), 10, "the ready line")
    assert len(lines) == 1, lines
    assert str(server.port) in lines[0], lines


def test_sigterm_is_an_orderly_stop(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (a int)")
    server.run("INSERT INTO t VALUES (1)")
    assert server.stop() == 0
    server.start()
    assert server.run("SELECT * FROM t") == [(1,)]


def test_sigterm_while_following_and_serving(case):
    upstream, server = case.followed("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    server.run("CREATE MATERIALIZED VIEW v AS SELECT count(*) AS n FROM t")
    session = case.session(server, autocommit=False)
    session.cursor().execute("SELECT * FROM t")
    assert server.stop(timeout=20) == 0
    eventually(lambda: upstream.value("SELECT count(*) FROM pg_stat_activity WHERE usename = 'materialize'") == 0,
               10, "the upstream sessions are closed")


def test_data_directory_in_use_is_refused(case):
    server = case.tailrace()
    second = subprocess.run(
        [server.binary, "--data-dir", server.data, "--sql-listen-addr", f"127.0.0.1:{process.free_port()}",
         "--http-listen-addr", f"127.0.0.1:{process.free_port()}"],
        capture_output=True, text=True, timeout=30)
    assert second.returncode not in (0, -signal.SIGABRT, -signal.SIGSEGV), second
    assert str(server.data) in second.stderr, second.stderr
    assert server.value("SELECT 1") == 1


def test_port_in_use_is_an_error(case):
    server = case.tailrace()
    second = case.tailrace(start=False, sql_port=server.port)
    done = subprocess.run(second.command(), capture_output=True, text=True, timeout=30)
    assert done.returncode > 0 and str(server.port) in done.stderr, done


def test_unknown_flag_is_an_error(case):
    done = subprocess.run([case.binary, "--data-dir", case.folder / "none", "--no-such-flag"], capture_output=True, text=True, timeout=30)
    assert done.returncode > 0 and "no-such-flag" in done.stderr + done.stdout, done


def test_flags_from_the_environment(case):
    port = process.free_port()
    server = case.tailrace(start=False, environment={"TAILRACE_SQL_LISTEN_ADDR": f"127.0.0.1:{port}"})
    server.port = port
    command = server.command()
    place = command.index("--sql-listen-addr")
    server.command = lambda: command[:place] + command[place + 2:]
    server.start()
    assert server.value("SELECT 1") == 1


def test_health_over_http(case):
    server = case.tailrace()
    for path in ("/api/livez", "/api/readyz"):
        with urllib.request.urlopen(f"http://127.0.0.1:{server.http_port}{path}", timeout=10) as answer:
            assert answer.status == 200, path


def test_wrong_user_is_refused(case):
    server = case.tailrace()
    try:
        server.connect(user="nobody_known")
        raise AssertionError("an unknown role may log in")
    except psycopg2.OperationalError as error:
        assert "nobody_known" in str(error), error


def test_unknown_database_is_a_notice(case):
    server = case.tailrace()
    with Wire(server.host, server.port, database="nowhere") as wire:
        assert 'database "nowhere" does not exist' in wire.notices, wire.notices


def test_catalog_survives_a_kill(case):
    server = case.tailrace()
    server.run("CREATE CLUSTER c (SIZE = '50cc')")
    server.run("CREATE SCHEMA s")
    server.run("CREATE TABLE s.t (a int)")
    server.run("CREATE VIEW s.v AS SELECT a + 1 AS b FROM s.t")
    server.run("CREATE MATERIALIZED VIEW s.m IN CLUSTER c AS SELECT sum(b) AS total FROM s.v")
    server.run("CREATE INDEX m_total IN CLUSTER c ON s.m (total)")
    server.run("INSERT INTO s.t VALUES (1), (2)")
    before = server.run("SELECT id, oid, name, type FROM mz_objects WHERE id LIKE 'u%' ORDER BY id")
    server.restart_after_kill()
    assert server.run("SELECT id, oid, name, type FROM mz_objects WHERE id LIKE 'u%' ORDER BY id") == before
    assert server.run("SELECT total FROM s.m") == [(5,)]
