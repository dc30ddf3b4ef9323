"""Tables whose old rows upstream does not send: REPLICA IDENTITY DEFAULT and USING INDEX."""

import random
import time

import psycopg2

from harness import compare, shop, source
from harness.background import random_work
from harness.case import expect_error, limit
from harness.wait import eventually

TABLE = ("CREATE TABLE t (k int PRIMARY KEY, v text, w int); "
         "INSERT INTO t SELECT i, 'row ' || i, i % 10 FROM generate_series(1, 1000) i")
LARGE = ("CREATE TABLE t (k int PRIMARY KEY, small text, large text, other text); "
         "ALTER TABLE t ALTER large SET STORAGE EXTERNAL, ALTER other SET STORAGE EXTERNAL; "
         "INSERT INTO t SELECT i, 'a', repeat(md5(i::text), 200), repeat(md5((-i)::text), 200) FROM generate_series(1, 30) i")


def identity(upstream, what="DEFAULT", *tables):
    for table in tables or ("t",):
        upstream.run(f"ALTER TABLE {table} REPLICA IDENTITY {what}", database="shop")


def prepared(case, ddl, *tables, what="DEFAULT", **options):
    upstream = case.postgres(**options)
    source.prepare_upstream(upstream, list(tables or ["t"]), ddl=ddl)
    identity(upstream, what, *tables)
    return upstream, case.tailrace()


def followed(case, ddl, *tables, **options):
    upstream, server = prepared(case, ddl, *tables, **options)
    source.follow(server, upstream)
    return upstream, server


def check(case, upstream, server, *tables, timeout=60):
    for table in tables or ("t",):
        compare.eventually_equal(case.shop(upstream), case.session(server), f"SELECT * FROM {table}", timeout=timeout)
        assert source.status(server, table.split(".")[-1]) == ("running", None)


def changed(case, *statements, ddl=TABLE):
    """Each statement one transaction; all at once, and then one after the other."""
    upstream, server = followed(case, ddl)
    origin = case.shop(upstream)
    for statement in statements:
        with origin.cursor() as cursor:
            cursor.execute(statement)
    check(case, upstream, server)
    return upstream, server


def test_changes_of_all_kinds(case):
    changed(case, "UPDATE t SET v = v || '!' WHERE k % 3 = 0", "DELETE FROM t WHERE k % 7 = 0",
            "INSERT INTO t SELECT i, 'new', NULL FROM generate_series(2001, 2100) i", "UPDATE t SET k = k + 5000 WHERE k < 50",
            "UPDATE t SET v = NULL WHERE k = 100", "UPDATE t SET v = v", "DELETE FROM t WHERE k = 5001")


def test_one_row_many_times_in_one_transaction(case):
    changed(case, "BEGIN; " + "".join(f"UPDATE t SET v = 'v{i}' WHERE k = 1; " for i in range(50))
            + "DELETE FROM t WHERE k = 2; INSERT INTO t VALUES (2, 'back', 1); DELETE FROM t WHERE k = 2; "
              "INSERT INTO t VALUES (2, 'again', 1); UPDATE t SET k = -2 WHERE k = 2; UPDATE t SET k = 2 WHERE k = 3; "
              "UPDATE t SET k = 3 WHERE k = -2; INSERT INTO t VALUES (9001, 'x', 0); UPDATE t SET w = 5 WHERE k = 9001; "
              "INSERT INTO t VALUES (9002, 'x', 0); DELETE FROM t WHERE k = 9002; COMMIT",
            "UPDATE t SET w = 6 WHERE k IN (2, 3, 9001)")


def test_rolled_back_savepoints(case):
    changed(case, "BEGIN; UPDATE t SET v = 'kept' WHERE k = 1; SAVEPOINT s; DELETE FROM t WHERE k < 500; "
                  "UPDATE t SET k = -k; ROLLBACK TO s; UPDATE t SET v = v || ' twice' WHERE k = 1; COMMIT")


def test_truncate_amid_changes_by_key(case):
    changed(case, "BEGIN; UPDATE t SET v = 'gone' WHERE k = 1; INSERT INTO t VALUES (3000, 'gone', 0); TRUNCATE t; "
                  "INSERT INTO t VALUES (1, 'new', 0), (2, 'new', 0), (3, 'new', 0); UPDATE t SET v = 'newer' WHERE k = 1; "
                  "DELETE FROM t WHERE k = 2; COMMIT", "UPDATE t SET v = 'newest' WHERE k = 3",
            "TRUNCATE t", "INSERT INTO t VALUES (3, 'last', 0)", "DELETE FROM t WHERE k = 3")


