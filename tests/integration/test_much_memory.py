"""What upstream sends may be much larger than what we hold in memory at any time."""

from harness import compare, process, source
from harness.case import limit

ROWS = 150
# Beside what the server takes anyway: buffers of libpq and of RocksDB, and what allocators keep, are within it.
BOUND = 450 << 20


def peak(server):
    return process.peak_memory_bytes(server.process.pid)


@limit(200)
def test_many_rows_of_a_megabyte(case):
    ddl = ("CREATE TABLE {0} (k int PRIMARY KEY, n int, large text); ALTER TABLE {0} ALTER large SET STORAGE EXTERNAL; ")
    upstream = case.postgres(settings={"max_wal_size": "8GB"})
    source.prepare_upstream(upstream, ["snap", "stream"], ddl=ddl.format("snap") + ddl.format("stream") + "INSERT INTO snap SELECT i, i, "
                            f"repeat(md5(i::text), 32768) FROM generate_series(1, {ROWS}) i")
    server = case.tailrace()
    before = peak(server)

    def bounded(what):
        taken = peak(server) - before
        assert taken < BOUND, f"{what} took {taken >> 20} MiB"

    source.follow(server, upstream)
    bounded("the snapshot")
    origin, session = case.shop(upstream), case.session(server, options="-c statement_timeout=100s")
    content = "SELECT k, n, length(large) FROM {} WHERE md5(large) = md5(repeat(md5(k::text), 32768))"
    compare.assert_equal(origin, session, content.format("snap"))
    upstream.run("INSERT INTO stream SELECT * FROM snap; UPDATE stream SET n = -n; DELETE FROM stream WHERE k % 2 = 0", database="shop")
    compare.eventually_equal(origin, session, "SELECT k, n FROM stream", timeout=100)
    bounded("one transaction")
    compare.assert_equal(origin, session, content.format("stream"))
    # Now upstream sends keys, which are small.
    with origin.cursor() as cursor:
        cursor.execute("ALTER TABLE snap REPLICA IDENTITY DEFAULT")
        for key in range(1, 40):
            cursor.execute("UPDATE snap SET n = n + 1 WHERE k = %s", (key,))
        cursor.execute("BEGIN; UPDATE snap SET n = n + 1; DELETE FROM snap WHERE k % 2 = 0; COMMIT")
    compare.eventually_equal(origin, session, "SELECT k, n FROM snap", timeout=100)
    bounded("changes by key")
    compare.assert_equal(origin, session, content.format("snap"))


@limit(200)
def test_wide_rows(case):
    columns = ", ".join(f"c{i} int2" for i in range(1598))
    upstream = case.postgres(settings={"max_wal_size": "8GB"})
    source.prepare_upstream(upstream, ["t"], ddl=f"CREATE TABLE t (k int PRIMARY KEY, {columns}, v text); INSERT INTO t SELECT i, "
                            + ", ".join(["(i % 7)::int2"] * 1598) + ", 'v' FROM generate_series(1, 4000) i")
    server = case.tailrace()
    before = peak(server)
    source.follow(server, upstream)
    upstream.run("UPDATE t SET c5 = NULL, v = repeat('x', 100) WHERE k % 3 = 0; INSERT INTO t (k, c1, c1597) VALUES (-1, 3, 4); DELETE FROM t WHERE k % 5 = 0; "
                 "UPDATE t SET k = k + 10000", database="shop")
    query = "SELECT k, c0, c1, c5, c800, c1597, v FROM t"
    compare.eventually_equal(case.shop(upstream), case.session(server), query, timeout=60)
    assert peak(server) - before < BOUND, f"{(peak(server) - before) >> 20} MiB"
