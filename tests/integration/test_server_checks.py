"""What is said of servers that cannot be followed as they are, by the kind of server."""

from harness import source
from harness.case import expect_error

SOURCE = "CREATE SOURCE s FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source') FOR ALL TABLES"


def refused(server, sql, message, hint):
    error = expect_error(lambda: server.run(sql))
    assert (error.diag.message_primary, error.diag.message_hint) == (message, hint), error.diag.message_hint


def connected(case, upstream):
    server = case.tailrace()
    server.run(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)}")
    server.run(f"CREATE CONNECTION pg_connection TO POSTGRES ({source.connection_options(upstream)}) WITH (VALIDATE = false)")
    return server


def test_settings_of_hosted_services(case):
    services = {
        "rds.logical_replication": "Set rds.logical_replication = 1 in the parameter group of the instance or cluster, and reboot "
                                   "the writer.",
        "cloudsql.logical_decoding": "Set the flag cloudsql.logical_decoding = on of the instance; it restarts.",
        "alloydb.logical_decoding": "Set the flag alloydb.logical_decoding = on of the primary instance; it restarts.",
    }
    for setting, hint in services.items():
        upstream = case.postgres(settings={"wal_level": "replica", setting: "off"})
        source.prepare_upstream(upstream, ["t"], ddl="CREATE TABLE t (a int)")
        server = connected(case, upstream)
        for sql in ("VALIDATE CONNECTION pg_connection", SOURCE):
            refused(server, sql, "server must have wal_level >= logical", hint)
        server.stop()
        upstream.stop()


def test_a_role_that_amazons_servers_let_replicate(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, ["t"], ddl="CREATE TABLE t (a int)")
    upstream.run("ALTER ROLE materialize NOREPLICATION; CREATE ROLE rds_replication")
    refused(connected(case, upstream), SOURCE, "must be superuser or replication role to use replication slots",
            "Run upstream, as a superuser: GRANT rds_replication TO materialize.")


def test_a_standby_of_a_version_that_cannot_decode_there(case):
    primary = case.postgres()
    source.prepare_upstream(primary, ["t"], ddl="CREATE TABLE t (a int)")
    standby = case.cleaned(primary.standby(case.folder / "standby"))
    version = primary.value("SELECT current_setting('server_version_num')::int") // 10000
    assert version < 16, "from 16 on standbys can be followed: this is a test of what was before"
    server = connected(case, standby)
    for sql in ("VALIDATE CONNECTION pg_connection", SOURCE):
        refused(server, sql, f"PostgreSQL {version} cannot be followed on a standby or reader endpoint",
                "Connect to the primary (the writer). Standbys can be followed from version 16 on.")
