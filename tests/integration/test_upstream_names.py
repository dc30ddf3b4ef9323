"""Databases, publications, roles and schemas upstream may be called anything."""

from harness import compare, source
from harness.wait import eventually

NAMES = ("quo\"te", "back\\slash", "it's", "two, names", "日本 😀", "Select", "a=b", "postgresql://x", "dot.ted", " blank ", "$x")


def identifier(name):
    return '"' + name.replace('"', '""') + '"'


def connection_in(server, upstream, name, database, user):
    server.run(f"CREATE CONNECTION {name} TO POSTGRES (HOST '{upstream.host}', PORT {upstream.port}, USER {source.quoted(user)}, "
               f"PASSWORD SECRET pgpass, DATABASE {source.quoted(database)})")


def check_running(server):
    troubles = server.run("SELECT name, error FROM mz_internal.mz_source_statuses WHERE status NOT IN ('running', 'created', 'starting')")
    assert not troubles, troubles
    return not server.run("SELECT 1 FROM mz_internal.mz_source_statistics WHERE NOT snapshot_committed")


def test_publications_of_any_name(case):
    upstream = case.postgres(settings={"max_replication_slots": 20, "max_wal_senders": 20})
    source.prepare_upstream(upstream, ["t"], ddl="CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'x')")
    server = case.tailrace()
    source.create_connection(server, upstream)
    for number, name in enumerate(NAMES):
        upstream.run(f"CREATE PUBLICATION {identifier(name)} FOR TABLE t", database="shop")
        server.run(f"CREATE SCHEMA s{number}; CREATE SOURCE s{number}.s FROM POSTGRES CONNECTION pg_connection "
                   f"(PUBLICATION {source.quoted(name)}) FOR ALL TABLES")
    eventually(lambda: check_running(server), 20, "all sources run")
    upstream.run("INSERT INTO t VALUES (2, 'y'); UPDATE t SET v = 'z' WHERE k = 1", database="shop")
    for number, name in enumerate(NAMES):
        try:
            compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t", f"SELECT * FROM s{number}.t")
        except AssertionError as error:
            raise AssertionError(f"publication {name}: {error}") from error


def test_databases_roles_schemas_and_types_of_any_name(case):
    upstream = case.postgres(settings={"max_replication_slots": 20, "max_wal_senders": 20})
    server = case.tailrace()
    server.run(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)}")
    sessions = []
    for number, name in enumerate(NAMES):
        quoted = identifier(name)
        upstream.run(f"CREATE DATABASE {quoted}")
        upstream.run(f"CREATE USER {quoted} PASSWORD {source.quoted(source.PASSWORD)} REPLICATION")
        type_name = identifier(name + " type")
        origin = case.keep(upstream.connect(name))
        sessions.append(origin)
        with origin.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {quoted}; CREATE TYPE {quoted}.{type_name} AS ENUM ('a', 'b'); "
                           f"CREATE TABLE {quoted}.{quoted} ({quoted} {quoted}.{type_name}, k int, PRIMARY KEY (k, {quoted}));"
                           f"INSERT INTO {quoted}.{quoted} VALUES ('a', 1); CREATE PUBLICATION {quoted} FOR TABLE {quoted}.{quoted}; "
                           f"GRANT USAGE ON SCHEMA {quoted} TO {quoted}; GRANT SELECT ON {quoted}.{quoted} TO {quoted}")
        connection_in(server, upstream, f"c{number}", name, name)
        server.run(f"CREATE SCHEMA {quoted}; CREATE SOURCE {quoted}.s FROM POSTGRES CONNECTION c{number} (PUBLICATION {quoted}, "
                   f"TEXT COLUMNS ({quoted}.{quoted}.{quoted})) FOR TABLES ({quoted}.{quoted} AS {quoted}.{quoted})")
    eventually(lambda: check_running(server), 20, "all sources run")
    for name, origin in zip(NAMES, sessions):
        quoted = identifier(name)
        table = f"{quoted}.{quoted}"
        with origin.cursor() as cursor:
            cursor.execute(f"INSERT INTO {table} VALUES ('b', 2), ('b', 3); UPDATE {table} SET k = 4 WHERE k = 1; "
                           f"DELETE FROM {table} WHERE k = 3")
        compare.eventually_equal(origin, case.session(server), f"SELECT {quoted}::text, k FROM {table}", f"SELECT * FROM {table}")
    shown = {row[0] for row in server.run("SELECT s.schema_name FROM mz_internal.mz_postgres_source_tables s")}
    assert shown == set(NAMES), shown
    server.restart_after_kill()
    for name, origin in zip(NAMES, sessions):
        table = f"{identifier(name)}.{identifier(name)}"
        with origin.cursor() as cursor:
            cursor.execute(f"INSERT INTO {table} VALUES ('a', 9)")
        compare.eventually_equal(origin, case.session(server), f"SELECT {identifier(name)}::text, k FROM {table}", f"SELECT * FROM {table}",
                                 timeout=60)
    for name in NAMES:
        server.run(f"DROP SOURCE {identifier(name)}.s CASCADE")
    eventually(lambda: upstream.value("SELECT count(*) FROM pg_replication_slots") == 0, 30, "the slots are dropped")
