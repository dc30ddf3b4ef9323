"""Tables that are not like most: without columns, without those that are left, with children, with generated keys."""

from harness import compare, source
from harness.wait import eventually


def run(upstream, *statements):
    for statement in statements:
        upstream.run(statement, database="shop")


def test_no_columns(case):
    upstream, server = case.followed("CREATE TABLE t (); INSERT INTO t DEFAULT VALUES")
    run(upstream, "INSERT INTO t DEFAULT VALUES")
    eventually(lambda: server.value("SELECT count(*) FROM t") == 2, 20, "a row without columns")
    run(upstream, "ALTER TABLE t ADD COLUMN a int", "INSERT INTO t VALUES (5)")
    eventually(lambda: server.value("SELECT count(*) FROM t") == 3, 20, "a row whose column is not known here")
    run(upstream, "DELETE FROM t WHERE a = 5")
    eventually(lambda: server.value("SELECT count(*) FROM t") == 2, 20, "it goes again")


def test_all_columns_excluded(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, ["t"], ddl="CREATE TABLE t (k int PRIMARY KEY); INSERT INTO t VALUES (1)")
    server = case.tailrace()
    source.follow(server, upstream, options=", EXCLUDE COLUMNS (t.k)")
    run(upstream, "INSERT INTO t VALUES (2), (3)", "DELETE FROM t WHERE k = 3", "UPDATE t SET k = 7 WHERE k = 1",
        "INSERT INTO t VALUES (4), (5)")
    eventually(lambda: server.value("SELECT count(*) FROM t") == 4, 20, "rows are counted")


def test_children_are_not_their_parents(case):
    upstream, server = case.followed("CREATE TABLE p (k int PRIMARY KEY); CREATE TABLE c (extra text) INHERITS (p); "
                                     "INSERT INTO p VALUES (1); INSERT INTO c VALUES (2, 'x')")
    run(upstream, "INSERT INTO p VALUES (3)", "INSERT INTO c VALUES (4, 'x')", "UPDATE p SET k = k + 10", "DELETE FROM p WHERE k = 14",
        "INSERT INTO p VALUES (5)", "INSERT INTO c VALUES (6, 'y')")
    origin, mirror = case.shop(upstream), case.session(server)
    compare.eventually_equal(origin, mirror, "SELECT * FROM ONLY p", "SELECT * FROM p")
    compare.eventually_equal(origin, mirror, "SELECT * FROM c")
    compare.eventually_equal(origin, mirror, "SELECT k FROM p", "SELECT k FROM p UNION ALL SELECT k FROM c")


def test_a_generated_key(case):
    upstream, server = case.followed("CREATE TABLE t (k int, g int GENERATED ALWAYS AS (k * 2) STORED PRIMARY KEY, v text); "
                                     "INSERT INTO t VALUES (1, DEFAULT, 'x')")
    run(upstream, "UPDATE t SET v = 'y'", "INSERT INTO t VALUES (2, DEFAULT, 'z')")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT k, v FROM t", "SELECT * FROM t")
    server.run("CREATE DEFAULT INDEX ON t")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT k, v FROM t WHERE v = 'y'", "SELECT * FROM t WHERE v = 'y'")


def test_bounds_of_arrays(case):
    upstream, server = case.followed("CREATE TABLE t (k int PRIMARY KEY, v int[]); "
                                     "INSERT INTO t VALUES (1, '[0:1]={1,2}'), (2, '[-1:0][5:6]={{1,2},{3,NULL}}')")
    origin, mirror = case.shop(upstream), case.session(server)
    compare.eventually_equal(origin, mirror, "SELECT k, v::text FROM t")
    run(upstream, "INSERT INTO t SELECT k + 10, v FROM t", "DELETE FROM t WHERE k IN (1, 12)")
    compare.eventually_equal(origin, mirror, "SELECT k, v::text FROM t")


def test_a_null_that_was_promised_not_to_come(case):
    upstream, server = case.followed("CREATE TABLE t (k int PRIMARY KEY, v text NOT NULL); CREATE TABLE u (k int)")
    run(upstream, "BEGIN; ALTER TABLE t ALTER v DROP NOT NULL; INSERT INTO t VALUES (1, NULL); COMMIT", "INSERT INTO u VALUES (1)")
    eventually(lambda: source.status(server, "t")[0] == "ceased", 30, "the table has ceased")
    assert "altered" in source.status(server, "t")[1]
    assert server.run("SELECT * FROM u") == [(1,)]
