"""Wide tables, large rows, many tables, odd names."""

import os

from harness import compare, process, source
from harness.case import limit
from harness.wait import eventually

TABLES = int(os.environ.get("TAILRACE_MANY_TABLES", "500"))
# The text of a row that is large; updated under identity FULL it goes twice over the wire.
MEGABYTES = int(os.environ.get("TAILRACE_LARGE_ROW", "16"))


def test_sixteen_hundred_columns(case):
    columns = ", ".join(f"c{i} int" for i in range(1599))
    upstream, server = case.followed(f"CREATE TABLE t (k int PRIMARY KEY, {columns}); INSERT INTO t (k, c7, c1598) "
                                     "SELECT i, i * 2, i * 3 FROM generate_series(1, 20) i")
    upstream.run("UPDATE t SET c7 = c7 + 1 WHERE k % 2 = 0; INSERT INTO t (k, c0) VALUES (100, 5); DELETE FROM t WHERE k = 3; "
                 "ALTER TABLE t REPLICA IDENTITY DEFAULT; UPDATE t SET c1000 = k", database="shop")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t", timeout=60)


@limit(300)
def test_large_rows(case):
    ddl = ("CREATE TABLE full_t (k int PRIMARY KEY, small int, large text); CREATE TABLE keyed_t (LIKE full_t INCLUDING ALL); "
           "ALTER TABLE full_t ALTER large SET STORAGE EXTERNAL; ALTER TABLE keyed_t ALTER large SET STORAGE EXTERNAL; "
           f"INSERT INTO full_t VALUES (1, 1, repeat('0123456789abcdef', {MEGABYTES} * 65536))")
    upstream = case.postgres()
    source.prepare_upstream(upstream, ["full_t", "keyed_t"], ddl=ddl)
    upstream.run("ALTER TABLE keyed_t REPLICA IDENTITY DEFAULT", database="shop")
    server = case.tailrace()
    source.follow(server, upstream)
    origin, mirror = case.shop(upstream), case.session(server)

    def equal(table):
        compare.eventually_equal(origin, mirror, f"SELECT k, small FROM {table}", timeout=120)
        compare.assert_equal(origin, mirror, f"SELECT k, small, length(large), md5(large) FROM {table}")

    equal("full_t")
    upstream.run(f"INSERT INTO keyed_t SELECT 2, 2, repeat('fedcba9876543210', {MEGABYTES} * 65536); "
                 f"INSERT INTO full_t SELECT 2, 2, repeat('fedcba9876543210', {MEGABYTES} * 65536)", database="shop")
    upstream.run("UPDATE keyed_t SET small = 3; UPDATE full_t SET small = 3", database="shop")
    equal("full_t")
    equal("keyed_t")
    upstream.run("DELETE FROM keyed_t; DELETE FROM full_t", database="shop")
    equal("full_t")
    equal("keyed_t")
    print(f"{MEGABYTES} MB a row: peak {process.peak_memory_bytes(server.process.pid) >> 20} MiB resident")


@limit(120)
def test_memory_of_a_large_row_is_given_back(case):
    upstream, server = case.followed("CREATE TABLE t (k int PRIMARY KEY, large text); CREATE TABLE marks (n int)", ["t", "marks"])
    before = process.memory_bytes(server.process.pid)
    megabytes = 96
    upstream.run(f"INSERT INTO t SELECT 1, repeat('0123456789abcdef', {megabytes} * 65536); "
                 "UPDATE t SET k = 2; DELETE FROM t; INSERT INTO marks VALUES (1)", database="shop")
    eventually(lambda: server.run("SELECT n FROM marks") == [(1,)], 60, "the mark is here")
    assert process.peak_memory_bytes(server.process.pid) > before + (megabytes << 20)
    eventually(lambda: process.memory_bytes(server.process.pid) < before + (megabytes << 19), 30, "memory is given back")
    upstream.run("INSERT INTO marks VALUES (2)", database="shop")
    eventually(lambda: server.run("SELECT n FROM marks ORDER BY n") == [(1,), (2,)], 30, "the stream goes on")


@limit(600)
def test_many_tables(case):
    ddl = (f"DO $$ BEGIN FOR i IN 1..{TABLES} LOOP EXECUTE format('CREATE TABLE m%s (k int PRIMARY KEY, v text); "
           "INSERT INTO m%s VALUES (1, ''x'')', i, i); IF i % 500 = 0 THEN COMMIT; END IF; END LOOP; END $$")
    upstream = case.postgres(settings={"max_locks_per_transaction": 1000})
    upstream.run("CREATE DATABASE shop")
    upstream.run(ddl, database="shop")
    upstream.run("CREATE PUBLICATION mz_source FOR ALL TABLES", database="shop")
    upstream.run(f"CREATE USER materialize PASSWORD {source.quoted(source.PASSWORD)} REPLICATION SUPERUSER")
    server = case.tailrace()
    source.follow(server, upstream, timeout=400)
    upstream.run("INSERT INTO m1 VALUES (2, 'y'); UPDATE m2 SET v = 'z'; "
                 f"DELETE FROM m{TABLES}", database="shop")
    origin, mirror = case.shop(upstream), case.session(server)
    for table in ("m1", "m2", f"m{TABLES}", f"m{TABLES // 2}"):
        compare.eventually_equal(origin, mirror, f"SELECT * FROM {table}")
    server.restart_after_kill()
    upstream.run("UPDATE m2 SET v = 'after'", database="shop")
    compare.eventually_equal(origin, case.session(server), "SELECT * FROM m2", timeout=60)


def test_names_of_all_kinds(case):
    names = ['Select', 'a b', 'with"quote', "it's", 'ünï', '日本', '😀', 'x' * 63, 'dot.ted', 'semi;colon', '%s', '$1']
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    columns = ", ".join(f"{name} text" for name in quoted)
    ddl = 'CREATE SCHEMA "Odd ""schema"""; ' + "".join(
        f'CREATE TABLE "Odd ""schema""".{name} (k int PRIMARY KEY, {columns}); '
        f'INSERT INTO "Odd ""schema""".{name} (k, {quoted[1]}) VALUES (1, \'v\'); ' for name in quoted)
    upstream = case.postgres()
    source.prepare_upstream(upstream, [f'"Odd ""schema""".{name}' for name in quoted], ddl=ddl)
    server = case.tailrace()
    source.follow(server, upstream)
    for name in quoted:
        upstream.run(f'UPDATE "Odd ""schema""".{name} SET {name} = \'w\'', database="shop")
    for name in quoted:
        compare.eventually_equal(case.shop(upstream), case.session(server), f'SELECT * FROM "Odd ""schema""".{name}', f"SELECT * FROM {name}")
