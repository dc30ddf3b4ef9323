"""What happens to a source between its making and its end, as its owner and those who watch it see it."""

from harness import compare, source
from harness.wait import eventually

TABLE = "CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'x' FROM generate_series(1, 100) i"


def followed_in_cluster(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, [], ddl=TABLE)
    server = case.tailrace()
    server.run("CREATE CLUSTER ingest (SIZE = '25cc')")
    source.create_connection(server, upstream)
    server.run("CREATE SOURCE mz_source IN CLUSTER ingest FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source') FOR ALL TABLES")
    assert server.value("SELECT count(*) FROM t") == 100
    return upstream, server


def check_follows(case, upstream, server, key, table="t"):
    upstream.run(f"INSERT INTO t VALUES ({key}, 'later')", database="shop")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t", f"SELECT * FROM {table}", timeout=30)


def test_a_cluster_without_replicas_pauses_and_says_what_to_do(case):
    upstream, server = followed_in_cluster(case)
    server.run("ALTER CLUSTER ingest SET (REPLICATION FACTOR = 0)")
    look = "SELECT status, error, details::text FROM mz_internal.mz_source_statuses WHERE name = '{}'"
    for name in ("mz_source", "t"):
        found = eventually(lambda: [row for row in server.run(look.format(name)) if row[0] == "paused"], 20, f"{name} is paused")
        assert found[0][1] is None, found
        assert "hints" in found[0][2] and "The replica running this source has been dropped" in found[0][2], found
    server.run("ALTER CLUSTER ingest SET (REPLICATION FACTOR = 1)")
    check_follows(case, upstream, server, 500)
    for name in ("mz_source", "t"):
        eventually(lambda: server.run(look.format(name))[0][:2] == ("running", None), 20, f"{name} runs")


def test_several_replicas_are_told_of(case):
    upstream, server = followed_in_cluster(case)
    session = case.session(server)
    session.cursor().execute("ALTER CLUSTER ingest SET (REPLICATION FACTOR = 2)")
    assert any('cluster "ingest" has more than one replica' in notice and "materialize.public.mz_source" in notice
               for notice in session.notices), session.notices
    check_follows(case, upstream, server, 501)
    assert upstream.value("SELECT count(*) FROM pg_replication_slots WHERE NOT temporary") == 1
    session.notices.clear()
    session.cursor().execute("CREATE SCHEMA s; CREATE SOURCE s.two IN CLUSTER ingest FROM POSTGRES CONNECTION pg_connection "
                             "(PUBLICATION 'mz_source')")
    assert any('run on only the first replica: "materialize.s.two"' in notice for notice in session.notices), session.notices
    server.run("ALTER CLUSTER ingest SET (REPLICATION FACTOR = 1)")
    check_follows(case, upstream, server, 502)


def test_resized_while_it_follows(case):
    upstream, server = followed_in_cluster(case)
    for key, size in enumerate(("50cc", "100cc", "25cc")):
        server.run(f"ALTER CLUSTER ingest SET (SIZE = '{size}')")
        check_follows(case, upstream, server, 600 + key)
    assert upstream.value("SELECT count(*) FROM pg_replication_slots WHERE NOT temporary") == 1


def test_renamed_and_given_away(case):
    upstream, server = followed_in_cluster(case)
    slot = source.slot_of(server)
    server.run("ALTER SOURCE mz_source RENAME TO renamed; ALTER SOURCE t RENAME TO \"odd name\"; CREATE ROLE other; "
               "ALTER SOURCE renamed OWNER TO other; ALTER SCHEMA public RENAME TO elsewhere")
    check_follows(case, upstream, server, 700, 'elsewhere."odd name"')
    server.restart_after_kill()
    check_follows(case, upstream, server, 701, 'elsewhere."odd name"')
    assert source.slot_of(server, "renamed") == slot
    # Its name has become free for another one.
    server.run("ALTER SCHEMA elsewhere RENAME TO public; CREATE SOURCE mz_source FROM POSTGRES CONNECTION pg_connection "
               "(PUBLICATION 'mz_source') FOR ALL TABLES")
    check_follows(case, upstream, server, 702)


def test_a_dropped_source_leaves_its_history(case):
    upstream, server = followed_in_cluster(case)
    names = dict(server.run("SELECT name, id FROM mz_sources WHERE id LIKE 'u%'"))
    server.run("DROP SOURCE mz_source CASCADE")
    assert server.run("SELECT * FROM mz_internal.mz_source_statuses") == []
    last = ("SELECT status FROM mz_internal.mz_source_status_history WHERE source_id = '{}' ORDER BY occurred_at DESC LIMIT 1")
    for name in ("mz_source", "t"):
        eventually(lambda: server.run(last.format(names[name])) == [("dropped",)], 20, f"{name} is told to be dropped")
    for relation in ("mz_postgres_sources", "mz_postgres_source_tables", "mz_source_references", "mz_source_statistics",
                     "mz_postgres_source_slots"):
        eventually(lambda: server.run(f"SELECT * FROM mz_internal.{relation}") == [], 20, f"{relation} has nothing left")


def test_a_connection_is_altered_wrongly_and_put_right(case):
    upstream, server = followed_in_cluster(case)
    for key, (wrong, right, words) in enumerate((
            ("PORT = 1", f"PORT = {upstream.port}", "Connection refused"),
            ("USER = 'nobody'", "USER = 'materialize'", "password authentication failed"),
            ("HOST = 'no-such-host.invalid'", f"HOST = '{upstream.host}'", "failed to lookup address"))):
        server.run(f"ALTER CONNECTION pg_connection SET ({wrong}) WITH (VALIDATE = false)")
        eventually(lambda: source.stalled_with(server, words), 30, wrong)
        assert server.value("SELECT count(*) FROM t", timeout=10) == 100 + key
        server.run(f"ALTER CONNECTION pg_connection SET ({right})")
        check_follows(case, upstream, server, 800 + key)
        eventually(lambda: source.status(server) == ("running", None), 30, "the source runs")
