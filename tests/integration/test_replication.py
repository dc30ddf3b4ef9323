"""The source and the store against real PostgreSQL servers, without SQL on our side."""

import io
import random
import threading
import time
from collections import Counter
from pathlib import Path

from harness import postgres, process
from harness.case import limit
from harness.follow import Follow
from harness.wait import eventually

DDL = """
CREATE TABLE accounts (id int PRIMARY KEY, balance bigint NOT NULL, note text);
CREATE TABLE entries (id bigserial PRIMARY KEY, account int NOT NULL, amount bigint NOT NULL, at timestamptz);
CREATE TABLE wide (id int PRIMARY KEY, small int, large text);
INSERT INTO accounts SELECT g, 1000, 'account ' || g FROM generate_series(1, 1000) g;
INSERT INTO entries (account, amount, at) SELECT 1 + g % 1000, g, '2024-01-01'::timestamptz + g * interval '1 s'
  FROM generate_series(1, 5000) g;
INSERT INTO wide SELECT g, g, string_agg(md5((g * 1000 + i)::text), '') FROM generate_series(1, 20) g,
  generate_series(1, 400) i GROUP BY g;
"""
TABLES = ["public.accounts", "public.entries", "public.wide"]


def prepare(upstream, ddl=DDL, database="shop"):
    upstream.run(f"CREATE DATABASE {database}")
    upstream.run(ddl, database=database)
    upstream.run("CREATE USER follower PASSWORD 'pw' REPLICATION")
    upstream.run("""
        DO $$ DECLARE t text; BEGIN
          FOR t IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
                   WHERE schemaname NOT IN ('pg_catalog', 'information_schema') LOOP
            EXECUTE 'ALTER TABLE ' || t || ' REPLICA IDENTITY FULL';
          END LOOP; END $$;
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO follower;
        CREATE PUBLICATION pub FOR ALL TABLES;""", database=database)


def follower(case, upstream, **options):
    """A follower that ends with the test."""
    binary = Path(case.binary).parent / "tests" / "replication" / "tailrace_follow"
    made = Follow(binary, case.folder / "store", upstream, **options)

    class Closing:
        def close(self):
            if made.process and made.process.poll() is None:
                made.kill()

    case.keep(Closing())
    return made.start()


def upstream_rows(upstream, table, database="shop"):
    """As the follower prints them."""
    session = upstream.connect(database)
    try:
        with session.cursor() as cursor:
            cursor.execute("SET timezone = UTC; SET extra_float_digits = 3")
            out = io.StringIO()
            cursor.copy_expert(f"COPY (SELECT * FROM {table}) TO STDOUT", out)
            return Counter(out.getvalue().splitlines())
    finally:
        session.close()


def check_equal(made, upstream, tables=TABLES):
    made.ask("recent")
    rows, errors = made.rows(*tables)
    for table in tables:
        assert not errors[table], errors[table]
        expected = upstream_rows(upstream, table)
        missing, extra = expected - rows[table], rows[table] - expected
        assert not missing and not extra and all(count > 0 for count in rows[table].values()), (
            f"{table}: {sum(missing.values())} missing {list(missing)[:3]}, "
            f"{sum(extra.values())} extra {list(extra)[:3]}, "
            f"{[(row, count) for row, count in rows[table].items() if count < 0][:3]}")


def transfer(cursor, rng):
    """One transaction: money moves between two accounts, with an entry for each side."""
    a, b, amount = rng.randint(1, 1000), rng.randint(1, 1000), rng.randint(1, 50)
    cursor.execute(
        f"BEGIN; UPDATE accounts SET balance = balance - {amount} WHERE id = {a};"
        f"UPDATE accounts SET balance = balance + {amount} WHERE id = {b};"
        f"INSERT INTO entries (account, amount, at) VALUES ({a}, {-amount}, now()), ({b}, {amount}, now()); COMMIT")


