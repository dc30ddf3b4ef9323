"""ALTER and VALIDATE CONNECTION, ALTER SECRET: what runs follows them, and loses nothing."""

import os

from harness import postgres, process, source
from harness.case import expect_error
from harness.wait import eventually

TABLE = "CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'x' FROM generate_series(1, 100) i"


def test_altered_to_a_wrong_port_and_back(case):
    upstream, server = case.followed(TABLE)
    nobody = process.free_port()
    expect_error(lambda: server.run(f"ALTER CONNECTION pg_connection SET (PORT {nobody})"), "08006",
                 "error connecting to server", "Connection refused")
    assert f"PORT = {upstream.port}" in server.run("SHOW CREATE CONNECTION pg_connection")[0][1]
    source.check_follows(case, upstream, server, 1001)
    server.run(f"ALTER CONNECTION pg_connection SET (PORT {nobody}) WITH (VALIDATE = false)")
    eventually(lambda: source.stalled_with(server, "Connection refused"), 30, "the source tells that it cannot connect")
    upstream.run("INSERT INTO t VALUES (1002, 'while it could not be reached'); DELETE FROM t WHERE k <= 10",
                 database="shop")
    assert server.value("SELECT count(*) FROM t") == 101, "what was there stays readable"
    server.run(f"ALTER CONNECTION pg_connection SET (PORT = {upstream.port})")
    source.check_follows(case, upstream, server, 1003)
    server.restart_after_kill()
    source.check_follows(case, upstream, server, 1004)


def test_altered_to_another_server_and_back(case):
    """No table is given up because another server has neither it nor the publication."""
    upstream, server = case.followed(TABLE)
    # Not from the template, of which all others are copies: the identifier of a system is made by initdb.
    template = os.environ.pop(postgres.TEMPLATE, None)
    other = case.postgres()
    if template:
        os.environ[postgres.TEMPLATE] = template
    source.prepare_upstream(other, [], ddl="CREATE TABLE other (a int)", publication="another")
    server.run(f"ALTER CONNECTION pg_connection SET (PORT {other.port})")
    eventually(lambda: source.stalled_with(server, "another server answers"), 30, "the source notices the other server")
    # Its monitor looks at once, and again: give it the time to look, and to be wrong.
    eventually(lambda: other.value("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%monitor'") > 0,
               30, "the monitor has connected")
    upstream.run("INSERT INTO t VALUES (1001, 'meanwhile')", database="shop")
    server.run(f"ALTER CONNECTION pg_connection SET (PORT {upstream.port})")
    source.check_follows(case, upstream, server, 1002)
    eventually(lambda: other.value("SELECT count(*) FROM pg_stat_activity WHERE usename = 'materialize'") == 0, 30,
               "nothing of the source is left at the other server")


def test_several_actions_apply_together_or_not_at_all(case):
    upstream, server = case.followed(TABLE)
    before = server.run("SHOW CREATE CONNECTION pg_connection")
    for statement, state, words in (
            ("SET (PORT 1), SET (PORT 2)", "42601", ["PORT specified more than once"]),
            ("SET (PORT 1), DROP (PORT)", "42601", ["cannot both SET and DROP/RESET options PORT"]),
            ("DROP (HOST)", "22023", ["HOST option is required"]),
            ("SET (PORT 1), RESET (USER) WITH (VALIDATE = false)", "22023", ["USER option is required"]),
            ("SET (DATABASE 'other')", "22023", ["cannot ALTER POSTGRES option DATABASE"]),
            ("SET (SSL MODE 'prefer')", "22023", ['unknown SSL MODE "prefer"']),
            ("SET (SSL CERTIFICATE 'x')", "22023", ["invalid SSL CERTIFICATE: it holds no certificate"]),
            ("SET (REGION 'x')", "22023", ["POSTGRES connections do not support REGION values"]),
            ("SET (PASSWORD SECRET nowhere)", "42704", ["unknown catalog item 'nowhere'"]),
            ("SET (PASSWORD 'text')", "22023", ["invalid PASSWORD: must provide a secret value"]),
            ("ROTATE KEYS, SET (PORT 1)", "42601", ["cannot specify any other actions alongside"]),
            ("ROTATE KEYS", "42809", ["pg_connection is not an SSH connection"]),
            ("SET (SSL MODE 'require')", "08006", ["server does not support SSL"])):
        expect_error(lambda text=statement: server.run(f"ALTER CONNECTION pg_connection {text}"), state, *words)
        assert server.run("SHOW CREATE CONNECTION pg_connection") == before, statement
    expect_error(lambda: server.run("ALTER CONNECTION t SET (PORT 1)"), "42809", "not a connection")
    server.run("ALTER CONNECTION IF EXISTS nowhere SET (PORT 1), ROTATE KEYS")
    server.run("ALTER CONNECTION pg_connection RESET (SSL MODE), DROP (SSL MODE), SET (USER = 'materialize')")
    server.run("ALTER CONNECTION pg_connection RENAME TO renamed")
    server.run("VALIDATE CONNECTION renamed")
    source.check_follows(case, upstream, server, 1001)


