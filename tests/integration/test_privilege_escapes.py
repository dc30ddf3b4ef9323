"""Ways around privileges that must lead nowhere."""

import threading

import psycopg2

from harness import source
from harness.case import expect_error
from harness.wait import eventually

from test_privileges import DENIED, SCHEMA, Roles, needs, run


def settled(session, sql):
    """Run a change of definitions, again as long as others come between."""
    while True:
        try:
            return run(session, sql)
        except psycopg2.errors.SerializationFailure:
            pass


def test_kinds_of_objects_that_are_not_there_are_no_way_to_others(case):
    roles = Roles(case)
    roles.root("CREATE SCHEMA app", "CREATE TABLE app.t (a int)", "GRANT USAGE ON SCHEMA app TO joe")
    roles.run("SET search_path = app")
    for sql in ("ALTER NETWORK POLICY t RENAME TO u", "ALTER NETWORK POLICY t OWNER TO joe",
                "ALTER NETWORK POLICY mz_tables OWNER TO joe", "COMMENT ON FUNCTION t IS 'x'", "COMMENT ON FUNCTION app.t IS 'x'",
                "COMMENT ON NETWORK POLICY t IS 'x'", "COMMENT ON CLUSTER REPLICA app.t IS 'x'"):
        error = expect_error(lambda: roles.run(sql))
        assert error.pgcode in ("0A000", "42601", DENIED), (sql, error.pgcode, str(error))
    assert roles.root("SELECT name FROM mz_tables WHERE id LIKE 'u%'") == [("t",)]
    assert roles.root("SELECT * FROM mz_internal.mz_comments WHERE id LIKE 'u%'") == []
    error = expect_error(lambda: roles.root("ALTER VIEW app.t RENAME TO u"), "42809")
    assert error.diag.message_hint == "It is a table."


def test_what_is_taken_stays_taken_beside_other_changes(case):
    """A change of a role that began before a REVOKE, and ends after it, must not bring back what was revoked."""
    roles = Roles(case)
    roles.root("CREATE ROLE staff")
    stop = threading.Event()
    other = case.session(roles.server, user="joe")
    failures = []
    changes = 0

    def change_password():
        nonlocal changes
        while not stop.is_set():
            try:
                settled(other, "ALTER ROLE joe PASSWORD 'x'")
                changes += 1
            except Exception as error:  # noqa: BLE001 (looked at below)
                failures.append(error)
                return

    thread = threading.Thread(target=change_password)
    thread.start()
    try:
        for _ in range(100):
            settled(roles.admin, "GRANT staff TO joe")
            settled(roles.admin, "REVOKE staff FROM joe")
            after_one_that_began_before = changes + 1
            eventually(lambda: failures or changes >= after_one_that_began_before, 30, "the next change is made", every=0.001)
            found = roles.root("SELECT count(*) FROM mz_role_members")
            assert found == [(0,)], "the membership is back"
    finally:
        stop.set()
        thread.join()
    assert failures == [], failures


def test_definitions_that_go_while_others_change_them(case):
    """GRANT ON ALL TABLES beside DROP TABLE: one comes before the other."""
    roles = Roles(case)
    roles.root("CREATE SCHEMA app")
    stop = threading.Event()
    other = case.session(roles.server)
    failures = []

    def come_and_go():
        while not stop.is_set():
            try:
                settled(other, "CREATE TABLE app.t (a int)")
                settled(other, "DROP TABLE app.t")
            except Exception as error:  # noqa: BLE001 (looked at below)
                failures.append(error)
                return

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        for _ in range(100):
            settled(roles.admin, "GRANT SELECT ON ALL TABLES IN SCHEMA app TO joe")
            settled(roles.admin, "REVOKE SELECT ON ALL TABLES IN SCHEMA app FROM joe")
    finally:
        stop.set()
        thread.join()
    assert failures == [], failures


def test_a_session_is_not_another_role_of_the_same_name(case):
    roles = Roles(case)
    roles.root("CREATE TABLE t (a int)", "DROP ROLE joe", "CREATE ROLE joe LOGIN SUPERUSER")
    error = expect_error(lambda: roles.run("SELECT * FROM t"), "42704")
    assert error.diag.message_primary == 'role "joe" was dropped'


def test_a_secret_goes_nowhere_new_without_usage(case):
    roles = Roles(case)
    roles.root("CREATE SCHEMA app", "CREATE SECRET pw AS 'canary'",
               "CREATE CONNECTION app.c TO POSTGRES (HOST '127.0.0.1', PORT 1, USER 'u', DATABASE 'd', PASSWORD SECRET pw) "
               "WITH (VALIDATE = false)", "ALTER CONNECTION app.c OWNER TO joe", "GRANT USAGE ON SCHEMA app TO joe")
    roles.climbs("ALTER CONNECTION app.c SET (HOST 'localhost') WITH (VALIDATE = false)",
                 (needs("USAGE", 'SECRET "materialize.public.pw"'), "GRANT USAGE ON SECRET pw TO joe"))


def test_a_table_from_a_source_takes_the_right_to_read_it(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, ["t"], ddl="CREATE TABLE t (a int)")
    roles = Roles(case)
    source.create_connection(roles.server, upstream)
    roles.root("CREATE SCHEMA ops", "CREATE SCHEMA app", "GRANT CREATE ON SCHEMA app TO joe",
               f"CREATE SOURCE ops.s FROM POSTGRES CONNECTION pg_connection (PUBLICATION '{source.PUBLICATION}')")
    roles.climbs("CREATE TABLE app.t FROM SOURCE ops.s (REFERENCE t)",
                 (needs("USAGE", SCHEMA.replace("app", "ops")), "GRANT USAGE ON SCHEMA ops TO joe"),
                 (needs("SELECT", 'SOURCE "materialize.ops.s"'), "GRANT SELECT ON ops.s TO joe"))


def test_a_former_owner_keeps_nothing_that_cannot_be_taken(case):
    roles = Roles(case, "joe", "ann")
    roles.root("CREATE SCHEMA app", "ALTER SCHEMA app OWNER TO joe", "ALTER SCHEMA app OWNER TO ann",
               "GRANT USAGE ON SCHEMA app TO joe", "ALTER SCHEMA app OWNER TO materialize",
               "REVOKE ALL ON SCHEMA app FROM joe, ann")
    assert roles.root("SELECT privileges::text FROM mz_schemas WHERE name = 'app'") == [("{u1=UC/u1}",)]