class Workload:
    """Random transactions in a thread until stopped; survives restarts of the server."""

    def __init__(self, upstream, seed):
        self.upstream, self.rng, self.stopping, self.transactions = upstream, random.Random(seed), False, 0
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        session = None
        while not self.stopping:
            try:
                session = session or self.upstream.connect("shop")
                with session.cursor() as cursor:
                    self._step(cursor)
                self.transactions += 1
            except Exception:  # the server restarts: try again
                session = None
                time.sleep(0.1)

    def _step(self, cursor):
        kind, rng = self.rng.random(), self.rng
        if kind < 0.7:
            transfer(cursor, rng)
        elif kind < 0.8:
            cursor.execute(f"UPDATE wide SET small = small + 1 WHERE id = {rng.randint(1, 20)}")
        elif kind < 0.9:
            cursor.execute(f"DELETE FROM entries WHERE id = (SELECT min(id) FROM entries) OR id % 997 = {rng.randint(0, 996)}")
        elif kind < 0.95:
            cursor.execute(f"BEGIN; SAVEPOINT s; INSERT INTO accounts VALUES ({5000 + self.transactions}, 1, 'x'); "
                           "ROLLBACK TO s; UPDATE accounts SET note = note || '.' WHERE id % 100 = 7; COMMIT")
        else:
            cursor.execute("BEGIN; INSERT INTO entries (account, amount) SELECT 1, g FROM generate_series(1, 500) g; ROLLBACK")

    def stop(self):
        self.stopping = True
        self.thread.join()


def check_atomic(made):
    """Balances change by transfers only: their sum and the sum of transfer entries agree at every time."""
    rows, errors = made.rows("public.accounts")
    assert not errors["public.accounts"]
    total = sum(int(row.split("\t")[1]) * count for row, count in rows["public.accounts"].items())
    assert total == 1000 * 1000, total


def test_snapshot_and_stream(case):
    upstream = case.postgres()
    prepare(upstream)
    made = follower(case, upstream)
    made.ask("readable")
    check_equal(made, upstream)
    upstream.run("INSERT INTO accounts VALUES (2001, 5, NULL), (2002, 6, ''); "
                 "UPDATE accounts SET id = 2003 WHERE id = 2001; DELETE FROM entries WHERE id % 2 = 0; "
                 "UPDATE wide SET small = 7 WHERE id = 3", database="shop")
    check_equal(made, upstream)
    statistics = made.statistics()
    assert statistics["public.accounts"]["known"] == statistics["public.accounts"]["copied"] == "1000"
    assert statistics["public.accounts"]["committed"] == str(1000 + 2 + 2), statistics
    assert statistics["public.entries"]["committed"] == "7500"
    assert statistics["source"]["snapshot_committed"] == "true"


def test_unchanged_large_values_survive(case):
    upstream = case.postgres()
    prepare(upstream)
    made = follower(case, upstream)
    made.ask("readable")
    for _ in range(3):
        upstream.run("UPDATE wide SET small = small + 1", database="shop")
    upstream.run("UPDATE wide SET large = 'short' WHERE id = 1; UPDATE wide SET id = id + 100", database="shop")
    check_equal(made, upstream)


def test_truncate(case):
    upstream = case.postgres()
    prepare(upstream)
    made = follower(case, upstream)
    made.ask("readable")
    upstream.run("BEGIN; INSERT INTO entries (account, amount) VALUES (1, 1); TRUNCATE entries, wide; "
                 "INSERT INTO entries (account, amount) VALUES (2, 2); COMMIT", database="shop")
    check_equal(made, upstream)
    upstream.run("TRUNCATE entries", database="shop")
    upstream.run("INSERT INTO entries (account, amount) VALUES (3, 3)", database="shop")
    check_equal(made, upstream)


@limit(240)
def test_transactions_are_whole_while_written(case):
    upstream = case.postgres()
    prepare(upstream)
    work = [Workload(upstream, seed) for seed in (1, 2)]
    made = follower(case, upstream)
    made.ask("readable")
    for _ in range(30):
        check_atomic(made)
        time.sleep(0.05)
    for one in work:
        one.stop()
    assert sum(one.transactions for one in work) > 100
    check_equal(made, upstream)


@limit(300)
def test_killed_at_random_moments(case):
    upstream = case.postgres()
    prepare(upstream)
    work = [Workload(upstream, seed) for seed in (3, 4)]
    made = follower(case, upstream)
    rng = random.Random(5)
    for round_ in range(12):
        time.sleep(rng.random() * (0.3 if round_ < 4 else 1.2))
        made.kill()
        made.start()
    made.ask("readable")
    check_atomic(made)
    for one in work:
        one.stop()
    check_equal(made, upstream)
    assert upstream.value("SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'materialize%'") == 1


