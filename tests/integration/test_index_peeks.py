"""Indexes answer look-ups, with the rows a scan would give."""

from harness import compare, shop


def test_index_on_a_view_answers_look_ups(case):
    upstream, server = case.followed(shop.DDL + shop.fill(), shop.TABLES)
    server.run(f"CREATE VIEW revenue AS {shop.REVENUE}")
    server.run("CREATE INDEX revenue_region ON revenue (region)")
    origin, mirror = case.shop(upstream), case.session(server)
    for region in ("north", "south", "nowhere"):
        compare.eventually_equal(origin, mirror, f"SELECT * FROM ({shop.REVENUE}) r WHERE region = '{region}'",
                                 f"SELECT * FROM revenue WHERE region = '{region}'")
    assert "revenue_region" in server.value("EXPLAIN SELECT * FROM revenue WHERE region = 'north'")


def test_index_on_a_subsource_follows_changes(case):
    upstream, server = case.followed(shop.DDL + shop.fill(), shop.TABLES)
    server.run("CREATE INDEX orders_id ON orders (id)")
    origin, mirror = case.shop(upstream), case.session(server)
    worker = shop.Worker(case.shop(upstream), seed=8)
    for step in range(30):
        worker.transaction()
        compare.eventually_equal(origin, mirror, f"SELECT * FROM orders WHERE id = {step * 7}")
    compare.eventually_equal(origin, mirror, "SELECT * FROM orders WHERE id IN (1, 5, 1000000, 1000003) OR id = 9")


def test_index_on_several_columns(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (a int, b text, c int)")
    server.run("INSERT INTO t VALUES (1, 'x', 10), (1, 'x', 11), (1, 'y', 12), (2, 'x', 13), (NULL, 'x', 14), "
               "(1, NULL, 15)")
    server.run("CREATE INDEX t_ab ON t (a, b)")
    assert sorted(server.run("SELECT c FROM t WHERE a = 1 AND b = 'x'")) == [(10,), (11,)]
    assert server.run("SELECT c FROM t WHERE a = 1 AND b IS NULL") == [(15,)]
    assert server.run("SELECT c FROM t WHERE a = 3 AND b = 'x'") == []


def test_default_index_is_named_after_the_relation(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (a int)")
    server.run("CREATE DEFAULT INDEX ON t")
    assert server.run("SELECT name FROM mz_indexes WHERE id LIKE 'u%'") == [("t_primary_idx",)]


def test_index_survives_restart(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (a int, b int)")
    server.run("INSERT INTO t SELECT i, i * 2 FROM generate_series(1, 10000) i")
    server.run("CREATE INDEX t_a ON t (a)")
    server.restart_after_kill()
    assert server.run("SELECT b FROM t WHERE a = 77") == [(154,)]
