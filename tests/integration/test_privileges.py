"""Roles other than superusers may do what they have been granted, and nothing else."""

import io

import psycopg2

from harness.case import expect_error
from harness.wait import eventually

DENIED = "42501"


def needs(privilege, target, role="joe"):
    """The error and DETAIL of a role that lacks the privilege on the target."""
    return f"permission denied for {target}", f"The '{role}' role needs {privilege} privileges on {target}"


class Roles:
    """A server, a superuser's session and those of roles that can do nothing yet."""

    def __init__(self, case, *names):
        self.case = case
        self.server = case.tailrace()
        self.admin = case.session(self.server)
        self.sessions = {}
        for name in names or ("joe",):
            self.root(f"CREATE ROLE {name} LOGIN")
            self.sessions[name] = case.session(self.server, user=name)

    def root(self, *statements):
        return [run(self.admin, sql) for sql in statements][-1]

    def run(self, sql, role="joe"):
        return run(self.sessions[role], sql)

    def refused(self, sql, message, detail=None, role="joe"):
        error = expect_error(lambda: self.run(sql, role), DENIED)
        assert error.diag.message_primary == message, (sql, error.diag.message_primary)
        if detail is not None:
            assert error.diag.message_detail == detail, (sql, error.diag.message_detail)

    def climbs(self, sql, *steps, role="joe"):
        """The statement is refused for one reason after the other, each mended by its statement; then it works."""
        for (message, detail), mend in steps:
            self.refused(sql, message, detail, role)
            self.root(mend)
        return self.run(sql, role)


def run(session, sql):
    with session.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None


def owner(target):
    return f"must be owner of {target}", None


SCHEMA = 'SCHEMA "materialize.app"'
CLUSTER = 'CLUSTER "quickstart"'
MAY_CREATE = (needs("CREATE", SCHEMA), "GRANT CREATE ON SCHEMA app TO joe")
MAY_CREATE_ON_CLUSTER = (needs("CREATE", CLUSTER), "GRANT CREATE ON CLUSTER quickstart TO joe")


def test_creating_in_a_schema(case):
    for sql in ("CREATE SECRET app.o AS 'x'", "CREATE TABLE app.o (a int)", "CREATE VIEW app.o AS SELECT 1 AS a"):
        roles = Roles(case)
        roles.root("CREATE SCHEMA app")
        roles.climbs(sql, MAY_CREATE)
        roles.server.stop()


def test_creating_on_a_cluster(case):
    roles = Roles(case)
    roles.root("CREATE SCHEMA app", "CREATE TABLE app.t (a int)")
    roles.climbs("CREATE MATERIALIZED VIEW app.mv IN CLUSTER quickstart AS SELECT 1 AS a",
                 MAY_CREATE, MAY_CREATE_ON_CLUSTER)
    roles.root("REVOKE CREATE ON SCHEMA app FROM joe", "REVOKE CREATE ON CLUSTER quickstart FROM joe")
    roles.climbs("CREATE INDEX t_a ON app.t (a)",
                 (owner("TABLE materialize.app.t"), "ALTER TABLE app.t OWNER TO joe"),
                 MAY_CREATE, MAY_CREATE_ON_CLUSTER)


def test_creating_containers_and_roles(case):
    roles = Roles(case)
    for sql, privilege in (("CREATE CLUSTER c (SIZE '25cc')", "CREATECLUSTER"), ("CREATE DATABASE d", "CREATEDB"),
                           ("CREATE ROLE r", "CREATEROLE")):
        roles.climbs(sql, (needs(privilege, "SYSTEM"), f"GRANT {privilege} ON SYSTEM TO joe"))
    roles.climbs("CREATE SCHEMA materialize.s", (needs("CREATE", 'DATABASE "materialize"'),
                                                 "GRANT CREATE ON DATABASE materialize TO joe"))