def test_values_that_an_update_leaves_in_toast(case):
    """Neither the old row nor the unchanged large value is sent: both come from what is here."""
    changed(case, "UPDATE t SET small = 'b' WHERE k % 2 = 0", "UPDATE t SET k = k + 100 WHERE k % 4 = 0",
            "BEGIN; UPDATE t SET small = 'c' WHERE k = 1; UPDATE t SET small = 'd' WHERE k = 1; "
            "UPDATE t SET other = repeat('z', 5000) WHERE k = 1; UPDATE t SET small = 'e', k = 1001 WHERE k = 1; COMMIT",
            "BEGIN; INSERT INTO t VALUES (50, 'x', repeat(md5('50'), 300), NULL); UPDATE t SET small = 'y' WHERE k = 50; "
            "UPDATE t SET small = 'z' WHERE k = 50; COMMIT",
            "BEGIN; UPDATE t SET large = NULL WHERE k = 3; UPDATE t SET small = 'q' WHERE k = 3; COMMIT",
            "DELETE FROM t WHERE k = 5", ddl=LARGE)


def test_a_large_key_is_kept_too(case):
    ddl = ("CREATE TABLE t (k text PRIMARY KEY, v int); ALTER TABLE t ALTER k SET STORAGE EXTERNAL; "
           "INSERT INTO t SELECT repeat(md5(i::text), 80), i FROM generate_series(1, 20) i")
    changed(case, "UPDATE t SET v = v + 100", "UPDATE t SET k = k || 'x' WHERE v = 101", "UPDATE t SET v = 0 WHERE v = 101",
            "DELETE FROM t WHERE v = 102", ddl=ddl)


def test_keys_of_every_kind(case):
    """A key is found again whatever its type is, as long as its text says which one it is."""
    columns = {"a": ("text", ["'it''s'", "'(a),(b)'", "'ünï'", "''"]), "b": ("uuid", ["gen_random_uuid()"] * 4),
               "c": ("numeric", ["1.0", "1.00001", "-5", "12345678901234567890.5"]),
               "d": ("timestamptz", ["now()", "'2000-01-01 UTC'", "'0044-03-15 BC'", "'1999-12-31 23:59:59.999999 UTC'"]),
               "e": ("float8", ["0.1", "'NaN'", "1e300", "-0.0"]), "f": ("bytea", ["'\\x00'", "'\\xff'", "''", "'\\x27'"]),
               "g": ("char(5)", ["'a'", "'b'", "'c '", "''"]), "h": ("boolean", ["true", "false", "true", "false"]),
               "i": ("jsonb", ["'{\"a\": 1}'", "'[]'", "'\"x\"'", "'1.50'"]), "j": ("int[]", ["'{1,2}'", "'{}'", "'{NULL}'", "'{3}'"]),
               "l": ("interval", ["'1 day'", "'25 hours'", "'1 mon'", "'-1 year'"]), "m": ("int4range", ["'[1,5)'", "'empty'", "'(,3)'", "'[7,)'"])}
    names = []
    ddl = ""
    for name, (type_, values) in columns.items():
        ddl += f"CREATE TABLE t_{name} (k {type_} PRIMARY KEY, v int); "
        chosen = values if name not in "h" else values[:2]
        ddl += "".join(f"INSERT INTO t_{name} VALUES ({value}, {i}); " for i, value in enumerate(chosen))
        names.append(f"t_{name}")
    upstream, server = followed(case, ddl, *names)
    for name in names:
        upstream.run(f"UPDATE {name} SET v = v + 10; DELETE FROM {name} WHERE v = 11; UPDATE {name} SET v = -v", database="shop")
    upstream.run("UPDATE t_c SET k = k * 1.0; UPDATE t_l SET k = '24:00:00' WHERE k = '1 day'; UPDATE t_e SET k = 0.0 WHERE k = 0; "
                 "UPDATE t_l SET v = 77; UPDATE t_e SET v = 77; UPDATE t_c SET v = 77", database="shop")
    check(case, upstream, server, *names)


