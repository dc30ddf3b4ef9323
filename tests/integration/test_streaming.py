"""Changes upstream arrive, whole transactions at a time."""

import threading

from harness import compare, shop, source
from harness.case import limit
from harness.wait import eventually

TABLE = "CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 100) i"


def changed(case, *statements, ddl=TABLE, query="SELECT * FROM t"):
    """Follow, change upstream in one transaction a statement, and compare."""
    upstream, server = case.followed(ddl)
    origin = case.shop(upstream)
    with origin.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    compare.eventually_equal(origin, case.session(server), query)
    return upstream, server


def test_inserts(case):
    changed(case, "INSERT INTO t SELECT i, 'new' FROM generate_series(101, 5000) i", "INSERT INTO t VALUES (0, NULL)")


def test_updates(case):
    changed(case, "UPDATE t SET v = v || '!' WHERE k % 3 = 0", "UPDATE t SET v = NULL WHERE k = 7",
            "UPDATE t SET k = k + 1000 WHERE k < 10", "UPDATE t SET v = v")


def test_deletes(case):
    changed(case, "DELETE FROM t WHERE k > 50", "DELETE FROM t WHERE k = 1")


def test_everything_deleted_and_inserted_again(case):
    changed(case, "DELETE FROM t", "INSERT INTO t SELECT i, 'again' FROM generate_series(1, 10) i")


def test_truncate_empties_the_table(case):
    _, server = changed(case, "TRUNCATE t")
    assert server.value("SELECT count(*) FROM t") == 0


def test_truncate_amid_a_transaction(case):
    changed(case, "BEGIN; INSERT INTO t VALUES (200, 'before'); TRUNCATE t; INSERT INTO t VALUES (201, 'after'); "
                  "UPDATE t SET v = 'later'; COMMIT", "INSERT INTO t VALUES (202, 'next')")


def test_truncate_of_several_tables(case):
    upstream, server = case.followed(TABLE + "; CREATE TABLE u AS TABLE t")
    upstream.run("TRUNCATE t, u; INSERT INTO u VALUES (1, 'x')", database="shop")
    origin, mirror = case.shop(upstream), case.session(server)
    compare.eventually_equal(origin, mirror, "SELECT * FROM t")
    compare.eventually_equal(origin, mirror, "SELECT * FROM u")


def test_values_that_an_update_leaves_in_toast(case):
    """Upstream does not send an unchanged large value again; the mirror must keep it."""
    ddl = ("CREATE TABLE t (k int PRIMARY KEY, small text, large text); ALTER TABLE t ALTER large SET STORAGE EXTERNAL;"
           "INSERT INTO t SELECT i, 'a', repeat(md5(i::text), 500) FROM generate_series(1, 20) i")
    changed(case, "UPDATE t SET small = 'b' WHERE k % 2 = 0",
            "UPDATE t SET small = 'c', k = k + 100 WHERE k % 4 = 0",
            "INSERT INTO t VALUES (50, 'x', repeat(md5('50'), 500)); UPDATE t SET small = 'y' WHERE k = 50",
            "BEGIN; UPDATE t SET large = repeat(md5('z'), 600) WHERE k = 1; "
            "UPDATE t SET small = 'z' WHERE k = 1; COMMIT", "DELETE FROM t WHERE k = 2", ddl=ddl)


def test_rolled_back_work_does_not_arrive(case):
    changed(case, "BEGIN; DELETE FROM t; ROLLBACK",
            "BEGIN; INSERT INTO t VALUES (300, 'kept'); SAVEPOINT s; INSERT INTO t VALUES (301, 'not'); "
            "ROLLBACK TO s; INSERT INTO t VALUES (302, 'kept'); COMMIT")


def test_a_row_changed_many_times_in_one_transaction(case):
    changed(case, "BEGIN; " + "".join(f"UPDATE t SET v = 'v{i}' WHERE k = 1; " for i in range(50))
            + "DELETE FROM t WHERE k = 2; INSERT INTO t VALUES (2, 'back'); COMMIT")


def test_columns_added_upstream_are_ignored(case):
    changed(case, "ALTER TABLE t ADD COLUMN extra int DEFAULT 5", "INSERT INTO t VALUES (500, 'x', 6)",
            "UPDATE t SET v = 'y' WHERE k = 1", query="SELECT k, v FROM t")