def test_connections_and_what_they_use(case):
    roles = Roles(case)
    roles.root("CREATE SCHEMA app", "CREATE SCHEMA vault", "CREATE SECRET vault.pw AS 'canary'")
    usage = (needs("USAGE", 'SCHEMA "materialize.vault"'), "GRANT USAGE ON SCHEMA vault TO joe")
    roles.climbs("CREATE CONNECTION app.pg TO POSTGRES (HOST '127.0.0.1', PORT 1, USER 'u', DATABASE 'd', "
                 "PASSWORD SECRET vault.pw) WITH (VALIDATE = false)", MAY_CREATE, usage,
                 (needs("USAGE", 'SECRET "materialize.vault.pw"'), "GRANT USAGE ON SECRET vault.pw TO joe"))
    roles.root("CREATE CONNECTION vault.pg TO POSTGRES (HOST '127.0.0.1', PORT 1, USER 'u', DATABASE 'd', "
               "PASSWORD SECRET vault.pw) WITH (VALIDATE = false)", "REVOKE USAGE ON SCHEMA vault FROM joe",
               "REVOKE CREATE ON SCHEMA app FROM joe")
    # Nobody listens there: whoever may do it is told so, and nobody else.
    connection = (needs("USAGE", 'CONNECTION "materialize.vault.pg"'), "GRANT USAGE ON CONNECTION vault.pg TO joe")
    for sql, steps in (
            ("CREATE SOURCE app.s IN CLUSTER quickstart FROM POSTGRES CONNECTION vault.pg (PUBLICATION 'p')",
             (MAY_CREATE, MAY_CREATE_ON_CLUSTER, usage, connection)),
            ("VALIDATE CONNECTION vault.pg", (usage, connection))):
        for (message, detail), mend in steps:
            roles.refused(sql, message, detail)
            roles.root(mend)
        expect_error(lambda: roles.run(sql), None, "Connection refused")
        roles.root("REVOKE USAGE ON SCHEMA vault FROM joe", "REVOKE USAGE ON CONNECTION vault.pg FROM joe")
    # Another secret needs USAGE where a connection is altered to it.
    roles.root("CREATE SECRET vault.other AS 'x'", "GRANT USAGE ON SCHEMA vault TO joe")
    roles.climbs("ALTER CONNECTION app.pg SET (PASSWORD SECRET vault.other) WITH (VALIDATE = false)",
                 (needs("USAGE", SCHEMA), "GRANT USAGE ON SCHEMA app TO joe"),
                 (needs("USAGE", 'SECRET "materialize.vault.other"'), "GRANT USAGE ON SECRET vault.other TO joe"))


def test_altering_and_dropping_are_the_owners(case):
    roles = Roles(case)
    roles.root("CREATE SCHEMA app", "CREATE TABLE app.t (a int)", "CREATE VIEW app.v AS SELECT 1 AS a",
               "CREATE SECRET app.s AS 'x'", "CREATE CLUSTER c (SIZE '25cc')", "CREATE DATABASE d")
    usage = (needs("USAGE", SCHEMA), "GRANT USAGE ON SCHEMA app TO joe")
    for sql, target in (("ALTER TABLE app.t RENAME TO t2", "TABLE materialize.app.t"),
                        ("COMMENT ON TABLE app.t IS 'x'", "TABLE materialize.app.t"),
                        ("COMMENT ON COLUMN app.t.a IS 'x'", "TABLE materialize.app.t"),
                        ("ALTER SECRET app.s AS 'y'", "SECRET materialize.app.s"),
                        ("ALTER SCHEMA app RENAME TO app2", "SCHEMA materialize.app"),
                        ("ALTER CLUSTER c SET (SIZE '50cc')", "CLUSTER c"),
                        ("ALTER DATABASE d RENAME TO e", "DATABASE d"),
                        ("DROP TABLE app.t", "TABLE materialize.app.t"),
                        ("DROP VIEW app.v", "VIEW materialize.app.v"),
                        ("DROP SCHEMA app CASCADE", "SCHEMA materialize.app"),
                        ("DROP CLUSTER c", "CLUSTER c"),
                        ("DROP DATABASE d", "DATABASE d"),
                        ("GRANT SELECT ON app.t TO joe", "TABLE materialize.app.t"),
                        ("GRANT SELECT ON ALL TABLES IN SCHEMA app TO joe",
                         "TABLE materialize.app.t, VIEW materialize.app.v")):
        roles.refused(sql, *owner(target))
    for kind, name in (("TABLE", "app.t"), ("VIEW", "app.v"), ("SECRET", "app.s"), ("CLUSTER", "c"), ("DATABASE", "d")):
        roles.root(f"ALTER {kind} {name} OWNER TO joe")
    roles.run("COMMENT ON TABLE app.t IS 'x'")
    roles.climbs("ALTER SECRET app.s AS 'y'", usage)
    roles.run("GRANT SELECT ON app.t TO PUBLIC")
    for sql in ("ALTER CLUSTER c SET (SIZE '50cc')", "DROP CLUSTER c", "DROP DATABASE d", "DROP VIEW app.v"):
        roles.run(sql)
    roles.root("REVOKE USAGE ON SCHEMA app FROM joe")
    roles.climbs("DROP TABLE app.t", usage)


