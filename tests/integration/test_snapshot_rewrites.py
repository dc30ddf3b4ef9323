"""Tables that are truncated or rewritten upstream after a snapshot has begun and before it has read them.

Neither is multi-versioned upstream: the snapshot finds such a table empty, whatever it had when the snapshot began.
"""

from harness import compare, source
from harness.case import limit
from harness.proxy import Proxy
from harness.wait import eventually

DDL = """
CREATE TABLE a_large (id int PRIMARY KEY, filler text);
INSERT INTO a_large SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 30000) i;
CREATE TABLE b_rewritten (id int PRIMARY KEY, v text);
INSERT INTO b_rewritten SELECT i, 'v' || i FROM generate_series(1, 100) i;
CREATE TABLE c_truncated (id int PRIMARY KEY, v text);
INSERT INTO c_truncated SELECT i, 'v' || i FROM generate_series(1, 100) i;
CREATE TABLE d_truncated_by_key (id int PRIMARY KEY, v text);
INSERT INTO d_truncated_by_key SELECT i, 'v' || i FROM generate_series(1, 100) i;
CREATE TABLE e_untouched (id int PRIMARY KEY, v text);
INSERT INTO e_untouched SELECT i, 'v' || i FROM generate_series(1, 100) i;
"""
TABLES = ("a_large", "b_rewritten", "c_truncated", "d_truncated_by_key", "e_untouched")


@limit(120)
def test_rewritten_during_the_snapshot(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, [], ddl=DDL)
    upstream.run("ALTER TABLE d_truncated_by_key REPLICA IDENTITY DEFAULT", database="shop")
    proxy = Proxy(upstream.port)
    case.keep(proxy)
    server = case.tailrace()
    server.run(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)}")
    server.run("CREATE CONNECTION pg_connection TO POSTGRES (HOST '127.0.0.1', "
               f"PORT {proxy.port}, USER 'materialize', PASSWORD SECRET pgpass, DATABASE 'shop')")
    source.create_source(server)
    # The large table is being copied, slowly; what comes after it has not been looked at yet.
    eventually(lambda: upstream.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%%a_large%%'") > 0, 60,
               "the large table is being copied", every=0.001)
    proxy.bytes_per_second = 500_000
    upstream.run("UPDATE b_rewritten SET v = 'changed' WHERE id = 5; DELETE FROM b_rewritten WHERE id = 6;"
                 "UPDATE c_truncated SET v = 'changed' WHERE id = 5; UPDATE d_truncated_by_key SET v = 'changed' WHERE id = 5;"
                 "UPDATE e_untouched SET v = 'changed' WHERE id = 5", database="shop")
    upstream.run("ALTER TABLE b_rewritten ADD COLUMN r float8 DEFAULT random()", database="shop")
    upstream.run("TRUNCATE c_truncated, d_truncated_by_key", database="shop")
    upstream.run("INSERT INTO c_truncated VALUES (1, 'new'); INSERT INTO d_truncated_by_key VALUES (1, 'new')", database="shop")
    copying = upstream.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%%a_large%%' AND state = 'active'")
    assert copying > 0, "too late: the snapshot has already passed the large table"
    proxy.bytes_per_second = None

    eventually(lambda: source.snapshot_committed(server), 60, "the snapshot is committed")
    ours, theirs = server.connect(), upstream.connect("shop")
    for table in TABLES:
        question = f"SELECT id, {'filler' if table == 'a_large' else 'v'} FROM {table}"
        eventually(lambda: not compare.differences(compare.rows(theirs, question), compare.rows(ours, question)), 30,
                   f"{table} is as upstream has it")
    # And the stream goes on from there.
    upstream.run("UPDATE b_rewritten SET v = 'later' WHERE id = 7; UPDATE d_truncated_by_key SET v = 'later'", database="shop")
    for table in TABLES[1:]:
        question = f"SELECT id, v FROM {table}"
        eventually(lambda: not compare.differences(compare.rows(theirs, question), compare.rows(ours, question)), 30,
                   f"{table} follows upstream")
