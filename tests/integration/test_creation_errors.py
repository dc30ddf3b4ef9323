"""What is wrong upstream is said when the connection or the source is created, and nothing is left behind."""

from harness import process, source
from harness.case import expect_error

DDL = "CREATE TABLE t (a int); CREATE TABLE u (a int)"

# The reference leaves the SQLSTATE of many planning errors open: XX000, or a fitting class of its own.
PLANNING = None


def prepared(case, ddl=DDL, tables=("t", "u"), **options):
    upstream = case.postgres(**options)
    source.prepare_upstream(upstream, list(tables), ddl=ddl)
    return upstream, case.tailrace()


def connect_to(server, **wrong):
    """CREATE CONNECTION with some options replaced."""
    options = {"HOST": "'127.0.0.1'", "PORT": "1", "USER": "'materialize'", "PASSWORD": "SECRET pgpass",
               "DATABASE": "'shop'", **wrong}
    body = ", ".join(f"{name} {value}" for name, value in options.items() if value is not None)
    return lambda: server.run(f"CREATE CONNECTION pg_connection TO POSTGRES ({body})", timeout=30)


def with_secret(server, value=source.PASSWORD):
    server.run(f"CREATE SECRET pgpass AS {source.quoted(value)}")
    return server


def create(server, selection="FOR ALL TABLES", publication="mz_source"):
    return lambda: source.create_source(server, selection=selection, publication=publication)


def nothing_left(upstream, server):
    assert server.run("SHOW SOURCES") == []
    assert upstream.value("SELECT count(*) FROM pg_replication_slots") == 0


def test_wrong_password(case):
    upstream, server = prepared(case)
    with_secret(server, "not the password")
    error = expect_error(connect_to(server, PORT=str(upstream.port)), PLANNING,
                         'password authentication failed for user "materialize"')
    assert "not the password" not in str(error)
    assert server.run("SHOW CONNECTIONS") == []


def test_wrong_user(case):
    upstream, server = prepared(case)
    with_secret(server)
    expect_error(connect_to(server, PORT=str(upstream.port), USER="'nobody'"), PLANNING,
                 'password authentication failed for user "nobody"')


def test_wrong_database(case):
    upstream, server = prepared(case)
    with_secret(server)
    expect_error(connect_to(server, PORT=str(upstream.port), DATABASE="'nowhere'"), PLANNING,
                 'database "nowhere" does not exist')


def test_nobody_listens(case):
    server = with_secret(case.tailrace())
    expect_error(connect_to(server, PORT=str(process.free_port())), PLANNING, "Connection refused")


def test_unknown_host(case):
    server = with_secret(case.tailrace())
    expect_error(connect_to(server, HOST="'no-such-host.invalid'"), PLANNING, "failed to lookup address information")


def test_connection_without_validation_is_stored(case):
    server = with_secret(case.tailrace())
    server.run("CREATE CONNECTION pg_connection TO POSTGRES (HOST '127.0.0.1', PORT 1, USER 'materialize', "
               "PASSWORD SECRET pgpass, DATABASE 'shop') WITH (VALIDATE = false)")
    assert [row[:2] for row in server.run("SHOW CONNECTIONS")] == [("pg_connection", "postgres")]
    expect_error(create(server), PLANNING, "refused")


def test_unknown_ssl_mode(case):
    server = with_secret(case.tailrace())
    expect_error(connect_to(server, **{"SSL MODE": "'prefer'"}), PLANNING, 'unknown SSL MODE "prefer"')


def test_tls_refused_by_upstream(case):
    upstream, server = prepared(case)
    with_secret(server)
    expect_error(connect_to(server, PORT=str(upstream.port), **{"SSL MODE": "'require'"}), PLANNING, "SSL")


def test_connection_options_missing(case):
    server = with_secret(case.tailrace())
    expect_error(connect_to(server, HOST=None), PLANNING, "HOST")
    expect_error(connect_to(server, DATABASE=None), PLANNING, "DATABASE")
    expect_error(connect_to(server, USER=None), PLANNING, "USER")


def test_password_must_be_a_secret(case):
    server = with_secret(case.tailrace())
    expect_error(connect_to(server, PASSWORD="'plain'"), PLANNING)
    expect_error(connect_to(server, PASSWORD="SECRET missing"), PLANNING, "missing")


def test_wal_level_too_low(case):
    upstream = case.postgres(settings={"wal_level": "replica"})
    upstream.run("CREATE DATABASE shop")
    upstream.run(f"CREATE USER materialize PASSWORD {source.quoted(source.PASSWORD)} REPLICATION")
    server = with_secret(case.tailrace())
    expect_error(connect_to(server, PORT=str(upstream.port)), PLANNING, "server must have wal_level >= logical")


