"""The user's guide, statement by statement: what is typed, in order, and what must come back."""

from harness import compare, shop, source
from harness.wait import eventually

SOURCE_STATUSES = """
WITH
  source_ids AS
  (SELECT id FROM mz_sources WHERE name = 'mz_source')
SELECT *
FROM
  mz_internal.mz_source_statuses
    JOIN
      (
        SELECT referenced_object_id
        FROM mz_internal.mz_object_dependencies
        WHERE
          object_id IN (SELECT id FROM source_ids)
        UNION SELECT id FROM source_ids
      )
      AS sources
    ON mz_source_statuses.id = sources.referenced_object_id;
"""

SNAPSHOT_STATUSES = """
WITH
  source_ids AS
  (SELECT id FROM mz_sources WHERE name = 'mz_source')
SELECT sources.referenced_object_id AS id, mz_sources.name, snapshot_committed
FROM
  mz_internal.mz_source_statistics
    JOIN
      (
        SELECT object_id, referenced_object_id
        FROM mz_internal.mz_object_dependencies
        WHERE
          object_id IN (SELECT id FROM source_ids)
        UNION SELECT id, id FROM source_ids
      )
      AS sources
    ON mz_source_statistics.id = sources.referenced_object_id
    JOIN mz_sources ON mz_sources.id = sources.referenced_object_id;
"""

REPLICATION_SLOT = """
SELECT
    d.name AS database_name,
    n.name AS schema_name,
    s.name AS source_name,
    pgs.replication_slot
FROM
    mz_sources AS s
    JOIN mz_internal.mz_postgres_sources AS pgs ON s.id = pgs.id
    JOIN mz_schemas AS n ON n.id = s.schema_id
    JOIN mz_databases AS d ON d.id = n.database_id;
"""


class Shell:
    """Statements one after the other in one session."""

    def __init__(self, case, server):
        self.cursor = case.session(server).cursor()

    def tag(self, sql):
        self.cursor.execute(sql)
        return self.cursor.statusmessage

    def table(self, sql):
        """(column names, rows)"""
        self.cursor.execute(sql)
        return [column.name for column in self.cursor.description], self.cursor.fetchall()


def prepared(case):
    upstream = case.postgres(tls=True)
    source.prepare_upstream(upstream, shop.TABLES, ddl=shop.DDL + shop.fill())
    return upstream, case.tailrace()


def create_all(case, upstream, server):
    """Steps 4 and 5, with their tags."""
    shell = Shell(case, server)
    assert shell.tag("CREATE CLUSTER ingest_postgres (SIZE = '50cc');") == "CREATE CLUSTER"
    assert shell.tag("SET CLUSTER = ingest_postgres;") == "SET"
    assert shell.tag(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)};") == "CREATE SECRET"
    assert shell.tag(f"""
        CREATE CONNECTION pg_connection TO POSTGRES (
          HOST '{upstream.host}',
          PORT {upstream.port},
          USER 'materialize',
          PASSWORD SECRET pgpass,
          SSL MODE 'require',
          DATABASE 'shop'
          );""") == "CREATE CONNECTION"
    assert shell.tag("""
        CREATE SOURCE mz_source
          IN CLUSTER ingest_postgres
          FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source')
          FOR ALL TABLES;""") == "CREATE SOURCE"
    return shell


def committed(shell):
    names, rows = shell.table(SNAPSHOT_STATUSES)
    assert names == ["id", "name", "snapshot_committed"], names
    return [row for row in rows if row[1] == "mz_source" and row[2] is True]


def test_guide_from_cluster_to_equal_tables(case):
    upstream, server = prepared(case)
    shell = create_all(case, upstream, server)
    eventually(lambda: committed(shell), 60, "snapshot_committed is true for the source")
    mirror, origin = case.session(server), case.shop(upstream)
    for table in shop.TABLES:
        compare.assert_equal(origin, mirror, f"SELECT * FROM {table}")


def test_guide_connects_with_tls(case):
    upstream, server = prepared(case)
    shell = create_all(case, upstream, server)
    eventually(lambda: committed(shell), 60, "the snapshot is committed")
    assert upstream.value("SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) "
                          "WHERE a.usename = 'materialize'")


def test_guide_status_query(case):
    upstream, server = prepared(case)
    shell = create_all(case, upstream, server)

    def all_running():
        names, rows = shell.table(SOURCE_STATUSES)
        assert names == ["id", "name", "type", "last_status_change_at", "status", "error", "details",
                         "referenced_object_id"], names
        found = [dict(zip(names, row)) for row in rows]
        assert any(row["name"] == "mz_source" and row["type"] == "postgres" for row in found), found
        assert all(row["id"] == row["referenced_object_id"] for row in found), found
        assert all(row["status"] == "running" and row["error"] is None for row in found), found
        return True

    eventually(all_running, 60, "every object of the source is running")


def test_guide_progress_numbers_of_the_snapshot(case):
    upstream, server = prepared(case)
    shell = create_all(case, upstream, server)
    eventually(lambda: committed(shell), 60, "the snapshot is committed")
    expected = {table: upstream.value(f"SELECT count(*) FROM {table}", database="shop") for table in shop.TABLES}
    expected["mz_source"] = sum(expected.values())

    def counted():
        _, rows = shell.table("SELECT s.name, t.snapshot_records_known, t.snapshot_records_staged "
                              "FROM mz_internal.mz_source_statistics t JOIN mz_sources s ON s.id = t.id "
                              "WHERE s.id LIKE 'u%'")
        found = {name: (int(known), int(staged)) for name, known, staged in rows}
        assert found == {name: (rows, rows) for name, rows in expected.items()}, found
        return True

    eventually(counted, 10, "known and staged are the true row counts")


