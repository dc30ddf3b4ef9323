"""Tables of our own: written, read, kept."""

import io
from decimal import Decimal
from threading import Thread

from harness.case import expect_error


def test_insert_update_delete(case):
    server = case.tailrace()
    session = case.session(server)
    with session.cursor() as cursor:
        cursor.execute("CREATE TABLE notes (id int NOT NULL, body text DEFAULT 'empty', price numeric(10,2))")
        assert cursor.statusmessage == "CREATE TABLE"
        cursor.execute("INSERT INTO notes VALUES (1, 'one', 1.5), (2, NULL, NULL)")
        assert cursor.statusmessage == "INSERT 0 2"
        cursor.execute("INSERT INTO notes (id, price) VALUES (3, 0.005)")
        cursor.execute("INSERT INTO notes SELECT id + 10, body FROM notes WHERE id < 3")
        assert cursor.statusmessage == "INSERT 0 2"
        cursor.execute("UPDATE notes SET body = body || '!', price = price * 2 WHERE id = 1")
        assert cursor.statusmessage == "UPDATE 1"
        cursor.execute("DELETE FROM notes WHERE id = 2")
        assert cursor.statusmessage == "DELETE 1"
        cursor.execute("SELECT * FROM notes ORDER BY id")
        assert cursor.fetchall() == [(1, "one!", Decimal("3")), (3, "empty", Decimal("0.01")), (11, "one", None),
                                     (12, None, None)]


def test_not_null_is_enforced(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (a int NOT NULL)")
    expect_error(lambda: server.run("INSERT INTO t VALUES (NULL)"), None,
                 'null value in column "a" violates not-null constraint')
    assert server.run("SELECT * FROM t") == []


def test_wrong_writes_are_refused(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (a int)")
    server.run("CREATE VIEW v AS SELECT * FROM t")
    server.run("CREATE MATERIALIZED VIEW m AS SELECT * FROM t")
    run = server.run
    expect_error(lambda: run("INSERT INTO t VALUES (1, 2)"), None, "INSERT has more expressions than target columns")
    expect_error(lambda: run("INSERT INTO t (b) VALUES (1)"), None, 'column "b" of relation "t" does not exist')
    expect_error(lambda: run("INSERT INTO t VALUES ('x')"), "22P02")
    expect_error(lambda: run("INSERT INTO v VALUES (1)"), None, "cannot insert into view")
    expect_error(lambda: run("INSERT INTO m VALUES (1)"), None, "materialized view")
    expect_error(lambda: run("INSERT INTO mz_tables VALUES (1)"), None)
    expect_error(lambda: run("CREATE TABLE t (a int)"), None, "already exists")
    expect_error(lambda: run("DROP TABLE absent"), None, "absent")
    assert run("SELECT * FROM t") == []


def test_subsources_are_read_only(case):
    _, server = case.followed("CREATE TABLE t (a int)")
    expect_error(lambda: server.run("INSERT INTO t VALUES (1)"), None, "cannot insert into")
    expect_error(lambda: server.run("DELETE FROM t"), None)


def test_tables_persist(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (a int, b text, c timestamptz, d jsonb, e int[])")
    server.run("INSERT INTO t VALUES (1, 'x', '2024-01-01', '{\"a\": 1}', '{1,2}'), (NULL, NULL, NULL, NULL, NULL)")
    before = server.run("SELECT * FROM t ORDER BY a")
    server.restart_after_kill()
    assert server.run("SELECT * FROM t ORDER BY a") == before
    assert server.stop() == 0
    server.start()
    assert server.run("SELECT * FROM t ORDER BY a") == before
    server.run("DROP TABLE t")
    server.restart_after_kill()
    assert server.run("SHOW TABLES") == []


def test_writes_are_read_by_the_next_query_of_anybody(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (a int)")
    writer, reader = case.session(server), case.session(server)
    with writer.cursor() as write, reader.cursor() as read:
        for number in range(100):
            write.execute(f"INSERT INTO t VALUES ({number})")
            read.execute("SELECT count(*) FROM t")
            assert read.fetchone() == (number + 1,)


def test_updates_of_one_table_do_not_lose_each_other(case):
    server = case.tailrace()
    server.run("CREATE TABLE counter (n int)")
    server.run("INSERT INTO counter VALUES (0)")
    failures = []

    def count():
        try:
            session = server.connect()
            with session.cursor() as cursor:
                for _ in range(20):
                    cursor.execute("UPDATE counter SET n = n + 1")
            session.close()
        except Exception as error:  # noqa: BLE001 (told by the main thread)
            failures.append(error)

    threads = [Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    assert server.run("SELECT n FROM counter") == [(80,)]


def test_copy_in_and_out(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (a int, b text)")
    session = case.session(server)
    with session.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES (1, E'tab\\there'), (2, NULL)")
        out = io.StringIO()
        cursor.copy_expert("COPY (SELECT * FROM t ORDER BY a) TO STDOUT", out)
        assert out.getvalue() == "1\ttab\\there\n2\t\\N\n"


def test_objects_in_other_schemas_and_databases(case):
    server = case.tailrace()
    server.run("CREATE SCHEMA s")
    server.run("CREATE TABLE s.t (a int)")
    server.run("CREATE DATABASE d")
    server.run("CREATE TABLE d.public.t (a text)")
    server.run("INSERT INTO s.t VALUES (1)")
    assert server.run("SELECT * FROM materialize.s.t") == [(1,)]
    assert server.run("SELECT * FROM d.public.t") == []
    expect_error(lambda: server.run("SELECT * FROM t"), None, "t")
