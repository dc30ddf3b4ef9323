"""kill -9 of the server at random moments loses and doubles nothing."""

import random
import time

from harness import compare, shop, source
from harness.background import random_work
from harness.case import limit
from harness.wait import eventually


def compare_shop(case, upstream, server, timeout=60):
    for table in shop.TABLES:
        compare.eventually_equal(case.shop(upstream), case.session(server), f"SELECT * FROM {table}", timeout=timeout)


@limit(420)
def test_killed_during_the_snapshot(case):
    chance = random.Random(11)
    upstream = case.postgres()
    source.prepare_upstream(upstream, shop.TABLES, ddl=shop.DDL + shop.fill(orders=80000, customers=2000))
    server = case.tailrace()
    source.create_connection(server, upstream)
    source.create_source(server)
    for _ in range(5):
        # The moment of the kill is what is tested here, so this is a time and not a condition.
        time.sleep(chance.uniform(0.02, 0.6))
        server.restart_after_kill()
    eventually(lambda: source.snapshot_committed(server), 120, "the snapshot is committed in the end")
    compare_shop(case, upstream, server)
    upstream.run("UPDATE orders SET state = 'sent' WHERE id % 5 = 0", database="shop")
    compare_shop(case, upstream, server)
    assert upstream.value("SELECT count(*) FROM pg_replication_slots WHERE NOT temporary") == 1


@limit(420)
def test_killed_while_streaming(case):
    chance = random.Random(12)
    upstream, server = case.followed(shop.DDL + shop.fill(), shop.TABLES)
    with random_work(upstream, seed=21):
        for _ in range(8):
            time.sleep(chance.uniform(0.05, 1.0))
            server.restart_after_kill()
    compare_shop(case, upstream, server)


@limit(420)
def test_killed_during_a_large_transaction(case):
    chance = random.Random(13)
    upstream, server = case.followed("CREATE TABLE t (k int PRIMARY KEY, v text)")
    for round_number in range(3):
        upstream.run(f"INSERT INTO t SELECT {round_number} * 200000 + i, repeat('y', 40) "
                     "FROM generate_series(1, 200000) i", database="shop")
        time.sleep(chance.uniform(0.0, 0.8))
        server.restart_after_kill()
    compare.eventually_equal(case.shop(upstream), case.session(server),
                             "SELECT count(*), count(DISTINCT k), sum(k::bigint) FROM t", timeout=120)


@limit(300)
def test_views_are_right_after_a_kill(case):
    upstream, server = case.followed(shop.DDL + shop.fill(), shop.TABLES)
    server.run(f"CREATE MATERIALIZED VIEW revenue AS {shop.REVENUE}")
    server.run("CREATE INDEX revenue_region ON revenue (region)")
    chance = random.Random(14)
    with random_work(upstream, seed=22):
        for _ in range(4):
            time.sleep(chance.uniform(0.1, 1.0))
            server.restart_after_kill()
    compare.eventually_equal(case.shop(upstream), case.session(server), shop.REVENUE, "SELECT * FROM revenue",
                             timeout=60)


@limit(300)
def test_nothing_is_confirmed_upstream_before_it_is_kept(case):
    """After each kill upstream is told to forget what was confirmed: had we confirmed too much, rows were missing."""
    upstream, server = case.followed("CREATE TABLE t (k int PRIMARY KEY)")
    chance = random.Random(15)
    for number in range(6):
        upstream.run(f"INSERT INTO t SELECT generate_series({number} * 1000, {number} * 1000 + 999)", database="shop")
        time.sleep(chance.uniform(0, 0.1))
        server.kill()
        upstream.run("CHECKPOINT")
        server.start()
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t")


@limit(200)
def test_acknowledged_writes_survive_a_kill(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (a int)")
    expected = 0
    chance = random.Random(16)
    for _ in range(5):
        until = time.monotonic() + chance.uniform(0.1, 0.5)
        session = server.connect()
        with session.cursor() as cursor:
            while time.monotonic() < until:
                cursor.execute("INSERT INTO t VALUES (%s)", (expected,))
                expected += 1
        server.restart_after_kill()
        assert server.run("SELECT count(*), count(DISTINCT a) FROM t") == [(expected, expected)]