def test_guide_resize(case):
    upstream, server = prepared(case)
    shell = create_all(case, upstream, server)
    eventually(lambda: committed(shell), 60, "the snapshot is committed")
    assert shell.tag("ALTER CLUSTER ingest_postgres SET (SIZE '100cc');") == "ALTER CLUSTER"

    def resized():
        names, rows = shell.table("SHOW CLUSTER REPLICAS WHERE cluster = 'ingest_postgres';")
        assert names == ["cluster", "replica", "size", "ready", "comment"], names
        assert [(row[0], row[2], row[3]) for row in rows] == [("ingest_postgres", "100cc", True)], rows
        return True

    eventually(resized, 30, "the new replica has taken over")
    assert shell.tag("ALTER CLUSTER ingest_postgres SET (SIZE = '50cc')") == "ALTER CLUSTER"
    upstream.run("INSERT INTO products VALUES (9999, 'new', 1)", database="shop")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM products")


def test_guide_replication_slot(case):
    upstream, server = prepared(case)
    shell = create_all(case, upstream, server)
    eventually(lambda: committed(shell), 60, "the snapshot is committed")
    names, rows = shell.table(REPLICATION_SLOT)
    assert names == ["database_name", "schema_name", "source_name", "replication_slot"], names
    ((database, schema, name, slot),) = rows
    assert (database, schema, name) == ("materialize", "public", "mz_source")
    assert len(slot) == len("materialize_") + 32 and slot.startswith("materialize_"), slot
    assert upstream.run("SELECT slot_name FROM pg_replication_slots WHERE NOT temporary") == [(slot,)]


def test_guide_slot_does_not_grow_while_tables_are_idle(case):
    upstream, server = prepared(case)
    shell = create_all(case, upstream, server)
    eventually(lambda: committed(shell), 60, "the snapshot is committed")
    upstream.run("CREATE TABLE elsewhere (a text)")
    upstream.run("INSERT INTO elsewhere SELECT repeat('x', 1000) FROM generate_series(1, 20000)")
    written = upstream.value("SELECT pg_current_wal_lsn()")
    eventually(lambda: upstream.value("SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots "
                                      "WHERE NOT temporary", (written,)),
               40, "the slot follows writes to other tables")


def test_guide_show_sources(case):
    upstream, server = prepared(case)
    shell = create_all(case, upstream, server)
    names, rows = shell.table("SHOW SOURCES;")
    assert names == ["name", "type", "cluster", "comment"], names
    expected = {("mz_source", "postgres", "ingest_postgres"), ("mz_source_progress", "progress", None)}
    expected |= {(table, "subsource", "ingest_postgres") for table in shop.TABLES}
    assert {row[:3] for row in rows} == expected, rows
    assert [row[0] for row in rows] == sorted(row[0] for row in rows), "ordered by name"


def test_guide_network_addresses_have_their_columns(case):
    shell = Shell(case, case.tailrace())
    names, _ = shell.table("SELECT * FROM mz_egress_ips;")
    assert names == ["egress_ip", "prefix_length", "cidr"], names


def test_guide_source_in_the_active_cluster_for_chosen_tables(case):
    upstream, server = prepared(case)
    shell = Shell(case, server)
    source.create_connection(server, upstream, ssl_mode="require")
    shell.tag("CREATE CLUSTER ingest_postgres (SIZE = '50cc')")
    shell.tag("SET CLUSTER = ingest_postgres")
    shell.tag("CREATE SOURCE mz_source FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source') "
              "FOR TABLES (orders, products)")
    _, rows = shell.table("SHOW SOURCES")
    assert {row[:3] for row in rows} == {
        ("mz_source", "postgres", "ingest_postgres"), ("mz_source_progress", "progress", None),
        ("orders", "subsource", "ingest_postgres"), ("products", "subsource", "ingest_postgres")}, rows
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM products")


def test_guide_source_for_chosen_schemas(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, ["a.t", "b.u"], ddl="CREATE SCHEMA a; CREATE SCHEMA b; "
                            "CREATE TABLE a.t (x int); CREATE TABLE b.u (x int); INSERT INTO a.t VALUES (1), (1)")
    server = case.tailrace()
    source.follow(server, upstream, selection="FOR SCHEMAS (a)")
    assert server.run("SELECT x FROM t") == [(1,), (1,)]
    assert "u" not in {row[0] for row in server.run("SHOW SOURCES")}


def test_guide_survives_kill_and_restart(case):
    upstream, server = prepared(case)
    shell = create_all(case, upstream, server)
    eventually(lambda: committed(shell), 60, "the snapshot is committed")
    server.kill()
    upstream.run("UPDATE products SET price = price + 1 WHERE id % 2 = 0", database="shop")
    server.start()
    for table in shop.TABLES:
        compare.eventually_equal(case.shop(upstream), case.session(server), f"SELECT * FROM {table}")
    assert eventually(lambda: source.status(server) == ("running", None), 30, "the source runs again")
