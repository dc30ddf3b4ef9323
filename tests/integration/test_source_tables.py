"""Tables come to and go from a running source, in both syntaxes, without disturbing the others."""

import random
import time

from harness import compare, source
from harness.background import Background
from harness.case import expect_error, limit
from harness.wait import eventually

DDL = ("CREATE TABLE a (k int PRIMARY KEY, n bigint NOT NULL); INSERT INTO a SELECT i, 0 FROM generate_series(1, 100) i;"
       "CREATE TABLE b (k int PRIMARY KEY, n bigint NOT NULL); INSERT INTO b SELECT i, 0 FROM generate_series(1, 30000) i;"
       "CREATE TABLE c (k int PRIMARY KEY, mood text, place point); INSERT INTO c VALUES (1, 'good', '(1,2)')")


def prepared(case, **options):
    upstream = case.postgres(**options)
    source.prepare_upstream(upstream, ["a", "b", "c"], ddl=DDL)
    server = case.tailrace()
    source.create_connection(server, upstream)
    return upstream, server


def create(server, clause="", name="s"):
    server.run(f"CREATE SOURCE {name} FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source') {clause}")


def equal_changes(upstream):
    """Transactions that change a and b by the same number."""
    connection = upstream.connect("shop", autocommit=False)
    chance = random.Random(5)

    def change():
        amount = chance.randint(1, 9)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE a SET n = n + %s WHERE k = %s", (amount, chance.randint(1, 100)))
            cursor.execute("UPDATE b SET n = n + %s WHERE k = %s", (amount, chance.randint(1, 30000)))
        connection.commit()

    return Background(connection, change)


def same_in_both(server, rounds=40):
    """Whoever reads a and b at one time finds the same sum in both, and it never goes back."""
    session = server.connect()
    last = -1
    try:
        with session.cursor() as cursor:
            for _ in range(rounds):
                cursor.execute("SELECT (SELECT sum(n) FROM a)::bigint, (SELECT sum(n) FROM b)::bigint")
                a, b = cursor.fetchone()
                assert a == b, f"half a transaction was seen: {a} and {b}"
                assert a >= last, f"time went back: {last}, then {a}"
                last = a
    finally:
        session.close()
    return last


def equal(case, upstream, server, *tables):
    for table in tables:
        compare.eventually_equal(case.shop(upstream), case.session(server), f"SELECT * FROM {table}", timeout=60)


@limit(240)
def test_a_subsource_is_added_while_all_is_written(case):
    upstream, server = prepared(case)
    create(server, "FOR TABLES (a)")
    assert server.value("SELECT count(*) FROM a") == 100
    with equal_changes(upstream):
        time.sleep(0.2)
        before = server.value("SELECT sum(n)::bigint FROM a")
        server.run("ALTER SOURCE s ADD SUBSOURCE b")
        assert "b" in {row[0] for row in server.run("SHOW SUBSOURCES ON s")}
        assert same_in_both(server) > before
    equal(case, upstream, server, "a", "b")
    assert upstream.value("SELECT count(*) FROM pg_replication_slots WHERE NOT temporary") == 1


@limit(300)
def test_killed_while_a_subsource_is_added(case):
    upstream, server = prepared(case)
    create(server, "FOR TABLES (a)")
    chance = random.Random(6)
    with equal_changes(upstream):
        for _ in range(4):
            server.run("ALTER SOURCE s ADD SUBSOURCE b")
            time.sleep(chance.uniform(0, 0.4))
            server.restart_after_kill()
            same_in_both(server, 10)
            server.run("ALTER SOURCE s DROP SUBSOURCE b")
            assert "b" not in {row[0] for row in server.run("SHOW SUBSOURCES ON s")}
        server.run("ALTER SOURCE s ADD SUBSOURCE b")
    equal(case, upstream, server, "a", "b")


