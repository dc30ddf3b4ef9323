"""The guide's preparation on both sides: a publication upstream, and a source that follows it here."""

from . import compare
from .wait import eventually

USER = "materialize"
PASSWORD = "tr-p4ss'word"
PUBLICATION = "mz_source"


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def prepare_upstream(postgres, tables, *, database="shop", publication=PUBLICATION, ddl=""):
    """A database with the tables of `ddl`, published as the guide's step 2 says; an empty list publishes all."""
    postgres.run(f"CREATE DATABASE {database}")
    if ddl:
        postgres.run(ddl, database=database)
    names = tables or [row[0] for row in postgres.run(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')", database=database)]
    for table in names:
        postgres.run(f"ALTER TABLE {table} REPLICA IDENTITY FULL", database=database)
    if tables:
        target = f"FOR TABLE {', '.join(names)}"
    else:
        target = "FOR ALL TABLES"
    postgres.run(f"CREATE PUBLICATION {publication} {target}", database=database)
    if not postgres.run(f"SELECT 1 FROM pg_roles WHERE rolname = '{USER}'"):
        postgres.run(f"CREATE USER {USER} PASSWORD {quoted(PASSWORD)} REPLICATION")
    postgres.run(f"GRANT CONNECT ON DATABASE {database} TO {USER}")
    for (schema,) in postgres.run("SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname !~ '^pg_' "
                                  "AND nspname <> 'information_schema'", database=database):
        postgres.run(f"GRANT USAGE ON SCHEMA {schema} TO {USER}; "
                     f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {USER}", database=database)


def connection_options(postgres, *, database="shop", ssl_mode=None, user=USER, secret="pgpass", tunnel=None):
    options = [f"HOST '{postgres.host}'", f"PORT {postgres.port}", f"USER '{user}'",
               f"PASSWORD SECRET {secret}"]
    if ssl_mode:
        options.append(f"SSL MODE '{ssl_mode}'")
    options.append(f"DATABASE '{database}'")
    if tunnel:
        options.append(f"SSH TUNNEL {tunnel}")
    return ", ".join(options)


def create_connection(tailrace, postgres, **options):
    tailrace.run(f"CREATE SECRET pgpass AS {quoted(PASSWORD)}")
    tailrace.run(f"CREATE CONNECTION pg_connection TO POSTGRES ({connection_options(postgres, **options)})")


def create_source(tailrace, *, name="mz_source", selection="FOR ALL TABLES", publication=PUBLICATION, options=""):
    tailrace.run(f"CREATE SOURCE {name} FROM POSTGRES CONNECTION pg_connection "
                 f"(PUBLICATION '{publication}'{options}) {selection}")


def snapshot_committed(tailrace, name="mz_source"):
    return tailrace.run("SELECT t.snapshot_committed FROM mz_internal.mz_source_statistics t "
                        f"JOIN mz_sources s ON s.id = t.id WHERE s.name = '{name}'") == [(True,)]


def status(tailrace, name="mz_source"):
    """(status, error) of a source, subsource or progress relation."""
    found = tailrace.run(f"SELECT status, error FROM mz_internal.mz_source_statuses WHERE name = '{name}'")
    assert len(found) == 1, f"{len(found)} statuses of {name}"
    return found[0]


def follow(tailrace, postgres, *, timeout=60, tunnel=None, **options):
    """Secret, connection and source as in the guide; returns when the snapshot is committed."""
    create_connection(tailrace, postgres, tunnel=tunnel)
    create_source(tailrace, **options)
    eventually(lambda: snapshot_committed(tailrace, options.get("name", "mz_source")), timeout,
               "the snapshot is committed")


def slot_of(tailrace, name="mz_source"):
    return tailrace.value("SELECT p.replication_slot FROM mz_internal.mz_postgres_sources p "
                          f"JOIN mz_sources s ON s.id = p.id WHERE s.name = '{name}'")


def check_follows(case, upstream, server, key):
    """A new row of t (k, v) arrives, and the source runs."""
    upstream.run(f"INSERT INTO t VALUES ({key}, 'later')", database="shop")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t", timeout=60)
    eventually(lambda: status(server) == ("running", None), 30, "the source runs")


def stalled_with(server, *words):
    found, error = status(server)
    return found == "stalled" and all(word in error for word in words)
