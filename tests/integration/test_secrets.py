"""The value of a secret is nowhere to be found."""

from harness import compare, source
from harness.case import expect_error
from harness.wire import Wire, WireError

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
    expect_error(lambda: server.run(f"CREATE SECRET other AS (SELECT '{CANARY}')"), "0A000",
                 "AS does not allow subqueries")
    expect_error(lambda: server.run(f"CREATE SECRET other AS '{CANARY}' oops"), "42601")
    assert_not_in_files(server, CANARY)
    server.stop()
    assert_not_in_files(server, CANARY)


def test_errors_do_not_tell_the_secret(case):
    """No field of an error repeats it, whatever is wrong with the statement; a client may still quote its own text."""
    server = case.tailrace(log_level="trace")
    word = CANARY.replace("-", "_")
    for statement in (f"CREATE SECRET s AS ('{CANARY}' || 'x')", f"CREATE SECRET s AS '{CANARY}'::int",
                      f"BEGIN; CREATE SECRET s AS '{CANARY}'; COMMIT", f"CREATE SECRET s AS 'a' '{CANARY}'",
                      f"CREATE SECRET s AS {word}", f'CREATE SECRET s AS "{CANARY}"', f"CREATE SECRET s AS {word}()",
                      f"CREATE SECRET s AS '{CANARY}' oops", f"CREATE SECRET s AS '{CANARY}",
                      f"CREATE SECRET '{CANARY}'", f"CREATE SECRET s '{CANARY}'", f"CREATE SECRET s = {word}",
                      f"ALTER SECRET s AS '{CANARY}'", f"ALTER SECRET existing AS ('{CANARY}', 1)",
                      f"CREATE SECRET s AS E'{CANARY}\\xzz'", f"CREATE SECRET s AS $a${CANARY}",
                      f"CREATE SECRET s AS (SELECT '{CANARY}')", f"CREATE SECRET s AS 1 + '{CANARY}'",
                      f"CREATE SECRET s AS decode('{CANARY}!', 'base64')", f"CREATE SECRET s AS '{CANARY}'::nowhere",
                      f"CREATE SECRET s AS INTERVAL '{CANARY}'", f"CREATE SECRT s AS '{CANARY}'",
                      f"EXPLAIN CREATE SECRET s AS '{CANARY}'", f"PREPARE x AS CREATE SECRET s AS '{CANARY}'",
                      f"CREATE SECRET existing AS '{CANARY}'", f"CREATE ROLE r LOGIN PASSWORD '{CANARY}' oops",
                      f"CREATE ROLE r LOGIN PASSWORD {word}"):
        with Wire(server.host, server.port) as wire:
            wire.query("CREATE SECRET IF NOT EXISTS existing AS 'x'")
            try:
                wire.query(statement)
                raise AssertionError(f"{statement} worked")
            except WireError as error:
                told = str(error.fields)
                assert CANARY not in told and word not in told, (statement, error.fields)
    assert_not_in_files(server, CANARY)
    assert_not_in_files(server, word)


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