def test_what_goes_does_not_disturb_what_stays(case):
    upstream, server = prepared(case)
    create(server, "FOR TABLES (a, b)")
    assert server.value("SELECT count(*) FROM b") == 30000
    server.run("CREATE VIEW v AS SELECT * FROM b")
    expect_error(lambda: server.run("ALTER SOURCE s DROP SUBSOURCE b"), None, "still depended upon")
    server.run("ALTER SOURCE s DROP SUBSOURCE b CASCADE")
    upstream.run("UPDATE a SET n = 7; DELETE FROM b", database="shop")
    equal(case, upstream, server, "a")
    server.run("ALTER SOURCE s ADD SUBSOURCE public.b AS other_b")
    assert server.value("SELECT count(*) FROM other_b") == 0
    server.run("DROP SOURCE other_b")
    server.restart_after_kill()
    upstream.run("UPDATE a SET n = 8", database="shop")
    equal(case, upstream, server, "a")


def test_adding_is_checked_like_creating(case):
    upstream, server = prepared(case)
    create(server, "FOR TABLES (a)")
    add = lambda what: (lambda: server.run(f"ALTER SOURCE s ADD SUBSOURCE {what}"))  # noqa: E731
    expect_error(add("a AS again"), None, "multiple subsources refer to table shop.public.a", "materialize.public.a")
    expect_error(add("nope"), None, "reference to nope not found in source")
    expect_error(add("c"), None, "unsupported types", "place")
    expect_error(add("b WITH (TEXT COLUMNS (c.place))"), None, "TEXT COLUMNS refers to table not currently being added",
                 "public.c")
    expect_error(add("b AS a"), None, "'a' already exists")
    expect_error(add("b AS x, c AS x WITH (TEXT COLUMNS (c.place))"), None, "multiple subsources would be named x")
    assert {row[0] for row in server.run("SHOW SUBSOURCES ON s")} == {"a", "s_progress"}
    server.run("ALTER SOURCE s ADD SUBSOURCE c WITH (TEXT COLUMNS (c.place), EXCLUDE COLUMNS (c.mood))")
    assert server.run("SELECT * FROM c") == [(1, "(1,2)")]
    expect_error(lambda: server.run("ALTER SOURCE s DROP SUBSOURCE s_progress"), None, "is not a subsource of")
    server.run("ALTER SOURCE IF EXISTS nope ADD SUBSOURCE a")
    server.run("ALTER SOURCE s DROP SUBSOURCE IF EXISTS nope")


def test_a_broken_table_is_dropped_and_added_again(case):
    upstream, server = prepared(case)
    create(server, "FOR TABLES (a, b)")
    assert server.value("SELECT count(*) FROM a") == 100
    upstream.run("ALTER TABLE a DROP COLUMN n; INSERT INTO a VALUES (1000)", database="shop")
    eventually(lambda: source.status(server, "a")[0] == "ceased", 60, "a has ceased")
    server.run("DROP SOURCE a; ALTER SOURCE s ADD SUBSOURCE a")
    equal(case, upstream, server, "a", "b")
    assert source.status(server, "a") == ("running", None)


def test_show_create_tells_what_is_there_now(case):
    _, server = prepared(case)
    create(server, "FOR TABLES (a)")
    shown = "CREATE SOURCE materialize.public.s IN CLUSTER quickstart FROM POSTGRES CONNECTION materialize.public.pg_connection "
    end = " EXPOSE PROGRESS AS materialize.public.s_progress;"
    show = lambda name: " ".join(server.run(f"SHOW CREATE SOURCE {name}")[0][1].split())  # noqa: E731
    assert show("s") == (shown + "(PUBLICATION = 'mz_source') FOR TABLES (shop.public.a AS materialize.public.a)" + end), show("s")
    server.run("ALTER SOURCE s ADD SUBSOURCE c AS mood WITH (TEXT COLUMNS (c.place))")
    assert show("s") == (shown + "(PUBLICATION = 'mz_source', TEXT COLUMNS = (shop.public.c.place)) "
                         "FOR TABLES (shop.public.a AS materialize.public.a, shop.public.c AS materialize.public.mood)"
                         + end), show("s")
    assert show("mood") == ("CREATE SUBSOURCE materialize.public.mood (k integer NOT NULL, mood text, place text) "
                            "OF SOURCE materialize.public.s WITH (EXTERNAL REFERENCE = shop.public.c, "
                            "TEXT COLUMNS = (place));"), show("mood")
    server.run("DROP SOURCE a")
    assert "shop.public.a" not in show("s")


