"""The value of a secret is nowhere to be found."""

from harness import compare, source
from harness.case import expect_error

CANARY = "k4n4rienvogel-7193"


def assert_not_in_files(server, text):
    for path in [*server.data.rglob("*"), server.log, server.output]:
        if path.is_file():
            assert text.encode() not in path.read_bytes(), f"the secret stands in {path}"


def test_secret_is_not_stored_nor_logged_in_the_clear(case):
    server = case.tailrace(log_level="debug")
    server.run(f"CREATE SECRET canary AS '{CANARY}'")
    expect_error(lambda: server.run(f"CREATE SECRET canary AS '{CANARY}'"), None, "already exists")
    expect_error(lambda: server.run(f"CREATE SECRET other AS decode('{CANARY}!', 'base64')"), None,
                 "could not evaluate secret value")
    expect_error(lambda: server.run(f"CREATE SECRET other AS '{CANARY}' oops"), "42601")
    assert_not_in_files(server, CANARY)
    server.stop()
    assert_not_in_files(server, CANARY)


def test_errors_do_not_tell_the_secret(case):
    server = case.tailrace()
    for statement in (f"CREATE SECRET s AS ('{CANARY}' || 'x')", f"CREATE SECRET s AS '{CANARY}'::int",
                      f"BEGIN; SELECT 1; CREATE SECRET s AS '{CANARY}'; COMMIT"):
        error = expect_error(lambda text=statement: server.run(text))
        # What the server sent: the client itself shows the line of an error's position.
        told = (error.diag.message_primary, error.diag.message_detail, error.diag.message_hint)
        assert CANARY not in " ".join(filter(None, told)), told


def test_relations_do_not_show_the_secret(case):
    server = case.tailrace()
    server.run(f"CREATE SECRET canary AS '{CANARY}'")
    relations = server.run("SELECT s.name, o.name FROM mz_objects o JOIN mz_schemas s ON s.id = o.schema_id "
                           "WHERE s.name IN ('mz_catalog', 'mz_internal') AND o.type IN ('table', 'view', 'source', "
                           "'materialized-view')")
    assert ("mz_catalog", "mz_secrets") in relations, "the list of relations is incomplete"
    for schema, name in relations:
        for row in server.run(f"SELECT * FROM {schema}.{name}"):
            assert CANARY not in str(row), f"{schema}.{name}: {row}"
    assert [row[0] for row in server.run("SHOW SECRETS")] == ["canary"]


def test_a_source_uses_the_secret_after_restart_and_change(case):
    upstream, server = case.followed("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    server.restart_after_kill()
    upstream.run("INSERT INTO t VALUES (2)", database="shop")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t")
    upstream.run(f"ALTER ROLE materialize PASSWORD '{CANARY}'")
    server.run(f"ALTER SECRET pgpass AS '{CANARY}'")
    upstream.end_backends("usename = 'materialize'")
    upstream.run("INSERT INTO t VALUES (3)", database="shop")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t")
    assert_not_in_files(server, CANARY)
    assert_not_in_files(server, source.PASSWORD)


def test_connections_show_the_name_and_not_the_value(case):
    server = case.tailrace()
    server.run(f"CREATE SECRET canary AS '{CANARY}'")
    server.run("CREATE CONNECTION c TO POSTGRES (HOST 'h', USER 'u', DATABASE 'd', PASSWORD SECRET canary) "
               "WITH (VALIDATE = false)")
    text = server.run("SHOW CREATE CONNECTION c")[0][1]
    assert "SECRET materialize.public.canary" in text and CANARY not in text, text
    expect_error(lambda: server.run("DROP SECRET canary"), None, "depended upon by")