@limit(240)
def test_upstream_restarts(case):
    upstream = case.postgres()
    prepare(upstream)
    work = Workload(upstream, 6)
    made = follower(case, upstream)
    made.ask("readable")
    for mode in ("fast", "immediate", "fast"):
        time.sleep(0.5)
        upstream.restart(mode)
    time.sleep(0.5)
    upstream.end_backends("application_name LIKE 'tailrace%'")
    work.stop()
    check_equal(made, upstream)
    assert any("stalled|postgres: " in line for line in made.status())


@limit(240)
def test_table_added_while_written(case):
    upstream = case.postgres()
    prepare(upstream)
    made = follower(case, upstream)
    made.ask("readable")
    upstream.run("CREATE TABLE late (id int PRIMARY KEY, n int); ALTER TABLE late REPLICA IDENTITY FULL; "
                 "GRANT SELECT ON late TO follower; INSERT INTO late SELECT g, 0 FROM generate_series(1, 20000) g",
                 database="shop")
    stopping = threading.Event()

    def write():
        session = upstream.connect("shop")
        rng = random.Random(8)
        while not stopping.is_set():
            with session.cursor() as cursor:
                cursor.execute(f"UPDATE late SET n = n + 1 WHERE id % 1000 = {rng.randint(0, 999)}")

    writer = threading.Thread(target=write)
    writer.start()
    made.ask("add public.late")
    made.ask("readable")
    time.sleep(0.3)
    stopping.set()
    writer.join()
    check_equal(made, upstream, TABLES + ["public.late"])
    made.ask("remove public.late")
    upstream.run("INSERT INTO late VALUES (-1, -1)", database="shop")
    check_equal(made, upstream)


@limit(240)
def test_large_transaction(case):
    upstream = case.postgres(settings={"wal_sender_timeout": "2s"})
    prepare(upstream)
    made = follower(case, upstream)
    made.ask("readable")
    upstream.run("BEGIN; INSERT INTO entries (account, amount) SELECT 1, g FROM generate_series(1, 400000) g; "
                 "DELETE FROM entries WHERE amount % 3 = 0; UPDATE accounts SET balance = balance + 1; COMMIT",
                 database="shop")
    check_equal(made, upstream)


def test_schema_changes_cease_one_table(case):
    upstream = case.postgres()
    prepare(upstream)
    made = follower(case, upstream)
    made.ask("readable")
    upstream.run("ALTER TABLE accounts ADD COLUMN extra int DEFAULT 3; "
                 "INSERT INTO accounts VALUES (3000, 1, 'more', 4)", database="shop")
    made.ask("recent")
    rows, errors = made.rows("public.accounts")
    assert not errors["public.accounts"] and rows["public.accounts"]["3000\t1\tmore"] == 1
    upstream.run("ALTER TABLE wide DROP COLUMN small; INSERT INTO wide VALUES (77, 'x')", database="shop")
    made.ask("recent")
    _, errors = made.rows("public.wide", "public.entries")
    assert not errors["public.entries"]
    assert len(errors["public.wide"]) == 1 and "incompatible schema change" in list(errors["public.wide"])[0]
    assert any("public.wide|ceased" in line for line in made.status())
    made.kill()
    made.start()
    upstream.run("DELETE FROM entries WHERE id < 100", database="shop")
    check_equal(made, upstream, ["public.entries"])
    upstream.run("DROP TABLE entries", database="shop")
    eventually(lambda: made.rows("public.entries")[1]["public.entries"], 40, "the validator sees the drop")


def test_bad_values_are_errors_of_their_rows(case):
    upstream = case.postgres()
    prepare(upstream, "CREATE TABLE dates (id int PRIMARY KEY, d date, n numeric); "
                      "INSERT INTO dates VALUES (1, '2024-01-01', 1.50), (2, 'infinity', 2), (3, NULL, 1e100)")
    made = follower(case, upstream)
    made.ask("readable")
    rows, errors = made.rows("public.dates")
    assert list(rows["public.dates"]) == ["1\t2024-01-01\t1.5"], rows
    assert sum(errors["public.dates"].values()) == 2, errors
    upstream.run("DELETE FROM dates WHERE id = 2; UPDATE dates SET n = 3 WHERE id = 3; "
                 "INSERT INTO dates VALUES (4, '-infinity', 4)", database="shop")
    made.ask("recent")
    rows, errors = made.rows("public.dates")
    assert set(rows["public.dates"]) == {"1\t2024-01-01\t1.5", "3\t\\N\t3"}, rows
    assert sum(errors["public.dates"].values()) == 1, errors
    upstream.run("DELETE FROM dates WHERE id = 4", database="shop")
    made.ask("recent")
    assert not made.rows("public.dates")[1]["public.dates"]