def test_an_index_as_identity(case):
    ddl = ("CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, \"B b\" text NOT NULL, v text, UNIQUE (a, \"B b\")); "
           "INSERT INTO t SELECT i, i % 5, 'b' || i, 'v' FROM generate_series(1, 50) i")
    upstream, server = prepared(case, ddl, what='USING INDEX "t_a_B b_key"')
    source.follow(server, upstream)
    upstream.run("UPDATE t SET v = 'w' WHERE id < 20; UPDATE t SET a = a + 10 WHERE id % 2 = 0; "
                 "DELETE FROM t WHERE id % 3 = 0; UPDATE t SET id = id + 1000; INSERT INTO t VALUES (1, 1, 'x', NULL)", database="shop")
    check(case, upstream, server)


def test_tables_without_a_usable_identity_are_refused(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, ["a", "b", "c", "d", "f"], ddl="CREATE TABLE a (k int); CREATE TABLE b (k int PRIMARY KEY); "
                            "CREATE TABLE c (k int PRIMARY KEY, v int); CREATE TABLE d (k int PRIMARY KEY DEFERRABLE); CREATE TABLE f (k int)")
    for table, what in (("a", "DEFAULT"), ("b", "NOTHING"), ("c", "DEFAULT"), ("d", "DEFAULT")):
        identity(upstream, what, table)
    server = case.tailrace()
    source.create_connection(server, upstream)
    error = expect_error(lambda: source.create_source(server, options=", EXCLUDE COLUMNS (c.k)"), None,
                         "referenced items not tables with REPLICA IDENTITY FULL",
                         "public.a, public.b, public.c, public.d", "identity are excluded: public.c")
    assert "public.f" not in error.diag.message_detail
    assert server.run("SHOW SOURCES") == []
    source.create_source(server, selection="FOR TABLES (c, f)")


def test_identity_changes_while_all_runs(case):
    upstream, server = followed(case, TABLE, what="FULL")
    origin = case.shop(upstream)
    for statement in ("UPDATE t SET w = 1 WHERE k < 100", "ALTER TABLE t REPLICA IDENTITY DEFAULT", "UPDATE t SET w = 2 WHERE k < 50",
                      "DELETE FROM t WHERE k = 7", "ALTER TABLE t REPLICA IDENTITY FULL", "UPDATE t SET w = 3 WHERE k < 20",
                      "BEGIN; UPDATE t SET w = 4 WHERE k < 15; DELETE FROM t WHERE k = 14; ALTER TABLE t REPLICA IDENTITY DEFAULT; "
                      "UPDATE t SET w = 5 WHERE k < 12; INSERT INTO t VALUES (14, 'back', 0); UPDATE t SET w = 6 WHERE k = 14; "
                      "ALTER TABLE t REPLICA IDENTITY FULL; UPDATE t SET w = 7 WHERE k < 5; COMMIT", "DELETE FROM t WHERE k = 3"):
        with origin.cursor() as cursor:
            cursor.execute(statement)
    check(case, upstream, server)
    identity(upstream, "NOTHING")
    eventually(lambda: source.status(server, "t")[0] == "ceased", 60, "without an identity the table ceases")
    expect_error(lambda: server.run("SELECT * FROM t"), None, "Source error", "altered", "replica identity")


def test_the_key_goes(case):
    upstream, server = followed(case, TABLE)
    upstream.run("ALTER TABLE t DROP CONSTRAINT t_pkey", database="shop")
    eventually(lambda: source.status(server, "t")[0] == "ceased", 60, "without its key the table ceases")
    expect_error(lambda: server.run("SELECT * FROM t"), None, "Source error", "altered")


@limit(240)
def test_a_transaction_larger_than_memory_allows(case):
    """Rows changed again and again in one transaction, of which parts are staged before it ends."""
    upstream, server = followed(case, "CREATE TABLE t (k int PRIMARY KEY, v text, n int); "
                                "INSERT INTO t SELECT i, repeat('x', 40), 0 FROM generate_series(1, 100000) i")
    upstream.run("BEGIN; UPDATE t SET n = n + 1; UPDATE t SET v = v || 'y' WHERE k % 2 = 0; "
                 "INSERT INTO t SELECT i, repeat('z', 60), 0 FROM generate_series(100001, 200000) i; "
                 "UPDATE t SET n = n + 1 WHERE k % 3 = 0; DELETE FROM t WHERE k % 5 = 0; UPDATE t SET k = k + 1000000 WHERE k % 7 = 0; "
                 "UPDATE t SET n = n + 1; COMMIT", database="shop")
    check(case, upstream, server, timeout=120)
    upstream.run("BEGIN; UPDATE t SET n = -n; TRUNCATE t; INSERT INTO t SELECT i, repeat('w', 100), 1 FROM generate_series(1, 200000) i; "
                 "UPDATE t SET n = 2 WHERE k % 2 = 0; COMMIT", database="shop")
    check(case, upstream, server, timeout=120)