@limit(240)
def test_a_transaction_of_half_a_million_rows(case):
    upstream, server = case.followed(TABLE)
    upstream.run("INSERT INTO t SELECT i, repeat('x', 50) || i FROM generate_series(1000, 501000) i", database="shop")
    eventually(lambda: server.value("SELECT count(*) FROM t") != 100, 120, "the transaction arrives")
    assert server.value("SELECT count(*) FROM t") == 100 + 500001, "all of it at once"
    upstream.run("DELETE FROM t WHERE k % 2 = 0", database="shop")
    question = "SELECT count(*), sum(k::bigint), max(v) FROM t"
    compare.eventually_equal(case.shop(upstream), case.session(server), question, timeout=120)


def test_transactions_over_several_tables_are_seen_whole(case):
    """Money moves between two tables; whoever reads both must find the same sum, always."""
    ddl = ("CREATE TABLE a (k int PRIMARY KEY, amount int); INSERT INTO a SELECT i, 100 FROM generate_series(1, 10) i;"
           "CREATE TABLE b (k int PRIMARY KEY, amount int); INSERT INTO b SELECT i, 100 FROM generate_series(1, 10) i")
    upstream, server = case.followed(ddl)
    stop = threading.Event()
    failures = []

    def move():
        try:
            origin = upstream.connect("shop", autocommit=False)
            step = 0
            while not stop.is_set():
                step += 1
                with origin.cursor() as cursor:
                    cursor.execute("UPDATE a SET amount = amount - %s WHERE k = %s", (step % 7, 1 + step % 10))
                    cursor.execute("UPDATE b SET amount = amount + %s WHERE k = %s", (step % 7, 1 + step % 9))
                origin.commit()
            origin.close()
        except Exception as error:  # noqa: BLE001 (told by the main thread)
            failures.append(error)

    writer = threading.Thread(target=move)
    writer.start()
    try:
        mirror = case.session(server)
        seen = set()
        with mirror.cursor() as cursor:
            for _ in range(300):
                cursor.execute("SELECT (SELECT sum(amount) FROM a) + (SELECT sum(amount) FROM b), "
                               "(SELECT sum(amount) FROM a)")
                total, part = cursor.fetchone()
                assert total == 2000, f"a torn read: {total}"
                seen.add(part)
    finally:
        stop.set()
        writer.join()
    assert not failures, failures
    assert len(seen) > 10, f"the reads saw only {len(seen)} states: nothing moved"


def test_both_tables_of_one_read_transaction_are_of_one_time(case):
    ddl = "CREATE TABLE a (n int); INSERT INTO a VALUES (0); CREATE TABLE b (n int); INSERT INTO b VALUES (0)"
    upstream, server = case.followed(ddl)
    mirror = case.session(server, autocommit=False)
    origin = case.shop(upstream)
    for step in range(1, 40):
        with mirror.cursor() as cursor:
            cursor.execute("SELECT n FROM a")
            first = cursor.fetchone()
            with origin.cursor() as writer:
                writer.execute(f"BEGIN; UPDATE a SET n = {step}; UPDATE b SET n = {step}; COMMIT")
            cursor.execute("SELECT n FROM b")
            assert cursor.fetchone() == first
        mirror.commit()


@limit(240)
def test_random_work_on_the_shop(case):
    upstream, server = case.followed(shop.DDL + shop.fill(), shop.TABLES)
    worker = shop.Worker(case.shop(upstream), seed=7)
    for _ in range(300):
        worker.transaction()
    origin, mirror = case.shop(upstream), case.session(server)
    for table in shop.TABLES:
        compare.eventually_equal(origin, mirror, f"SELECT * FROM {table}")
    compare.eventually_equal(origin, mirror, shop.REVENUE)


@limit(240)
def test_writes_during_the_snapshot_are_neither_lost_nor_doubled(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, shop.TABLES, ddl=shop.DDL + shop.fill(orders=60000, customers=1000))
    server = case.tailrace()
    source.create_connection(server, upstream)
    stop, failures = threading.Event(), []

    def work():
        try:
            worker = shop.Worker(upstream.connect("shop"), seed=3)
            while not stop.is_set():
                worker.transaction()
            worker.connection.close()
        except Exception as error:  # noqa: BLE001 (told by the main thread)
            failures.append(error)

    writer = threading.Thread(target=work)
    writer.start()
    try:
        source.create_source(server)
        eventually(lambda: source.snapshot_committed(server), 120, "the snapshot is committed")
    finally:
        stop.set()
        writer.join()
    assert not failures, failures
    for table in shop.TABLES:
        compare.eventually_equal(case.shop(upstream), case.session(server), f"SELECT * FROM {table}", timeout=60)