def test_missing_publication(case):
    upstream, server = prepared(case)
    source.create_connection(server, upstream)
    expect_error(create(server, publication="nope"), PLANNING, 'publication "nope" does not exist')
    nothing_left(upstream, server)


def test_empty_publication(case):
    upstream, server = prepared(case)
    upstream.run("CREATE PUBLICATION nothing", database="shop")
    source.create_connection(server, upstream)
    expect_error(create(server, publication="nothing"), PLANNING, "PUBLICATION nothing is empty")
    nothing_left(upstream, server)


def test_missing_table(case):
    upstream, server = prepared(case)
    source.create_connection(server, upstream)
    expect_error(create(server, "FOR TABLES (t, absent)"), PLANNING, "reference to absent not found in source")
    nothing_left(upstream, server)


def test_table_outside_the_publication(case):
    upstream, server = prepared(case, tables=("t",))
    source.create_connection(server, upstream)
    expect_error(create(server, "FOR TABLES (u)"), PLANNING, "reference to u not found in source")


def test_missing_schema(case):
    upstream, server = prepared(case)
    source.create_connection(server, upstream)
    expect_error(create(server, "FOR SCHEMAS (empty)"), PLANNING, "no tables found in referenced schemas")


def test_ambiguous_table(case):
    upstream, server = prepared(case, "CREATE SCHEMA other; CREATE TABLE t (a int); CREATE TABLE other.t (a int)",
                                tables=("public.t", "other.t"))
    source.create_connection(server, upstream)
    expect_error(create(server, "FOR TABLES (t)"), PLANNING, "reference to t is ambiguous")
    expect_error(create(server), PLANNING, "multiple subsources would be named t")


def test_one_table_twice(case):
    upstream, server = prepared(case)
    source.create_connection(server, upstream)
    expect_error(create(server, "FOR TABLES (t AS x, t AS y)"), PLANNING, "multiple subsources refer to table")


def test_no_replica_identity_full(case):
    upstream, server = prepared(case)
    upstream.run("ALTER TABLE u REPLICA IDENTITY DEFAULT", database="shop")
    source.create_connection(server, upstream)
    expect_error(create(server), PLANNING, "REPLICA IDENTITY FULL", "public.u")
    nothing_left(upstream, server)


def test_unsupported_type(case):
    upstream, server = prepared(case, "CREATE TABLE t (a int, price money, place point)", tables=("t",))
    source.create_connection(server, upstream)
    expect_error(create(server), PLANNING, "unsupported types", "price", "place")
    nothing_left(upstream, server)


def test_unsupported_type_as_text(case):
    upstream, server = prepared(case, "CREATE TABLE t (a int, place point); INSERT INTO t VALUES (1, '(1,2)')",
                                tables=("t",))
    source.create_connection(server, upstream)
    source.create_source(server, options=", TEXT COLUMNS (public.t.place)")
    assert server.run("SELECT a, place FROM t", timeout=30) == [(1, "(1,2)")]


def test_excluded_column(case):
    upstream, server = prepared(case, "CREATE TABLE t (a int, place point); INSERT INTO t VALUES (1, '(1,2)')",
                                tables=("t",))
    source.create_connection(server, upstream)
    source.create_source(server, options=", EXCLUDE COLUMNS (t.place)")
    assert server.run("SELECT * FROM t", timeout=30) == [(1,)]


def test_no_select_privilege(case):
    upstream, server = prepared(case)
    upstream.run("REVOKE SELECT ON u FROM materialize", database="shop")
    source.create_connection(server, upstream)
    expect_error(create(server), PLANNING, "insufficient privileges", "u")
    nothing_left(upstream, server)


def test_too_few_slots(case):
    upstream, server = prepared(case, settings={"max_replication_slots": 1})
    source.create_connection(server, upstream)
    expect_error(create(server), PLANNING, "insufficient number of replication slots available")
    nothing_left(upstream, server)


def test_names_already_taken(case):
    upstream, server = prepared(case)
    source.create_connection(server, upstream)
    server.run("CREATE TABLE t (x int)")
    expect_error(create(server), PLANNING, "'t' already exists")
    server.run("DROP TABLE t")
    create(server)()
    expect_error(create(server), PLANNING, "already exists")


def test_unknown_objects_in_create_source(case):
    server = case.tailrace()
    expect_error(create(server), PLANNING, "unknown catalog item 'pg_connection'")
    expect_error(lambda: server.run("CREATE CLUSTER c (SIZE = 'huge')"), PLANNING, "unknown cluster replica size huge")