def test_a_new_owner_takes_the_grants_along(case):
    roles = Roles(case, "joe", "ann")
    roles.root("CREATE TABLE t (a int)", "GRANT SELECT ON t TO ann", "ALTER TABLE t OWNER TO joe")
    assert roles.root("SELECT privileges::text FROM mz_tables WHERE name = 't'") == [("{u2=arwd/u2,u3=r/u2}",)]
    roles.refused("ALTER TABLE t OWNER TO ann", 'must be a member of "ann"')
    roles.root("GRANT ann TO joe")
    roles.climbs("ALTER TABLE t OWNER TO ann", (needs("CREATE", 'SCHEMA "materialize.public"'),
                                                "GRANT CREATE ON SCHEMA public TO joe"))


READS = ("SELECT a FROM app.t", "SELECT count(*) FROM app.t WHERE a IN (SELECT a FROM app.t)",
         "COPY (SELECT a FROM app.t) TO STDOUT", "COPY (SUBSCRIBE app.t WITH (SNAPSHOT) UP TO 1) TO STDOUT",
         "COPY (SUBSCRIBE (SELECT a FROM app.t) UP TO 1) TO STDOUT", "BEGIN; DECLARE c CURSOR FOR SELECT a FROM app.t")


def test_reading(case):
    roles = Roles(case)
    roles.root("CREATE SCHEMA app", "CREATE TABLE app.t (a int)", "INSERT INTO app.t VALUES (1)",
               "CREATE CLUSTER other (SIZE '25cc')", "CREATE VIEW app.v AS SELECT 7 AS a")

    def everywhere(message, detail):
        for sql in READS:
            roles.refused(sql, message, detail)
            roles.run("ROLLBACK")

    everywhere(*needs("USAGE", SCHEMA))
    for sql in ("EXPLAIN SELECT a FROM app.t", "EXPLAIN VIEW app.v", "SHOW CREATE TABLE app.t", "SHOW COLUMNS FROM app.t"):
        roles.refused(sql, *needs("USAGE", SCHEMA))
    roles.root("GRANT USAGE ON SCHEMA app TO joe")
    everywhere(*needs("SELECT", 'TABLE "materialize.app.t"'))
    for sql in ("EXPLAIN SELECT a FROM app.t", "SHOW CREATE TABLE app.t", "SHOW COLUMNS FROM app.t", "SHOW TABLES"):
        roles.run(sql)
    roles.root("GRANT SELECT ON app.t TO joe")
    roles.run("SET cluster = other")
    roles.climbs("SELECT a FROM app.t", (needs("USAGE", 'CLUSTER "other"'), "GRANT USAGE ON CLUSTER other TO joe"))
    assert roles.run("SELECT a FROM app.t") == [(1,)]
    # What needs no cluster needs no right to one, and the catalog is everybody's.
    roles.root("REVOKE USAGE ON CLUSTER other FROM joe")
    assert roles.run("SELECT 1") == [(1,)]
    assert roles.run("SELECT count(*) > 0 FROM mz_tables") == [(True,)]