def test_rows_that_cannot_be_held(case):
    """A row that is an error goes and heals by its key, also after a restart and one that came with the snapshot."""
    ddl = ("CREATE TABLE t (k text PRIMARY KEY, d date, large text); ALTER TABLE t ALTER large SET STORAGE EXTERNAL; "
           "INSERT INTO t VALUES ('a''b', 'infinity', NULL), ('c', '2024-01-01', repeat('x', 5000)), ('d', '-infinity', repeat('y', 5000))")
    upstream, server = followed(case, ddl)

    def fails():
        try:
            server.run("SELECT * FROM t")
            return False
        except psycopg2.Error as error:
            assert "Source error" in str(error), error
            return True

    eventually(fails, 30, "the snapshot has rows that cannot be held")
    upstream.run("UPDATE t SET d = '2024-02-02' WHERE k = 'a''b'", database="shop")
    assert fails()
    server.restart_after_kill()
    upstream.run("DELETE FROM t WHERE k = 'd'", database="shop")
    eventually(lambda: not fails(), 30, "the last bad row has gone")
    check(case, upstream, server)
    upstream.run("BEGIN; INSERT INTO t VALUES ('e', 'infinity', NULL); UPDATE t SET d = NULL WHERE k = 'e'; "
                 "UPDATE t SET d = 'infinity' WHERE k = 'c'; COMMIT", database="shop")
    eventually(fails, 30, "a row has become one that cannot be held")
    upstream.run("UPDATE t SET d = '2024-03-03' WHERE k = 'c'", database="shop")

    def misses_the_large_value():
        try:
            server.run("SELECT * FROM t")
            return False
        except psycopg2.Error as error:
            return "a large value is not known" in str(error)

    eventually(misses_the_large_value, 30, "the row is good again, but its large value was not sent")
    upstream.run("UPDATE t SET large = large || '' WHERE k = 'c'", database="shop")
    eventually(lambda: not fails(), 30, "the value was written again")
    check(case, upstream, server)


def test_what_the_publication_leaves_out_is_told(case):
    upstream, server = prepared(case, TABLE)
    upstream.run("ALTER PUBLICATION mz_source SET (publish = 'insert, update')", database="shop")
    source.follow(server, upstream)
    upstream.run("DELETE FROM t WHERE k = 1; INSERT INTO t VALUES (1, 'second', 0)", database="shop")
    eventually(lambda: server.value("SELECT count(*) FROM t WHERE k = 1") == 2, 30, "the deletion did not arrive")
    upstream.run("UPDATE t SET w = 1 WHERE k = 1", database="shop")
    eventually(lambda: source.status(server, "t")[0] == "ceased", 30, "two rows of one key cannot go on")
    expect_error(lambda: server.run("SELECT * FROM t"), None, "Source error", "the key has several rows", "Key (k)=('1')")


@limit(240)
def test_random_work_without_old_rows(case):
    upstream, server = followed(case, shop.DDL + shop.fill(), *shop.TABLES)
    worker = shop.Worker(case.shop(upstream), seed=17)
    for _ in range(300):
        worker.transaction()
    check(case, upstream, server, *shop.TABLES)


@limit(300)
def test_killed_while_old_rows_are_looked_up(case):
    chance = random.Random(18)
    upstream, server = followed(case, shop.DDL + shop.fill(), *shop.TABLES)
    with random_work(upstream, seed=19):
        for _ in range(6):
            time.sleep(chance.uniform(0.05, 1.0))
            server.restart_after_kill()
    check(case, upstream, server, *shop.TABLES)


@limit(300)
def test_written_while_the_snapshot_is_taken(case):
    upstream, server = prepared(case, shop.DDL + shop.fill(orders=60000, customers=1000), *shop.TABLES)
    source.create_connection(server, upstream)
    with random_work(upstream, seed=20):
        source.create_source(server)
        eventually(lambda: source.snapshot_committed(server), 120, "the snapshot is committed")
        time.sleep(0.5)
    check(case, upstream, server, *shop.TABLES)