def test_lost_slot_ceases_all_tables(case):
    upstream = case.postgres()
    prepare(upstream)
    made = follower(case, upstream)
    made.ask("readable")
    made.kill()
    eventually(lambda: upstream.run("SELECT 1 FROM pg_replication_slots WHERE active") == [], 20)
    upstream.run("SELECT pg_drop_replication_slot('materialize_test')")
    made.start()
    made.ask("readable")
    eventually(lambda: made.rows("public.entries")[1]["public.entries"], 20)
    assert "slot overcompacted" in list(made.rows("public.wide")[1]["public.wide"])[0]


def test_idle_tables_do_not_hold_the_log(case):
    upstream = case.postgres()
    prepare(upstream)
    made = follower(case, upstream)
    made.ask("readable")
    upstream.run("CREATE TABLE neighbour (a text)")  # another database
    before = upstream.value("SELECT pg_current_wal_lsn()")
    upstream.run("INSERT INTO neighbour SELECT repeat('x', 100) FROM generate_series(1, 10000)")
    eventually(lambda: upstream.value(f"SELECT confirmed_flush_lsn > '{before}' FROM pg_replication_slots"), 20,
               "the slot moves on")


@limit(180)
def test_types_are_equal_in_snapshot_and_stream(case):
    upstream = case.postgres()
    prepare(upstream, """
        CREATE TYPE mood AS ENUM ('sad', 'happy');
        CREATE TABLE all_types (id int PRIMARY KEY, b bool, c "char", i2 int2, i8 int8, f4 float4, f8 float8,
          n numeric(10, 3), t text, v varchar(20), p char(10), y bytea, d date, ti time, ts timestamp, tz timestamptz,
          iv interval, u uuid, j jsonb, o oid, ia int[], ta text[], r int4range, m mood, ip inet, s smallint NOT NULL);
        INSERT INTO all_types VALUES
          (1, true, 'a', -32768, 9223372036854775807, 'NaN', '-0', 1.5, E'tab\\there', 'v', 'abc', '\\x00ff', '2024-02-29',
           '23:59:59.123456', '0044-03-15 01:02:03 BC', '2024-01-01 00:00:00.5+02', '1 year 2 mons -3 days 04:05:06.7',
           '00000000-0000-0000-0000-000000000001', '{"b": 1, "a": [1.0, null]}', 4294967295, '{{1,2},{3,NULL}}',
           '{"a b",NULL,"NULL",""}', '[1,10)', 'happy', '10.0.0.1', 1),
          (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, NULL, NULL, NULL, NULL, NULL, 2),
          (3, false, '', 0, 0, 'Infinity', 1e-300, -0.001, '', '', '', '', '0001-01-01', '00:00', 'epoch', 'epoch', '0',
           'ffffffff-ffff-ffff-ffff-ffffffffffff', '"x"', 0, '{}', '{}', 'empty', 'sad', '::1/64', 3)""")
    made = follower(case, upstream, text_columns=["all_types.m", "all_types.ip"])
    made.ask("readable")
    table = "public.all_types"
    first, errors = made.rows(table)
    assert not errors[table] and len(first[table]) == 3, (first, errors)
    upstream.run("UPDATE all_types SET id = id + 10", database="shop")
    made.ask("recent")
    second, errors = made.rows(table)
    assert not errors[table], errors
    moved = Counter({f"{int(row.split(chr(9), 1)[0]) + 10}\t{row.split(chr(9), 1)[1]}": count
                     for row, count in first[table].items()})
    assert second[table] == moved, (second[table] - moved, moved - second[table])
    upstream.run("DELETE FROM all_types", database="shop")
    made.ask("recent")
    assert made.rows(table) == ({table: Counter()}, {table: Counter()})


