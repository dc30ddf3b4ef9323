"""Queries that want more memory than there is fail; the server and everybody else go on."""

from harness import process
from harness.case import expect_error

LIMIT = 512 << 20


def test_a_huge_join_fails_alone(case):
    server = case.tailrace(arguments=["--memory-limit", str(LIMIT)])
    server.run("CREATE TABLE t (k int, x text)")
    # Updated once, so that a join of it has to settle what was taken back.
    server.run("INSERT INTO t SELECT 1, 'some text that takes its place ' || g FROM generate_series(1, 20000) g")
    server.run("UPDATE t SET k = 2")
    joined = "SELECT a.x, b.x FROM t AS a JOIN t AS b ON a.k = b.k"
    expect_error(lambda: server.run(f"SELECT x.*, y.* FROM ({joined}) AS x (p, q), ({joined}) AS y (p, q)",
                                    timeout=300), "53200", "out of memory")
    assert server.value("SELECT count(*) FROM t") == 20000
    assert process.peak_memory_bytes(server.process.pid) < 2 * LIMIT
