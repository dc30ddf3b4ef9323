"""What publications of PostgreSQL 15 can say: column lists, row filters, partitions, schemas, actions."""

import psycopg2

from harness import compare, source
from harness.case import expect_error
from harness.wait import eventually


def prepared(case, ddl, publication, tables=()):
    """A database with this publication; `tables` get REPLICA IDENTITY FULL."""
    upstream = case.postgres()
    source.prepare_upstream(upstream, ["placeholder"], publication="unused", ddl=ddl + "; CREATE TABLE placeholder (a int)")
    run(upstream, *(f"ALTER TABLE {table} REPLICA IDENTITY FULL" for table in tables),
        f"CREATE PUBLICATION mz_source {publication}")
    server = case.tailrace()
    source.create_connection(server, upstream)
    return upstream, server


def run(upstream, *statements):
    for statement in statements:
        upstream.run(statement, database="shop")


def create(server, selection="FOR ALL TABLES"):
    source.create_source(server, selection=selection)
    eventually(lambda: source.snapshot_committed(server), 60, "the snapshot is committed")


def equal(case, upstream, server, query, mirror_query=None):
    compare.eventually_equal(case.shop(upstream), case.session(server), query, mirror_query)


def ceased(server, table, *words):
    eventually(lambda: source.status(server, table)[0] == "ceased", 60, f"{table} has ceased", every=0.1)
    error = expect_error(lambda: server.run(f"SELECT * FROM {table}", timeout=10), None, "Source error", *words)
    return error


def test_column_lists(case):
    upstream, server = prepared(
        case, "CREATE TABLE t (k int PRIMARY KEY, secret text, b text, p point); INSERT INTO t VALUES (1, 'x', 'b', '(1,2)'), (2, 'y', 'c', NULL);"
        "CREATE TABLE f (a int, b text); INSERT INTO f VALUES (1, 'x')", "FOR TABLE t (b, k), f (a, b)", ["f"])
    expect_error(lambda: server.run("CREATE SOURCE s FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source', "
                                    "EXCLUDE COLUMNS (t.secret)) FOR TABLES (t)"), None, 'column "t.secret" does not exist')
    create(server)
    assert [row[0] for row in server.run("SHOW COLUMNS FROM t")] == ["k", "b"]
    run(upstream, "UPDATE t SET secret = 'z'", "UPDATE t SET b = 'd' WHERE k = 2", "INSERT INTO t VALUES (3, 's', NULL, NULL)",
        "DELETE FROM t WHERE k = 1", "INSERT INTO f VALUES (2, 'y')", "ALTER TABLE t ADD COLUMN more int",
        "ALTER TABLE t DROP COLUMN secret", "UPDATE t SET k = 4 WHERE k = 3")
    equal(case, upstream, server, "SELECT k, b FROM t", "SELECT * FROM t")
    equal(case, upstream, server, "SELECT * FROM f")


def test_row_filters_are_refused(case):
    upstream, server = prepared(case, "CREATE TABLE t (k int PRIMARY KEY); CREATE TABLE u (k int PRIMARY KEY, v int)",
                                "FOR TABLE t, u WHERE (k > 3)")
    server.run("CREATE SOURCE one FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source') FOR TABLES (t)")
    server.run("CREATE SOURCE two FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source')")
    for statement in ("CREATE SOURCE s FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source') FOR ALL TABLES",
                      "ALTER SOURCE one ADD SUBSOURCE u", "CREATE TABLE u FROM SOURCE two (REFERENCE u)"):
        error = expect_error(lambda: server.run(statement), "0A000", "a publication with row filters")
        assert error.diag.message_detail == "tables with a row filter: public.u", error.diag.message_detail


PARTED = ("CREATE TABLE parted (k int, v text, PRIMARY KEY (k)) PARTITION BY RANGE (k); "
          "CREATE TABLE low PARTITION OF parted FOR VALUES FROM (0) TO (100); "
          "CREATE TABLE high PARTITION OF parted FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (k); "
          "CREATE TABLE high_1 PARTITION OF high FOR VALUES FROM (100) TO (150); "
          "CREATE TABLE high_2 PARTITION OF high FOR VALUES FROM (150) TO (200); "
          "INSERT INTO parted SELECT i * 10, 'v' FROM generate_series(1, 19) i")