def test_writing(case):
    roles = Roles(case)
    roles.root("CREATE TABLE t (a int)", "CREATE TABLE u (a int)", "INSERT INTO u VALUES (1)")
    table = 'TABLE "materialize.public.t"'

    def grant(privilege, on="t"):
        target = table if on == "t" else f'TABLE "materialize.public.{on}"'
        return needs(privilege, target), f"GRANT {privilege} ON {on} TO joe"

    roles.climbs("INSERT INTO t VALUES (1)", grant("INSERT"))
    roles.refused("INSERT INTO t VALUES (1) RETURNING a", *needs("SELECT", table))
    roles.climbs("INSERT INTO t SELECT a FROM u", grant("SELECT", "u"))
    roles.climbs("DELETE FROM t", grant("DELETE"))
    roles.climbs("UPDATE t SET a = 2", grant("UPDATE"))
    for sql in ("DELETE FROM t WHERE a = 1", "UPDATE t SET a = a + 1", "UPDATE t SET a = 1 WHERE a = 2",
                "INSERT INTO t SELECT a FROM t"):
        roles.refused(sql, *needs("SELECT", table))
    roles.root("GRANT SELECT ON t TO joe", "REVOKE INSERT ON t FROM joe")
    roles.run("UPDATE t SET a = a + 1 WHERE a = 2")

    def copy():
        with roles.sessions["joe"].cursor() as cursor:
            cursor.copy_expert("COPY t FROM STDIN", io.StringIO("5\n6\n"))

    error = expect_error(copy, DENIED)
    assert error.diag.message_detail == needs("INSERT", table)[1]
    roles.root("GRANT INSERT ON t TO joe")
    copy()
    assert roles.run("SELECT a FROM t WHERE a > 4 ORDER BY a") == [(5,), (6,)]


def test_views_read_with_the_rights_of_their_owner(case):
    roles = Roles(case, "joe", "ann")
    roles.root("CREATE SCHEMA app", "CREATE TABLE app.t (a int)", "INSERT INTO app.t VALUES (1)",
               "GRANT CREATE ON SCHEMA public TO ann", "GRANT CREATE ON CLUSTER quickstart TO ann")
    # Defining a view reads nothing, and gives its owner nothing.
    roles.run("CREATE VIEW v AS SELECT a FROM app.t", "ann")
    roles.run("CREATE MATERIALIZED VIEW mv AS SELECT a FROM app.t", "ann")
    roles.run("CREATE DEFAULT INDEX ON v", "ann")
    roles.run("GRANT SELECT ON v TO joe", "ann")
    for role in ("ann", "joe"):
        roles.refused("SELECT a FROM v", *needs("USAGE", SCHEMA, "ann"), role=role)
    roles.refused("SELECT a FROM mv", *needs("USAGE", SCHEMA, "ann"), role="ann")
    roles.refused("SELECT a FROM mv", *needs("SELECT", 'MATERIALIZED VIEW "materialize.public.mv"'))
    roles.root("GRANT USAGE ON SCHEMA app TO ann")
    roles.refused("SELECT a FROM v", *needs("SELECT", 'TABLE "materialize.app.t"', "ann"))
    roles.root("GRANT SELECT ON app.t TO ann")
    assert roles.run("SELECT a FROM v") == [(1,)]
    roles.refused("SELECT a FROM app.t", *needs("USAGE", SCHEMA))
    # A superuser's view, too, reads what its owner has been granted.
    roles.root("CREATE SCHEMA own", "GRANT CREATE, USAGE ON SCHEMA own TO ann")
    roles.run("CREATE TABLE own.t (a int)", "ann")
    roles.root("CREATE VIEW by_root AS SELECT a FROM own.t", "GRANT SELECT ON by_root TO joe")
    roles.refused("SELECT a FROM by_root", *needs("SELECT", 'TABLE "materialize.own.t"', "materialize"))
    roles.run("GRANT SELECT ON own.t TO materialize", "ann")
    assert roles.run("SELECT a FROM by_root") == []