def test_a_new_secret_is_tried_at_once(case):
    upstream, server = case.followed(TABLE)
    upstream.run("ALTER ROLE materialize PASSWORD 'another one'")
    upstream.end_backends("usename = 'materialize'")
    eventually(lambda: source.stalled_with(server, "password authentication failed"), 30,
               "the old password does not do")
    expect_error(lambda: server.run("VALIDATE CONNECTION pg_connection"), "28P01", "password authentication failed")
    server.run("ALTER SECRET pgpass AS 'another one'")
    server.run("VALIDATE CONNECTION pg_connection")
    source.check_follows(case, upstream, server, 1001)


def test_another_secret_for_a_running_source(case):
    upstream, server = case.followed(TABLE)
    server.run("CREATE SECRET second AS 'another one'")
    upstream.run("ALTER ROLE materialize PASSWORD 'another one'")
    server.run("ALTER CONNECTION pg_connection SET (PASSWORD SECRET second)")
    server.run("DROP SECRET pgpass")
    expect_error(lambda: server.run("DROP SECRET second"), None, "depended upon by")
    source.check_follows(case, upstream, server, 1001)
    server.restart_after_kill()
    source.check_follows(case, upstream, server, 1002)


def test_validation_tells_the_cause(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, [], ddl=TABLE)
    server = case.tailrace()
    source.create_connection(server, upstream)
    upstream.run("CREATE DATABASE closed")
    upstream.run("REVOKE CONNECT ON DATABASE closed FROM public")
    server.run("CREATE SECRET wrong AS 'wrong'")
    base = {"HOST": f"'{upstream.host}'", "PORT": upstream.port, "USER": "'materialize'",
            "PASSWORD": "SECRET pgpass", "DATABASE": "'shop'"}
    for number, (change, words) in enumerate((
            ({"HOST": "'nowhere.invalid'"}, ["failed to lookup address information"]),
            ({"PORT": process.free_port()}, ["error connecting to server: Connection refused"]),
            ({"PASSWORD": "SECRET wrong"}, ['password authentication failed for user "materialize"']),
            ({"DATABASE": "'nowhere'"}, ['database "nowhere" does not exist']),
            ({"DATABASE": "'closed'"}, ['permission denied for database "closed"']))):
        options = ", ".join(f"{name} {value}" for name, value in {**base, **change}.items())
        expect_error(lambda text=options: server.run(f"CREATE CONNECTION c TO POSTGRES ({text})"), None, *words)
        server.run(f"CREATE CONNECTION c{number} TO POSTGRES ({options}) WITH (VALIDATE = false)")
        expect_error(lambda name=f"c{number}": server.run(f"VALIDATE CONNECTION {name}"), None, *words)
    upstream.run("ALTER SYSTEM SET max_wal_senders = 0")
    upstream.run("ALTER SYSTEM SET wal_level = 'replica'")
    upstream.restart()
    expect_error(lambda: server.run("VALIDATE CONNECTION pg_connection"), "55000",
                 "server must have wal_level >= logical")