def test_leaves_of_a_partitioned_table(case):
    upstream, server = prepared(case, PARTED, "FOR TABLE parted", ["low", "high_1"])
    for name in ("parted", "high"):
        expect_error(lambda: create(server, f"FOR TABLES ({name})"), None, f"reference to {name} not found in source")
    create(server)
    assert {row[0] for row in server.run("SHOW SUBSOURCES ON mz_source")} == {"low", "high_1", "high_2", "mz_source_progress"}
    union = "SELECT * FROM low UNION ALL SELECT * FROM high_1 UNION ALL SELECT * FROM high_2"
    run(upstream, "UPDATE parted SET v = 'w' WHERE k % 20 = 0", "UPDATE parted SET k = k + 95 WHERE k IN (10, 60)",
        "DELETE FROM parted WHERE k = 30", "INSERT INTO parted VALUES (5, 'new'), (156, 'new')",
        "BEGIN; UPDATE parted SET k = 199 WHERE k = 5; UPDATE parted SET v = 'moved' WHERE k = 199; COMMIT")
    equal(case, upstream, server, "SELECT * FROM parted", union)
    # New leaves are not taken up; an attached table that was published by itself goes on.
    run(upstream, "CREATE TABLE later PARTITION OF parted FOR VALUES FROM (200) TO (300)", "INSERT INTO parted VALUES (250, 'later')",
        "TRUNCATE parted", "INSERT INTO parted VALUES (1, 'x'), (101, 'y'), (151, 'z')")
    equal(case, upstream, server, "SELECT * FROM parted", union)
    run(upstream, "ALTER TABLE high DETACH PARTITION high_2", "INSERT INTO high_2 VALUES (160, 'not streamed')")
    ceased(server, "high_2", 'it is not in publication "mz_source" any more')
    run(upstream, "ALTER TABLE parted DETACH PARTITION low", "INSERT INTO low VALUES (2, 'not streamed')",
        "ALTER TABLE parted ATTACH PARTITION low FOR VALUES FROM (0) TO (100)", "INSERT INTO low VALUES (3, 'streamed')")
    ceased(server, "low", "added to it again")
    assert source.status(server, "high_1") == ("running", None) == source.status(server)


def test_a_leaf_that_is_published_by_itself_may_be_attached(case):
    upstream, server = prepared(case, "CREATE TABLE root (k int PRIMARY KEY) PARTITION BY RANGE (k); CREATE TABLE leaf (k int PRIMARY KEY)",
                                "FOR TABLE leaf")
    create(server)
    run(upstream, "ALTER TABLE root ATTACH PARTITION leaf FOR VALUES FROM (0) TO (10)", "INSERT INTO root VALUES (1)",
        "ALTER PUBLICATION mz_source ADD TABLE root", "INSERT INTO root VALUES (2)", "ALTER TABLE root DETACH PARTITION leaf",
        "INSERT INTO leaf VALUES (3)")
    equal(case, upstream, server, "SELECT * FROM leaf")


def test_publishing_via_the_root(case):
    upstream, server = prepared(case, PARTED, "FOR TABLE parted WITH (publish_via_partition_root = true)", ["low", "high_1"])
    error = expect_error(lambda: create(server), None, "referenced items not tables with REPLICA IDENTITY FULL",
                         "referenced items: public.parted")
    assert error
    expect_error(lambda: create(server, "FOR TABLES (low)"), None, "reference to low not found in source")
    run(upstream, "ALTER PUBLICATION mz_source SET (publish_via_partition_root = false)")
    create(server)
    run(upstream, "INSERT INTO parted VALUES (7, 'still')")
    equal(case, upstream, server, "SELECT * FROM parted WHERE k < 100", "SELECT * FROM low")
    run(upstream, "ALTER PUBLICATION mz_source SET (publish_via_partition_root = true)", "INSERT INTO parted VALUES (8, 'as the root')")
    for leaf in ("low", "high_1", "high_2"):
        ceased(server, leaf, 'it is not in publication "mz_source" any more')
    assert source.status(server) == ("running", None)


def test_schemas_of_a_publication(case):
    upstream, server = prepared(
        case, "CREATE SCHEMA s; CREATE TABLE s.t (k int PRIMARY KEY); CREATE TABLE s.both (k int PRIMARY KEY); CREATE TABLE plain (k int PRIMARY KEY)",
        "FOR TABLES IN SCHEMA s, TABLE plain, s.both")
    create(server)
    run(upstream, "INSERT INTO s.t VALUES (1)", "INSERT INTO s.both VALUES (1)", "INSERT INTO plain VALUES (1)",
        "CREATE TABLE s.later (p point)", "INSERT INTO s.later VALUES (NULL)")
    for table in ("s.t", "s.both", "plain"):
        equal(case, upstream, server, f"SELECT * FROM {table}", f"SELECT * FROM {table.split('.')[-1]}")
    run(upstream, "ALTER PUBLICATION mz_source DROP TABLES IN SCHEMA s", "INSERT INTO s.t VALUES (2)", "INSERT INTO s.both VALUES (2)",
        "ALTER PUBLICATION mz_source ADD TABLES IN SCHEMA s", "INSERT INTO s.t VALUES (3)")
    ceased(server, "t", "added to it again")
    equal(case, upstream, server, "SELECT * FROM s.both", "SELECT * FROM both")
    assert source.status(server) == ("running", None) == source.status(server, "plain")