def test_binary_stream_equals_text(case):
    upstream = case.postgres()
    prepare(upstream, """
        CREATE TABLE plain (id int PRIMARY KEY, b bool, c "char", i2 int2, i8 int8, f4 float4, f8 float8, t text,
          v varchar(9), p char(10), y bytea, u uuid, o oid);
        INSERT INTO plain VALUES (1, true, 'a', -1, -9223372036854775808, 1.1, -0.0, 'text', 'v', 'abc', '\\xff00',
          '00000000-0000-0000-0000-00000000000a', 4294967295),
          (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (3, false, '\\377', 0, 0, 'NaN', 'Infinity', '', '', '',
          '', NULL, 0)""")
    made = follower(case, upstream)
    made.ask("readable")
    table = "public.plain"
    first, errors = made.rows(table)
    assert not errors[table] and len(first[table]) == 3, (first, errors)
    upstream.run("UPDATE plain SET id = id + 10; UPDATE plain SET id = id - 10", database="shop")
    made.ask("recent")
    assert made.rows(table) == (first, errors)
    upstream.run("DELETE FROM plain", database="shop")
    made.ask("recent")
    assert made.rows(table) == ({table: Counter()}, {table: Counter()})


def test_revoked_select_heals(case):
    upstream = case.postgres()
    prepare(upstream)
    made = follower(case, upstream)
    made.ask("readable")
    upstream.run("CREATE TABLE late (id int PRIMARY KEY); ALTER TABLE late REPLICA IDENTITY FULL; "
                 "GRANT SELECT ON late TO follower; INSERT INTO late SELECT generate_series(1, 100)", database="shop")
    locker = case.keep(upstream.connect("shop", autocommit=False))
    with locker.cursor() as cursor:  # holds the snapshot back while SELECT is taken away
        cursor.execute("INSERT INTO late VALUES (1000)")
        made.ask("add public.late")
        upstream.run("REVOKE SELECT ON late FROM follower", database="shop")
    locker.commit()
    eventually(lambda: any("public.late|stalled|postgres: ERROR permission denied" in line for line in made.status()), 20)
    upstream.run("UPDATE accounts SET balance = 0 WHERE id = 1", database="shop")
    check_equal(made, upstream)  # the others go on
    upstream.run("GRANT SELECT ON late TO follower", database="shop")
    made.ask("readable")
    check_equal(made, upstream, ["public.late"])


def test_dropped_publication_ceases_all_tables(case):
    upstream = case.postgres()
    prepare(upstream)
    made = follower(case, upstream)
    made.ask("readable")
    upstream.run("DROP PUBLICATION pub; DELETE FROM entries WHERE id = 1", database="shop")
    eventually(lambda: made.rows("public.entries")[1]["public.entries"], 40)
    _, errors = made.rows(*TABLES)
    for table in TABLES:
        assert any('publication "pub" does not exist' in error for error in errors[table]), errors
    statuses = made.status()
    assert any(line.startswith("source|stalled|") for line in statuses), statuses
    assert any("public.wide|ceased" in line for line in statuses), statuses


def test_slot_held_by_another_is_taken_over(case):
    upstream = case.postgres(settings={"wal_sender_timeout": "0"})
    prepare(upstream)
    made = follower(case, upstream)
    made.ask("readable")
    made.kill()
    other = process.spawn([postgres.BINARIES / "pg_recvlogical", "-h", upstream.home, "-p", upstream.port, "-U", "postgres",
                           "-d", "shop", "--slot", "materialize_test", "--start", "-o", "proto_version=1", "-o",
                           "publication_names=pub", "-f", "/dev/null", "--no-loop"], on_our_death="KILL")
    eventually(lambda: upstream.value("SELECT active FROM pg_replication_slots"), 20)
    upstream.run("UPDATE accounts SET balance = 5 WHERE id = 5", database="shop")
    made.start()
    try:
        # pg_recvlogical confirms what it reads only by a flush; ending it here is what the source must do itself,
        # but only a role like the one that holds the slot may.
        upstream.run("GRANT pg_signal_backend TO follower")
        upstream.end_backends("application_name = 'pg_recvlogical'")
        made.ask("recent")
    finally:
        other.kill()
        other.wait()


def creation_error(case, upstream, **options):
    binary = Path(case.binary).parent / "tests" / "replication" / "tailrace_follow"
    case.creations = getattr(case, "creations", 0) + 1
    made = Follow(binary, case.folder / f"store{case.creations}", upstream, **options)
    made.start()
    answer = "\n".join(made.first)
    made.kill()
    assert "pw" not in answer.replace("pw_", ""), answer
    return answer


