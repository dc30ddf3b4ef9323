"""The harness itself, without the server under test."""

import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

import psycopg2

from harness import compare, process
from harness.wait import eventually


def test_postgres_restarts_and_keeps_its_rows(case):
    upstream = case.postgres(fsync=True)
    upstream.run("CREATE TABLE t AS SELECT generate_series(1, 10) AS a")
    upstream.restart("immediate")
    assert upstream.value("SELECT count(*) FROM t") == 10
    assert upstream.value("SHOW wal_level") == "logical"


def test_backends_can_be_ended(case):
    upstream = case.postgres()
    session = case.keep(upstream.connect())
    assert upstream.end_backends("application_name = ''") >= 1
    try:
        with session.cursor() as cursor:
            cursor.execute("SELECT 1")
        raise AssertionError("the session survived")
    except psycopg2.OperationalError:
        pass


def test_tls_is_offered(case):
    upstream = case.postgres(tls=True)
    upstream.run("CREATE USER u PASSWORD 'p'")
    session = case.keep(psycopg2.connect(host="127.0.0.1", port=upstream.port, user="u", password="p",
                                         dbname="postgres", sslmode="require"))
    assert session.info.ssl_in_use


def test_comparison_counts_multiplicity(case):
    upstream = case.postgres()
    session = case.keep(upstream.connect())
    first = compare.rows(session, "SELECT * FROM (VALUES (1, 1.50), (1, 1.50)) v")
    assert first == Counter({("1", "1.5"): 2})
    text = compare.differences(first, compare.rows(session, "SELECT 1, 1.5::numeric"))
    assert "1 missing" in text, text
    same = "SELECT 'NaN'::float8, '-0'::float8, '{\"a\": 1.0}'::jsonb, ARRAY[1.10, NULL], interval '1 month'"
    compare.assert_equal(session, session, same)


def test_servers_die_with_a_killed_test(case):
    script = textwrap.dedent(f"""
        import sys, time
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from harness.postgres import Postgres
        print(Postgres({str(case.folder / "orphan")!r}).start().process.pid, flush=True)
        time.sleep(600)
        """)
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    pid = int(child.stdout.readline())
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    eventually(lambda: not Path(f"/proc/{pid}").exists(), 15, "the server of the killed test is gone")


def test_descendants_are_found(case):
    child = process.spawn(["sh", "-c", "sleep 600 & wait"], on_our_death="KILL")
    try:
        found = eventually(lambda: [p for p in process.descendants(child.pid) if p != child.pid], 10,
                           "the grandchild is seen")
    finally:
        for pid in process.descendants(child.pid):
            os.kill(pid, signal.SIGKILL)
        child.wait()
    assert len(found) == 1