def test_a_publication_of_all_tables(case):
    upstream, server = prepared(case, "CREATE TABLE t (k int PRIMARY KEY); CREATE TABLE u (k int PRIMARY KEY)", "FOR ALL TABLES")
    create(server, "FOR TABLES (t, u)")
    run(upstream, "CREATE TABLE v (k int PRIMARY KEY)", "INSERT INTO v VALUES (1)", "INSERT INTO t VALUES (1)",
        "ALTER PUBLICATION mz_source OWNER TO postgres", "COMMENT ON PUBLICATION mz_source IS 'x'", "DROP TABLE v", "INSERT INTO t VALUES (2)")
    equal(case, upstream, server, "SELECT * FROM t")
    assert source.status(server) == ("running", None)


def test_actions_that_are_not_published_are_told(case):
    upstream, server = prepared(case, "CREATE TABLE t (k int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1)", "FOR TABLE t WITH (publish = 'insert')")
    session = case.session(server)
    session.cursor().execute("CREATE SOURCE mz_source FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source') FOR ALL TABLES")
    assert any('publication "mz_source" does not publish update, delete, truncate: the tables here will drift from upstream\'s' in notice
               for notice in session.notices), session.notices
    assert server.run("SELECT * FROM t") == [(1, 1)]
    run(upstream, "UPDATE t SET v = 2", "INSERT INTO t VALUES (2, 2)", "DELETE FROM t WHERE k = 1", "INSERT INTO t VALUES (1, 3)")
    eventually(lambda: server.run("SELECT * FROM t ORDER BY k, v") == [(1, 1), (1, 3), (2, 2)], 20, "insertions arrive, and nothing else")


def test_actions_that_are_not_published_any_more_end_the_tables(case):
    upstream, server = prepared(case, "CREATE TABLE t (k int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1)", "FOR TABLE t")
    server.run("ALTER SYSTEM SET pg_schema_validation_interval = '200 ms'")
    create(server)
    assert server.value("SELECT count(*) FROM t") == 1
    run(upstream, "ALTER PUBLICATION mz_source SET (publish = 'insert, update')", "DELETE FROM t")
    eventually(lambda: source.status(server, "t")[0] == "ceased", 30, "the table has ended")
    error = source.status(server, "t")[1]
    assert 'publication "mz_source" does not publish delete, truncate any more' in error, error
    expect_error(lambda: server.run("SELECT * FROM t"), None, "does not publish delete, truncate any more")
    # A table that is made now is made as the publication is.
    server.run("DROP SOURCE mz_source CASCADE")
    create(server)
    run(upstream, "INSERT INTO t VALUES (2, 2)", "ALTER PUBLICATION mz_source SET (publish = 'insert, update, delete')")
    eventually(lambda: server.run("SELECT * FROM t") == [(2, 2)], 30, "it goes on")
    assert source.status(server, "t") == ("running", None)


def test_deletions_alone(case):
    upstream, server = prepared(case, "CREATE TABLE t (k int); INSERT INTO t VALUES (1)", "FOR TABLE t WITH (publish = 'delete')", ["t"])
    create(server)
    run(upstream, "INSERT INTO t VALUES (2)", "DELETE FROM t WHERE k = 1")
    eventually(lambda: server.run("SELECT * FROM t") == [], 20, "the deletion arrives")
    run(upstream, "DELETE FROM t WHERE k = 2")

    def told():
        try:
            return server.run("SELECT * FROM t") is None
        except psycopg2.Error as error:
            return "Invalid data in source, saw retractions (1) for row that does not exist" in str(error)

    eventually(told, 20, "the row that never came is missed")


def test_one_table_in_two_publications(case):
    upstream, server = prepared(case, "CREATE TABLE t (k int PRIMARY KEY, v int)", "FOR TABLE t")
    run(upstream, "CREATE PUBLICATION other FOR TABLE t")
    create(server)
    server.run("CREATE SCHEMA other; CREATE SOURCE other.s FROM POSTGRES CONNECTION pg_connection (PUBLICATION other) FOR ALL TABLES")
    assert server.value("SELECT count(*) FROM other.t") == 0
    run(upstream, "INSERT INTO t VALUES (1, 1)", "ALTER PUBLICATION other DROP TABLE t", "INSERT INTO t VALUES (2, 2)")
    equal(case, upstream, server, "SELECT * FROM t")
    eventually(lambda: "not in publication" in (server.value(
        "SELECT COALESCE(error, '') FROM mz_internal.mz_source_statuses st JOIN mz_sources s ON s.id = st.id "
        "JOIN mz_schemas n ON n.id = s.schema_id WHERE n.name = 'other' AND s.name = 't'")), 60, "the other table has ceased")
    run(upstream, "UPDATE t SET v = 3")
    equal(case, upstream, server, "SELECT * FROM t")