def test_a_source_without_tables_and_tables_from_it(case):
    upstream, server = prepared(case)
    create(server)
    assert server.run("SHOW SOURCES") == [("s", "postgres", "quickstart", "")]
    assert server.run("SHOW SUBSOURCES ON s") == []
    server.run("CREATE TABLE a FROM SOURCE s (REFERENCE public.a)")
    server.run("CREATE TABLE whole_c FROM SOURCE s (REFERENCE = c) WITH (TEXT COLUMNS (place, mood))")
    server.run("CREATE TABLE part_of_c FROM SOURCE s (REFERENCE shop.public.c) WITH (EXCLUDE COLUMNS (place))")
    assert server.run("SELECT * FROM whole_c") == [(1, "good", "(1,2)")]
    upstream.run("UPDATE c SET mood = 'better'; INSERT INTO c VALUES (2, NULL, NULL)", database="shop")
    equal(case, upstream, server, "a")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT k, mood FROM c",
                             "SELECT * FROM part_of_c")
    assert server.run("SHOW TABLES ON s") == [("a", ""), ("part_of_c", ""), ("whole_c", "")]
    assert server.run("SELECT t.name, p.schema_name, p.table_name FROM mz_internal.mz_postgres_source_tables p "
                      "JOIN mz_tables t ON t.id = p.id ORDER BY 1") == [
                          ("a", "public", "a"), ("part_of_c", "public", "c"), ("whole_c", "public", "c")]
    eventually(lambda: server.run("SELECT lsn > 0 FROM s") == [(True,)], 10, "the source tells its progress")
    assert server.run("SELECT name, type, status FROM mz_internal.mz_source_statuses ORDER BY name") == [
        ("a", "table", "running"), ("part_of_c", "table", "running"), ("s", "postgres", "running"),
        ("whole_c", "table", "running")]
    shown = server.run("SHOW CREATE TABLE whole_c")[0][1]
    assert " ".join(shown.split()) == (
        "CREATE TABLE materialize.public.whole_c FROM SOURCE materialize.public.s (REFERENCE = shop.public.c) "
        "WITH (TEXT COLUMNS = (place, mood));"), shown
    expect_error(lambda: server.run("INSERT INTO a VALUES (1, 1)"), None, "non-writeable table")
    expect_error(lambda: server.run("ALTER SOURCE s ADD SUBSOURCE b"), None, "has tables instead of subsources")
    expect_error(lambda: server.run("DROP SOURCE s"), None, "still depended upon")
    server.restart_after_kill()
    upstream.run("UPDATE a SET n = 3", database="shop")
    equal(case, upstream, server, "a")
    server.run("DROP TABLE a")
    server.run("DROP SOURCE s CASCADE")
    assert server.run("SHOW TABLES") == []
    eventually(lambda: upstream.value("SELECT count(*) FROM pg_replication_slots") == 0, 30, "the slot is dropped")


def test_tables_of_one_transaction_appear_together(case):
    upstream, server = prepared(case)
    with equal_changes(upstream):
        server.run("BEGIN; CREATE SOURCE s FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source'); "
                   "CREATE TABLE a FROM SOURCE s (REFERENCE a); CREATE TABLE b FROM SOURCE s (REFERENCE b); COMMIT")
        same_in_both(server)
    equal(case, upstream, server, "a", "b")