def test_revoke_reaches_open_sessions_and_prepared_statements(case):
    roles = Roles(case)
    roles.root("CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)", "CREATE INDEX t_a ON t (a)",
               "GRANT SELECT, INSERT ON t TO joe")
    roles.run("PREPARE reading AS SELECT a FROM t WHERE a = $1")
    roles.run("PREPARE writing AS INSERT INTO t VALUES ($1)")
    denied = needs("SELECT", 'TABLE "materialize.public.t"')
    for _ in range(3):
        eventually(lambda: roles.run("EXECUTE reading (1)") == [(1,)], 10, "the index answers")
        roles.root("REVOKE SELECT ON t FROM joe")
        roles.refused("EXECUTE reading (1)", *denied)
        roles.refused("SELECT a FROM t", *denied)
        roles.root("GRANT SELECT ON t TO joe")
    roles.run("EXECUTE writing (2)")
    roles.root("REVOKE INSERT ON t FROM joe")
    roles.refused("EXECUTE writing (3)", *needs("INSERT", 'TABLE "materialize.public.t"'))
    # Within a transaction as well.
    roles.run("BEGIN")
    assert roles.run("SELECT count(*) FROM t") == [(2,)]
    roles.root("REVOKE SELECT ON t FROM joe")
    roles.refused("SELECT count(*) FROM t", *denied)
    roles.run("ROLLBACK")


def test_membership(case):
    roles = Roles(case, "joe", "ann")
    roles.root("CREATE ROLE readers", "CREATE ROLE staff", "CREATE TABLE t (a int)", "GRANT SELECT ON t TO readers")
    denied = needs("SELECT", 'TABLE "materialize.public.t"')
    roles.refused("GRANT readers TO joe", *needs("CREATEROLE", "SYSTEM"))
    roles.refused("SELECT a FROM t", *denied)
    roles.root("GRANT readers TO staff", "GRANT staff TO joe")
    assert roles.run("SELECT a FROM t") == []
    error = expect_error(lambda: roles.root("GRANT joe TO readers"), "0LP01")
    assert error.diag.message_primary == 'role "joe" is a member of role "readers"'
    roles.root("REVOKE readers FROM staff")
    roles.refused("SELECT a FROM t", *denied)
    # Ownership goes by membership as well.
    roles.root("ALTER TABLE t OWNER TO staff")
    roles.run("COMMENT ON TABLE t IS 'ours'")
    roles.refused("COMMENT ON TABLE t IS 'mine'", *owner("TABLE materialize.public.t"), role="ann")
    roles.server.restart_after_kill()
    assert roles.server.run("SELECT r.name, m.name FROM mz_role_members x JOIN mz_roles r ON r.id = x.role_id "
                            "JOIN mz_roles m ON m.id = x.member") == [("staff", "joe")]


def test_roles_cannot_make_themselves_more(case):
    roles = Roles(case)
    roles.refused("ALTER ROLE joe SUPERUSER", *needs("CREATEROLE", "SYSTEM"))
    roles.refused("GRANT ALL ON SYSTEM TO joe", "permission denied to GRANT/REVOKE SYSTEM PRIVILEGES",
                  "You must be a superuser")
    roles.refused("ALTER SYSTEM SET enable_rbac_checks = off", "permission denied to alter system variables")
    roles.refused("DROP ROLE joe", *needs("CREATEROLE", "SYSTEM"))
    roles.run("ALTER ROLE joe PASSWORD 'own'")
    roles.root("GRANT CREATEROLE ON SYSTEM TO joe")
    roles.refused("ALTER ROLE joe SUPERUSER", "permission denied to create superuser role")
    roles.refused("ALTER ROLE materialize PASSWORD 'taken'", "permission denied to alter password of role")
    expect_error(lambda: roles.run("GRANT mz_system TO joe"), DENIED, "system role 'mz_system' cannot be modified")


