"""A small shop upstream, and random work on it."""

import random

TABLES = ("customers", "products", "orders", "order_items")

DDL = """
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, region text NOT NULL, credit numeric(12,2));
CREATE TABLE products (id int PRIMARY KEY, name text NOT NULL, price numeric(10,2) NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL, state text NOT NULL, placed_at timestamptz);
CREATE TABLE order_items (order_id int, line int, product_id int NOT NULL, quantity int NOT NULL,
                          PRIMARY KEY (order_id, line));
"""

REVENUE = """SELECT c.region, count(*) AS lines, sum(i.quantity * p.price) AS revenue
FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id
     JOIN customers c ON c.id = o.customer_id
WHERE o.state <> 'cancelled' GROUP BY c.region"""


def fill(orders=1000, customers=100, products=50):
    """SQL which fills the shop with rows that do not depend on chance."""
    return f"""
INSERT INTO customers SELECT i, 'customer ' || i, (ARRAY['north','south','east','west'])[1 + i % 4],
       CASE WHEN i % 7 = 0 THEN NULL ELSE i * 1.25 END FROM generate_series(1, {customers}) i;
INSERT INTO products SELECT i, 'product ' || i, i * 0.99 FROM generate_series(1, {products}) i;
INSERT INTO orders SELECT i, 1 + i % {customers}, (ARRAY['open','paid','sent','cancelled'])[1 + i % 4],
       '2024-01-01 00:00:00+00'::timestamptz + i * interval '1 minute' FROM generate_series(1, {orders}) i;
INSERT INTO order_items SELECT i, l, 1 + (i * l) % {products}, 1 + (i + l) % 5
FROM generate_series(1, {orders}) i, generate_series(1, 3) l;
"""


class Worker:
    """Random transactions on the shop, the same ones for the same seed."""

    def __init__(self, connection, seed, first_order=1_000_000):
        self.connection = connection
        self.random = random.Random(seed)
        self.next_order = first_order
        connection.autocommit = False

    def transaction(self):
        with self.connection.cursor() as cursor:
            for _ in range(self.random.randint(1, 5)):
                self.random.choice((self._order, self._order, self._update, self._delete, self._price,
                                    self._move))(cursor)
            if self.random.random() < 0.1:
                self.connection.rollback()
            else:
                self.connection.commit()

    def _order(self, cursor):
        number = self.next_order
        self.next_order += 1
        cursor.execute("INSERT INTO orders SELECT %s, id, 'open', now() FROM customers "
                       "ORDER BY (id * %s) %% 101 LIMIT 1", (number, self.random.randint(1, 100)))
        for line in range(self.random.randint(1, 4)):
            cursor.execute("INSERT INTO order_items SELECT %s, %s, id, %s FROM products "
                           "ORDER BY (id * %s) %% 53 LIMIT 1",
                           (number, line, self.random.randint(1, 9), self.random.randint(1, 52)))

    def _update(self, cursor):
        cursor.execute("UPDATE orders SET state = %s WHERE id %% 97 = %s",
                       (self.random.choice(("open", "paid", "sent", "cancelled")), self.random.randint(0, 96)))

    def _delete(self, cursor):
        rest = self.random.randint(0, 210)
        cursor.execute("DELETE FROM order_items WHERE order_id %% 211 = %s", (rest,))
        cursor.execute("DELETE FROM orders WHERE id %% 211 = %s", (rest,))

    def _price(self, cursor):
        cursor.execute("UPDATE products SET price = price + %s WHERE id %% 13 = %s",
                       (self.random.choice(("0.01", "1.10", "-0.5")), self.random.randint(0, 12)))

    def _move(self, cursor):
        cursor.execute("UPDATE customers SET region = %s, credit = NULLIF(credit, 5) WHERE id %% 23 = %s",
                       (self.random.choice(("north", "south", "east", "west", "abroad")),
                        self.random.randint(0, 22)))
