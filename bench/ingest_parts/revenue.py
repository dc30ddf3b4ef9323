"""From an update of one order upstream to the changed revenue view here, in a small and in a large shop.

The goal speaks of engine time; what is measured here is longer: it has the way from upstream and a SELECT in it.
"""

import time

from harness import shop, source

from .freshness import percentile

UPDATES = 200
GOAL_MS = 5


def view_delays(upstream, server, orders):
    """Milliseconds from the acknowledged update until the view has changed."""
    writer, reader = upstream.connect("shop"), server.connect()
    delays = []
    with writer.cursor() as write, reader.cursor() as read:
        read.execute("SELECT lines FROM revenue WHERE region = 'north'")
        for number in range(UPDATES):
            # One order of a customer in the north, cancelled and restored in turns: its lines come and go.
            state = "cancelled" if number % 2 == 0 else "paid"
            before = read_lines(read)
            write.execute(f"UPDATE orders SET state = '{state}' WHERE id = {orders}")
            acknowledged = time.monotonic()
            while read_lines(read) == before:
                if time.monotonic() > acknowledged + 10:
                    raise RuntimeError("the view does not change")
                time.sleep(0.0005)
            delays.append(1000 * (time.monotonic() - acknowledged))
    writer.close()
    reader.close()
    return delays


def read_lines(cursor):
    cursor.execute("SELECT lines FROM revenue WHERE region = 'north'")
    return cursor.fetchone()


def measure(servers, report):
    for orders in (20_000, 200_000):
        # The order that changes: customer 1 + orders % 1000 = 4 is in the north (1 + 4 % 4 = 1).
        orders += 3
        upstream = servers.postgres(f"shop{orders}")
        source.prepare_upstream(upstream, shop.TABLES, ddl=shop.DDL + shop.fill(orders, customers=1000))
        upstream.run(f"UPDATE orders SET state = 'paid' WHERE id = {orders}", database="shop")
        server = servers.new_tailrace(f"shop{orders}-tailrace")
        name = f"order to revenue view, {orders * 4:,} rows, median"
        if server:
            source.follow(server, upstream)
            server.run(f"CREATE VIEW revenue AS {shop.REVENUE}")
            server.run("CREATE INDEX revenue_region ON revenue (region)")
            server.run("SELECT * FROM revenue", timeout=120)
            delays = view_delays(upstream, server, orders)
            report.add(name, percentile(delays, 0.5), "ms", goal=f"under {GOAL_MS} ms",
                       met=percentile(delays, 0.5) < GOAL_MS)
            report.add("  99th percentile", percentile(delays, 0.99), "ms")
        else:
            report.add(name, None, "ms")
        servers.stop(server)
        servers.stop(upstream)
