"""BEGIN, COMMIT, ROLLBACK."""

from harness.case import expect_error
from harness.wire import Wire, tags


def prepared(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (a int)")
    return server, case.session(server).cursor()


def test_inserts_become_visible_at_commit(case):
    server, cursor = prepared(case)
    cursor.execute("BEGIN")
    cursor.execute("INSERT INTO t VALUES (1)")
    cursor.execute("INSERT INTO t VALUES (2)")
    assert server.run("SELECT count(*) FROM t") == [(0,)]
    cursor.execute("COMMIT")
    assert cursor.statusmessage == "COMMIT"
    assert server.run("SELECT count(*) FROM t") == [(2,)]


def test_rollback_leaves_nothing(case):
    server, cursor = prepared(case)
    cursor.execute("BEGIN")
    cursor.execute("INSERT INTO t VALUES (1)")
    cursor.execute("ROLLBACK")
    assert server.run("SELECT count(*) FROM t") == [(0,)]


def test_an_error_aborts_the_block(case):
    server, cursor = prepared(case)
    cursor.execute("BEGIN")
    cursor.execute("INSERT INTO t VALUES (1)")
    expect_error(lambda: cursor.execute("SELECT 1/0"), "22012")
    expect_error(lambda: cursor.execute("SELECT 1"), "25P02",
                 "current transaction is aborted, commands ignored until end of transaction block")
    cursor.execute("COMMIT")
    assert cursor.statusmessage == "ROLLBACK"
    assert server.run("SELECT count(*) FROM t") == [(0,)]


def test_reads_of_a_block_see_one_time(case):
    server, cursor = prepared(case)
    cursor.execute("BEGIN")
    cursor.execute("SELECT count(*) FROM t")
    assert cursor.fetchone() == (0,)
    server.run("INSERT INTO t VALUES (1)")
    cursor.execute("SELECT count(*) FROM t")
    assert cursor.fetchone() == (0,)
    cursor.execute("COMMIT")
    cursor.execute("SELECT count(*) FROM t")
    assert cursor.fetchone() == (1,)


def test_writes_are_refused_in_read_only_blocks(case):
    _, cursor = prepared(case)
    cursor.execute("BEGIN READ ONLY")
    expect_error(lambda: cursor.execute("INSERT INTO t VALUES (1)"), "25006")
    cursor.execute("ROLLBACK")
    cursor.execute("BEGIN")
    cursor.execute("SELECT * FROM t")
    expect_error(lambda: cursor.execute("INSERT INTO t VALUES (1)"), "25006", "transaction in read-only mode")
    cursor.execute("ROLLBACK")


def test_several_statements_in_one_string_are_one_transaction(case):
    server, cursor = prepared(case)
    cursor.execute("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)")
    expect_error(lambda: cursor.execute("INSERT INTO t VALUES (3); SELECT 1/0"), "22012")
    assert server.run("SELECT count(*) FROM t") == [(2,)]


def test_warnings_of_misplaced_commit_and_begin(case):
    _, cursor = prepared(case)
    notices = cursor.connection.notices
    cursor.execute("COMMIT")
    assert any("there is no transaction in progress" in notice for notice in notices), notices
    cursor.execute("BEGIN")
    cursor.execute("BEGIN")
    assert any("there is already a transaction in progress" in notice for notice in notices), notices
    cursor.execute("ROLLBACK")


def test_status_letter_follows_the_transaction(case):
    server, _ = prepared(case)
    with Wire(server.host, server.port) as wire:
        assert wire.transaction == "I"
        wire.query("BEGIN")
        assert wire.transaction == "T"
        try:
            wire.query("SELECT 1/0")
        except Exception:  # noqa: BLE001 (expected; the letter is what is tested)
            pass
        assert wire.transaction == "E"
        assert tags(wire.query("ROLLBACK")) == ["ROLLBACK"]
        assert wire.transaction == "I"


def test_cursors_in_a_block(case):
    server, cursor = prepared(case)
    server.run("INSERT INTO t SELECT generate_series(1, 10)")
    expect_error(lambda: cursor.execute("DECLARE c CURSOR FOR SELECT 1"), "25P01")
    cursor.execute("BEGIN")
    cursor.execute("DECLARE c CURSOR FOR SELECT a FROM t ORDER BY a")
    cursor.execute("FETCH 3 FROM c")
    assert cursor.fetchall() == [(1,), (2,), (3,)] and cursor.statusmessage == "FETCH 3"
    cursor.execute("FETCH ALL c")
    assert len(cursor.fetchall()) == 7
    cursor.execute("CLOSE c")
    expect_error(lambda: cursor.execute("FETCH c"), "34000", 'cursor "c" does not exist')
    cursor.execute("ROLLBACK")