def test_creation_is_checked(case):
    upstream = case.postgres(settings={"max_replication_slots": 2})
    prepare(upstream, DDL + "CREATE TABLE odd (m money, i inet); CREATE TABLE plain_identity (a int)")
    run = lambda sql: upstream.run(sql, database="shop")
    assert "publication \"nope\" does not exist" in creation_error(case, upstream, publication="nope")
    assert "referenced tables use unsupported types" in (answer := creation_error(case, upstream))
    assert "table public.odd contains column m of type money" in answer and "column i of type inet" in answer
    run("DROP TABLE odd; ALTER TABLE plain_identity REPLICA IDENTITY DEFAULT; "
        "CREATE TABLE parted (a int) PARTITION BY LIST (a); CREATE TABLE part1 PARTITION OF parted FOR VALUES IN (1); "
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO follower")
    answer = creation_error(case, upstream)
    assert "referenced items not tables with REPLICA IDENTITY FULL" in answer
    assert "referenced items: public.part1, public.plain_identity" in answer, answer
    run("DROP TABLE parted, plain_identity; CREATE SCHEMA hidden; CREATE TABLE hidden.\"odd \"\"name\"\"\" (a int); "
        "REVOKE SELECT ON wide FROM follower")
    assert "user lacks USAGE privileges for schemas hidden" in creation_error(case, upstream)
    run("GRANT USAGE ON SCHEMA hidden TO follower")
    answer = creation_error(case, upstream)
    assert "user lacks SELECT privileges for tables hidden.\"odd \"\"name\"\"\", public.wide" in answer, answer
    run("DROP SCHEMA hidden CASCADE; GRANT SELECT ON wide TO follower; ALTER TABLE wide ENABLE ROW LEVEL SECURITY; "
        "CREATE POLICY one ON wide FOR SELECT TO PUBLIC USING (id = 1)")
    assert "one or more tables requires BYPASSRLS" in creation_error(case, upstream)
    run("DROP POLICY one ON wide; CREATE POLICY one ON wide FOR UPDATE TO PUBLIC USING (id = 1)")
    assert creation_error(case, upstream) == "ready"
    run("ALTER TABLE wide DISABLE ROW LEVEL SECURITY")
    upstream.run("SELECT pg_create_physical_replication_slot('taken')")
    assert "insufficient number of replication slots available" in creation_error(case, upstream)
    upstream.run("SELECT pg_drop_replication_slot('taken')")
    run("ALTER USER follower NOREPLICATION")
    assert "replication role" in creation_error(case, upstream)
    run("ALTER USER follower REPLICATION; CREATE SCHEMA other; CREATE TABLE other.wide (a int); "
        "GRANT USAGE ON SCHEMA other TO follower; GRANT SELECT ON other.wide TO follower")
    answer = creation_error(case, upstream)
    assert "multiple subsources would be named wide" in answer and "shop.other.wide, shop.public.wide" in answer, answer
    run("DROP SCHEMA other CASCADE")
    answer = creation_error(case, upstream, text_columns=["wide.SMALL"])
    assert 'invalid TEXT COLUMNS option value: column "wide.SMALL" does not exist' in answer
    assert 'The similarly named column "wide.small" does exist.' in answer
    assert "password authentication failed" in creation_error(case, upstream, password="wrong")
    assert 'database "nope" does not exist' in creation_error(case, upstream, database="nope")
    assert "failed to lookup address information" in creation_error(case, upstream, host="no-such-host.invalid")
    upstream.stop()
    assert "error connecting to server: Connection refused" in creation_error(case, upstream)


def test_tls(case):
    upstream = case.postgres(tls=True)
    prepare(upstream)
    authority = upstream.home / "server.crt"
    assert creation_error(case, upstream, ssl={"MODE": "require"}) == "ready"
    assert (answer := creation_error(case, upstream, ssl={"MODE": "verify-full", "CA": authority})) == "ready", answer
    assert creation_error(case, upstream, host="localhost", ssl={"MODE": "verify-full", "CA": authority}) == "ready"
    assert "certificate verify failed" in creation_error(case, upstream, ssl={"MODE": "verify-ca"})
    made = follower(case, upstream, ssl={"MODE": "verify-ca", "CA": authority})
    made.ask("readable")
    upstream.run("UPDATE accounts SET balance = balance + 1", database="shop")
    check_equal(made, upstream)