def test_a_table_that_cannot_be_created_leaves_nothing(case):
    upstream, server = prepared(case)
    expect_error(lambda: server.run(
        "BEGIN; CREATE SOURCE s FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source'); "
        "CREATE TABLE c FROM SOURCE s (REFERENCE c); COMMIT"), None, "unsupported types", "place")
    assert server.run("SHOW SOURCES") == [] and server.run("SHOW TABLES") == []
    assert upstream.value("SELECT count(*) FROM pg_replication_slots") == 0
    create(server)
    table = lambda rest: (lambda: server.run(f"CREATE TABLE t FROM SOURCE s {rest}"))  # noqa: E731
    expect_error(table("(REFERENCE nope)"), None, "reference to nope not found in source")
    expect_error(table("(REFERENCE c) WITH (TEXT COLUMNS (Place2))"), None, 'column "c.place2" does not exist')
    expect_error(table("(REFERENCE c) WITH (TEXT COLUMNS (\"Place\"))"), None, 'The similarly named column "c.place" does exist.')
    expect_error(table("(REFERENCE c) WITH (TEXT COLUMNS (place), EXCLUDE COLUMNS (place))"), None,
                 'duplicated column name references: ["place"]')
    expect_error(table("(REFERENCE c) WITH (TEXT COLUMNS (place, place))"), None,
                 "unexpected multiple references to shop.public.c.place")
    expect_error(lambda: server.run("CREATE TEMP TABLE t FROM SOURCE s (REFERENCE a)"), None,
                 "temporary tables FROM SOURCE are not supported")
    expect_error(lambda: server.run("CREATE TABLE t FROM SOURCE pg_connection (REFERENCE a)"), None, "is not a source")
    assert server.run("SHOW TABLES") == []


def test_a_table_made_upstream_later_can_be_added(case):
    upstream, server = prepared(case)
    create(server)
    upstream.run("CREATE TABLE late (k int PRIMARY KEY); ALTER TABLE late REPLICA IDENTITY FULL; "
                 "INSERT INTO late VALUES (1); GRANT SELECT ON late TO materialize; "
                 "ALTER PUBLICATION mz_source ADD TABLE late", database="shop")
    server.run("CREATE TABLE late FROM SOURCE s (REFERENCE late)")
    upstream.run("INSERT INTO late VALUES (2)", database="shop")
    equal(case, upstream, server, "late")


def test_other_legacy_option_forms(case):
    _, server = prepared(case)
    expect_error(lambda: create(server, "EXPOSE PROGRESS AS p"), None, "EXPOSE PROGRESS AS needs")
    expect_error(lambda: server.run("CREATE SOURCE s FROM POSTGRES CONNECTION pg_connection "
                                    "(PUBLICATION 'mz_source', TEXT COLUMNS (c.place))"), None, "TEXT COLUMNS")
    expect_error(lambda: server.run("CREATE SOURCE s FROM POSTGRES CONNECTION pg_connection "
                                    "(PUBLICATION 'mz_source', DETAILS 'x')"), None, "specifies DETAILS option")
    server.run("CREATE SOURCE s FROM POSTGRES CONNECTION pg_connection (PUBLICATION mz_source, TEXT COLUMNS ()) "
               "FOR TABLES (public.a INTO x) EXPOSE PROGRESS AS p")
    assert server.value("SELECT count(*) FROM x") == 100
    assert {row[0] for row in server.run("SHOW SUBSOURCES ON s")} == {"x", "p"}


def test_a_table_is_added_that_the_stream_has_told_of_before(case):
    """Upstream describes a table once in a session: nobody else may stall for the one that missed it."""
    upstream, server = prepared(case)
    create(server, "FOR TABLES (a)")
    assert server.value("SELECT count(*) FROM a") == 100
    upstream.run("UPDATE b SET n = 1 WHERE k = 1", database="shop")
    upstream.run("UPDATE a SET n = 1 WHERE k = 1", database="shop")
    equal(case, upstream, server, "a")
    server.run("ALTER SOURCE s ADD SUBSOURCE b")
    assert server.value("SELECT count(*) FROM b") == 30000
    upstream.run("UPDATE b SET n = 2 WHERE k = 2; UPDATE a SET n = 2 WHERE k = 2", database="shop")
    equal(case, upstream, server, "a", "b")
    assert server.run("SELECT status, error FROM mz_internal.mz_source_status_history "
                      "WHERE status NOT IN ('starting', 'running')") == []
