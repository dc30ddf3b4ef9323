"""A materialized view stays equal to the same query upstream, whatever changes."""

import time

from harness import compare, shop
from harness.case import limit
from harness.wait import eventually

VIEWS = {
    "revenue": shop.REVENUE,
    "big_spenders": "SELECT c.id, c.name, count(DISTINCT o.id) AS orders, max(o.id) AS latest, "
                    "min(i.quantity) AS least FROM customers c JOIN orders o ON o.customer_id = c.id JOIN order_items i ON i.order_id = o.id "
                    "GROUP BY c.id, c.name HAVING count(DISTINCT o.id) > 8",
    "without_orders": "SELECT c.id, c.region FROM customers c LEFT JOIN orders o ON o.customer_id = c.id "
                      "AND o.state = 'paid' WHERE o.id IS NULL",
    "never_sold": "SELECT p.id FROM products p WHERE NOT EXISTS "
                  "(SELECT 1 FROM order_items i WHERE i.product_id = p.id AND i.quantity > 4)",
    "states": "SELECT DISTINCT state FROM orders UNION SELECT region FROM customers EXCEPT SELECT 'open'",
    "full_outer": "SELECT c.id AS customer, o.id AS placed FROM (SELECT * FROM customers WHERE id % 3 = 0) c "
                  "FULL JOIN (SELECT * FROM orders WHERE id % 50 = 0) o ON o.customer_id = c.id",
    "dearest": "SELECT i.order_id, sum(i.quantity * p.price) AS total, bool_or(p.price > 40) AS luxury, "
               "string_agg(p.name, ',' ORDER BY p.name, i.line) AS names FROM order_items i "
               "JOIN products p ON p.id = i.product_id WHERE i.order_id % 17 = 0 GROUP BY i.order_id",
    "averages": "SELECT state, avg(id)::numeric(20,4) AS middle, count(placed_at) AS known FROM orders GROUP BY state",
    "above_average": "SELECT id, price FROM products WHERE price > (SELECT avg(price) FROM products)",
}


@limit(300)
def test_views_follow_random_changes(case):
    upstream, server = case.followed(shop.DDL + shop.fill(), shop.TABLES)
    for name, query in VIEWS.items():
        server.run(f"CREATE MATERIALIZED VIEW {name} AS {query}")
    worker = shop.Worker(case.shop(upstream), seed=5)
    origin, mirror = case.shop(upstream), case.session(server)
    for _ in range(6):
        for _ in range(30):
            worker.transaction()
        for name, query in VIEWS.items():
            compare.eventually_equal(origin, mirror, query, f"SELECT * FROM {name}")
            compare.assert_equal(origin, mirror, query)


def test_view_follows_truncate(case):
    upstream, server = case.followed(shop.DDL + shop.fill(), shop.TABLES)
    server.run(f"CREATE MATERIALIZED VIEW revenue AS {shop.REVENUE}")
    upstream.run("TRUNCATE order_items", database="shop")
    compare.eventually_equal(case.shop(upstream), case.session(server), shop.REVENUE, "SELECT * FROM revenue")
    assert server.run("SELECT * FROM revenue") == []


def test_view_over_a_view(case):
    upstream, server = case.followed(shop.DDL + shop.fill(), shop.TABLES)
    server.run(f"CREATE VIEW revenue AS {shop.REVENUE}")
    server.run("CREATE MATERIALIZED VIEW best AS SELECT max(revenue) AS m FROM revenue")
    server.run("CREATE MATERIALIZED VIEW twice AS SELECT m * 2 AS m FROM best")
    upstream.run("UPDATE products SET price = price * 3 WHERE id = 1", database="shop")
    compare.eventually_equal(case.shop(upstream), case.session(server),
                             f"SELECT max(revenue) * 2 FROM ({shop.REVENUE}) r", "SELECT m FROM twice")


def test_a_view_is_never_torn(case):
    """A view and its input, read together, are of one time."""
    upstream, server = case.followed("CREATE TABLE t (k int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1), (2, 2)")
    server.run("CREATE MATERIALIZED VIEW total AS SELECT sum(n) AS n FROM t")
    origin, mirror = case.shop(upstream), case.session(server)
    for step in range(50):
        with origin.cursor() as cursor:
            cursor.execute(f"UPDATE t SET n = n + {step} WHERE k = 1")
        with mirror.cursor() as cursor:
            cursor.execute("SELECT (SELECT n FROM total) - (SELECT sum(n) FROM t)")
            assert cursor.fetchone() == (0,)


def test_errors_in_a_view_come_and_go(case):
    upstream, server = case.followed("CREATE TABLE t (k int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1)")
    server.run("CREATE MATERIALIZED VIEW inverse AS SELECT k, 10 / n AS v FROM t")
    assert server.run("SELECT * FROM inverse") == [(1, 10)]
    upstream.run("INSERT INTO t VALUES (2, 0)", database="shop")

    def fails():
        try:
            server.run("SELECT * FROM inverse", timeout=10)
            return False
        except Exception as error:
            assert "division by zero" in str(error), error
            return True

    eventually(fails, 20, "the view answers with the error")
    upstream.run("UPDATE t SET n = 5 WHERE k = 2", database="shop")

    def heals():
        try:
            return sorted(server.run("SELECT * FROM inverse", timeout=10)) == [(1, 10), (2, 2)]
        except Exception:  # noqa: BLE001 (the error is still there)
            return False

    eventually(heals, 20, "the view recovers when the cause is gone")


def test_temporal_filter_forgets_old_rows(case):
    server = case.tailrace()
    server.run("CREATE TABLE events (at timestamptz, what text)")
    server.run("CREATE MATERIALIZED VIEW recent AS SELECT what FROM events WHERE mz_now() <= at + INTERVAL '2 seconds'")
    server.run("INSERT INTO events VALUES (now(), 'short'), (now() + INTERVAL '1 hour', 'long')")
    started = time.monotonic()
    assert sorted(server.run("SELECT * FROM recent")) == [("long",), ("short",)]
    eventually(lambda: server.run("SELECT * FROM recent") == [("long",)], 20, "the row goes when its time is over")
    assert time.monotonic() - started > 1.0, "too early"


def test_dependencies_hold_back_a_drop(case):
    server = case.tailrace()
    server.run("CREATE TABLE t (a int)")
    server.run("CREATE MATERIALIZED VIEW v AS SELECT * FROM t")
    try:
        server.run("DROP TABLE t")
        raise AssertionError("dropped although a view depends on it")
    except Exception as error:
        assert "depended upon by" in str(error), error
    server.run("DROP TABLE t CASCADE")
    assert server.run("SHOW TABLES") == [] and server.run("SHOW MATERIALIZED VIEWS") == []