def test_grants_are_checked_and_kept(case):
    roles = Roles(case)
    roles.root("CREATE TABLE t (a int)", "CREATE VIEW v AS SELECT a FROM t", "CREATE SECRET s AS 'canary'")
    for sql, message in (
            ("GRANT USAGE, CREATE ON TABLE t TO joe",
             'invalid privilege types USAGE, CREATE for TABLE "materialize.public.t"'),
            ("GRANT INSERT ON v TO joe", 'invalid privilege types INSERT for VIEW "materialize.public.v"'),
            ("GRANT SELECT ON VIEW v TO joe", "For object type VIEW, you must specify 'TABLE' or omit the object type"),
            ("GRANT SELECT ON s TO joe", "s is a secret not a table"),
            ("GRANT USAGE ON SECRET t TO joe", "t is a table not a secret"),
            ("GRANT USAGE ON ALL CLUSTERS IN SCHEMA public TO joe", "IN invalid for CLUSTERS"),
            ("GRANT SELECT ON mz_tables TO joe", "system item 'mz_catalog.mz_tables' cannot be modified"),
            ("GRANT SELECT ON t TO nobody", "unknown role 'nobody'")):
        error = expect_error(lambda sql=sql: roles.root(sql))
        assert error.diag.message_primary == message, error.diag.message_primary
    roles.root("GRANT ALL ON ALL TABLES IN SCHEMA public TO joe", "GRANT USAGE ON SECRET s TO PUBLIC",
               "REVOKE DELETE ON t FROM joe")
    privileges = "SELECT name, privileges::text FROM mz_objects WHERE id LIKE 'u%' ORDER BY name"
    kept = [("s", "{u1=U/u1,=U/u1}"), ("t", "{u1=arwd/u1,u2=arw/u1}"), ("v", "{u1=r/u1,u2=r/u1}")]
    assert roles.root(privileges) == kept, roles.root(privileges)
    roles.root("REVOKE USAGE ON SCHEMA public FROM joe")
    assert any("no privileges could be revoked for SCHEMA \"materialize.public\"" in text
               for text in roles.admin.notices), roles.admin.notices
    roles.server.restart_after_kill()
    assert roles.server.run(privileges) == kept


def test_a_secret_is_shown_to_nobody(case):
    roles = Roles(case)
    roles.root("CREATE SECRET s AS 'canary'", "GRANT USAGE ON SECRET s TO joe")
    for sql in ("SELECT * FROM s", "SHOW CREATE SECRET s", "COPY s TO STDOUT", "SUBSCRIBE s"):
        try:
            with roles.sessions["joe"].cursor() as cursor:
                cursor.execute(sql)
            raise AssertionError(sql)
        except psycopg2.Error as error:
            assert "canary" not in str(error)


def test_checks_can_be_turned_off(case):
    roles = Roles(case)
    roles.root("CREATE TABLE t (a int)")
    roles.refused("SELECT a FROM t", *needs("SELECT", 'TABLE "materialize.public.t"'))
    roles.root("ALTER SYSTEM SET enable_rbac_checks = off")
    assert roles.run("SELECT a FROM t") == []
    roles.run("DROP TABLE t")
    expect_error(lambda: roles.run("ALTER ROLE joe SUPERUSER"), DENIED)
    roles.root("ALTER SYSTEM RESET enable_rbac_checks")
    roles.refused("CREATE DATABASE d", *needs("CREATEDB", "SYSTEM"))


def test_a_role_in_use_cannot_be_dropped(case):
    roles = Roles(case, "joe", "ann")
    roles.root("CREATE TABLE t (a int)", "ALTER TABLE t OWNER TO joe", "GRANT USAGE ON SCHEMA public TO joe",
               "GRANT CREATEDB ON SYSTEM TO joe")
    error = expect_error(lambda: roles.root("DROP ROLE joe"), "2BP01")
    assert error.diag.message_primary == 'role "joe" cannot be dropped because some objects depend on it'
    assert error.diag.message_detail.split("\n") == [
        'joe: privileges on SCHEMA "materialize.public" granted by mz_system',
        'joe: owner of TABLE "materialize.public.t"',
        "joe: privileges on SYSTEM granted by mz_system"], error.diag.message_detail
    roles.root("DROP ROLE ann")
