"""Each check of a source against upstream, with its message, detail and hint, in every statement that makes it."""

from harness import source
from harness.case import expect_error
from harness.wait import eventually

IDENTITY_HINT = ("For ordinary tables, run upstream: {} A primary key, or REPLICA IDENTITY USING INDEX, serves as well "
                 "if its columns are ingested.")
TYPES_HINT = "To ingest them as text, say TEXT COLUMNS ({}). EXCLUDE COLUMNS leaves columns out.".format
POLICIES_HINT = "Give the user the attribute BYPASSRLS, or drop the policies that apply to it."


def prepared(case, ddl, tables, **options):
    """Upstream, a server with a connection to it, and a shorthand for statements upstream."""
    upstream = case.postgres(**options)
    source.prepare_upstream(upstream, list(tables), ddl=ddl)
    server = case.tailrace()
    source.create_connection(server, upstream)
    return upstream, server, lambda sql: upstream.run(sql, database="shop")


def legacy(selection="FOR ALL TABLES", options="", publication="mz_source", name="s"):
    return (f"CREATE SOURCE {name} FROM POSTGRES CONNECTION pg_connection (PUBLICATION '{publication}'{options}) "
            f"{selection}")


def refused(server, sql, message, detail=None, hint=None):
    error = expect_error(lambda: server.run(sql, timeout=30))
    found = (error.diag.message_primary, error.diag.message_detail, error.diag.message_hint)
    assert found == (message, detail, hint), f"{sql}:\n  {found}, not\n  {(message, detail, hint)}"


def nothing_left(upstream, server):
    assert server.run("SHOW SOURCES") == []
    # Of a source that was just dropped, upstream's process may still be about to end.
    eventually(lambda: upstream.run("SELECT slot_name FROM pg_replication_slots") == [], 30, "no slot is left")


def in_every_syntax(server, table, message, detail=None, hint=None, table_hint=None):
    """The table t is a good one: the same error comes from each statement that names `table`; CREATE TABLE may have a hint
    of its own."""
    short = table.split(".")[-1]
    refused(server, legacy(f"FOR TABLES (t, {table})"), message, detail, hint)
    server.run(legacy("FOR TABLES (t)", name="one"))
    refused(server, f"ALTER SOURCE one ADD SUBSOURCE {table}", message, detail, hint)
    server.run(legacy("", name="two"))
    refused(server, f"CREATE TABLE {short} FROM SOURCE two (REFERENCE {table})", message, detail, table_hint or hint)
    server.run("DROP SOURCE one CASCADE; DROP SOURCE two CASCADE")


def test_no_walsenders(case):
    upstream = case.postgres(settings={"max_wal_senders": 0})
    source.prepare_upstream(upstream, ["t"], ddl="CREATE TABLE t (a int)")
    server = case.tailrace()
    server.run(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)}")
    refused(server, f"CREATE CONNECTION c TO POSTGRES ({source.connection_options(upstream)})",
            "replication disabled on server", None,
            "Set max_wal_senders upstream to a positive number and restart the server.")


def test_levels_of_the_log_that_are_too_low(case):
    for level in ("replica", "minimal"):
        upstream = case.postgres(settings={"wal_level": level, "max_wal_senders": 0})
        upstream.run("CREATE DATABASE shop")
        upstream.run(f"CREATE USER materialize PASSWORD {source.quoted(source.PASSWORD)} REPLICATION")
        server = case.tailrace()
        server.run(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)}")
        options = source.connection_options(upstream)
        expected = ("server must have wal_level >= logical", f"The server's wal_level is {level}.",
                    "Set wal_level = logical upstream and restart the server.")
        refused(server, f"CREATE CONNECTION c TO POSTGRES ({options})", *expected)
        server.run(f"CREATE CONNECTION pg_connection TO POSTGRES ({options}) WITH (VALIDATE = false)")
        refused(server, "VALIDATE CONNECTION pg_connection", *expected)
        refused(server, legacy(), *expected)


def test_no_privilege_to_connect(case):
    upstream, server, run = prepared(case, "CREATE TABLE t (a int)", ["t"])
    run("REVOKE CONNECT ON DATABASE shop FROM PUBLIC, materialize")
    expect_error(lambda: server.run(legacy()), None, 'permission denied for database "shop"')
    nothing_left(upstream, server)


def test_publications_that_give_nothing(case):
    upstream, server, run = prepared(case, "CREATE TABLE t (a int)", ["t"])
    run('CREATE PUBLICATION "Odd name"; CREATE PUBLICATION empty')
    for selection in ("", "FOR ALL TABLES", "FOR TABLES (t)", "FOR SCHEMAS (public)"):
        refused(server, legacy(selection, publication="nope"), "failed to connect to PostgreSQL database",
                'publication "nope" does not exist')
        refused(server, legacy(selection, publication="empty"), "PUBLICATION empty is empty")
        refused(server, legacy(selection, publication="Odd name"), 'PUBLICATION "Odd name" is empty')
    nothing_left(upstream, server)
    server.run(legacy("FOR TABLES (t)", name="one"))
    server.run(legacy("", name="two"))
    run("ALTER PUBLICATION mz_source DROP TABLE t")
    refused(server, "ALTER SOURCE one ADD SUBSOURCE t AS u", "PUBLICATION mz_source is empty")
    refused(server, "CREATE TABLE u FROM SOURCE two (REFERENCE t)", "PUBLICATION mz_source is empty")
    run("DROP PUBLICATION mz_source")
    refused(server, "ALTER SOURCE one ADD SUBSOURCE t AS u", "failed to connect to PostgreSQL database",
            'publication "mz_source" does not exist')
    refused(server, "CREATE TABLE u FROM SOURCE two (REFERENCE t)", "failed to connect to PostgreSQL database",
            'publication "mz_source" does not exist')


def test_role_without_replication(case):
    upstream, server, _ = prepared(case, "CREATE TABLE t (a int)", ["t"])
    upstream.run("ALTER ROLE materialize NOREPLICATION")
    error = expect_error(lambda: server.run(legacy()), None,
                         "must be superuser or replication role to use replication slots")
    assert error.diag.message_hint == "Run upstream, as a superuser: ALTER ROLE materialize REPLICATION.", error.diag.message_hint
    nothing_left(upstream, server)


def test_slots_are_counted(case):
    upstream, server, _ = prepared(case, "CREATE TABLE t (a int)", ["t"], settings={"max_replication_slots": 2})
    server.run(legacy())
    assert server.value("SELECT count(*) FROM t") == 0
    eventually(lambda: upstream.value("SELECT count(*) FROM pg_replication_slots") == 1, 20, "one slot remains")
    refused(server, legacy("FOR TABLES (t AS u)", name="second"),
            "PostgreSQL server has insufficient number of replication slots available",
            "max_replication_slots is 2, 1 are in use, 2 more are needed.",
            "Raise max_replication_slots upstream, or drop slots that are not used any more.")
    assert upstream.value("SELECT count(*) FROM pg_replication_slots") == 1


def test_references(case):
    upstream, server, _ = prepared(
        case, "CREATE SCHEMA other; CREATE TABLE t (a int); CREATE TABLE other.t (a int); CREATE TABLE u (a int); "
        "CREATE TABLE \"Odd name\" (a int); CREATE TABLE hidden (a int)", ["t", "other.t", "u", '"Odd name"'])
    for reference in ("hidden", "public.hidden", "nowhere.t", "elsewhere.public.t", "shop.t", "odd",
                      '"T"', '"Odd Name"'):
        refused(server, legacy(f"FOR TABLES ({reference})"), f"reference to {reference} not found in source")
    expect_error(lambda: server.run(legacy("FOR TABLES (a.shop.public.t)")), None, "between 1 and 3 components")
    ambiguous = "reference to t is ambiguous, consider specifying an additional layer of qualification"
    refused(server, legacy("FOR TABLES (t)"), ambiguous)
    same_names = ("multiple subsources would be named t",
                  "referenced tables with duplicate name: shop.other.t, shop.public.t")
    refused(server, legacy(), *same_names)
    refused(server, legacy("FOR SCHEMAS (other, public)"), *same_names)
    refused(server, legacy("FOR TABLES (t, u AS t)".replace("(t", "(public.t")), "multiple subsources would be named t",
            "referenced tables with duplicate name: shop.public.t, shop.public.u")
    refused(server, legacy("FOR TABLES (u AS y, shop.public.u AS x)"), "multiple subsources refer to table shop.public.u",
            "subsources referencing table: x, y")
    refused(server, legacy("FOR SCHEMAS (public, absent, \"Absent\")"),
            'no tables found in referenced schemas: "absent", "Absent"')
    nothing_left(upstream, server)
    server.run("CREATE TABLE taken (a int)")
    refused(server, legacy("FOR TABLES (u AS taken)"), "catalog item 'taken' already exists")
    server.run(legacy("FOR TABLES (shop.public.t, other.t AS second, \"Odd name\")"))
    assert {row[0] for row in server.run("SHOW SUBSOURCES ON s")} == {"t", "second", "Odd name", "s_progress"}
    refused(server, "ALTER SOURCE s ADD SUBSOURCE u AS second", "catalog item 'second' already exists")
    refused(server, "ALTER SOURCE s ADD SUBSOURCE public.t AS third", "multiple subsources refer to table shop.public.t",
            "subsources referencing table: materialize.public.t", "Drop the subsource first.")
    server.run(legacy("", name="two"))
    refused(server, "CREATE TABLE x FROM SOURCE two (REFERENCE t)", ambiguous)
    refused(server, "CREATE TABLE x FROM SOURCE two (REFERENCE shop.public.hidden)",
            "reference to shop.public.hidden not found in source")
    expect_error(lambda: server.run("CREATE TABLE t FROM SOURCE two (REFERENCE public.t)"), None, "already exists")


def test_schemas_on_both_sides(case):
    upstream, server, run = prepared(
        case, "CREATE SCHEMA other; CREATE TABLE t (a int); CREATE TABLE other.t (a int); INSERT INTO other.t VALUES (7); "
        "CREATE TABLE other.v (a int)", ["t", "other.t", "other.v"])
    server.run("CREATE SCHEMA first; CREATE SCHEMA second; CREATE DATABASE far")
    server.run(legacy("FOR SCHEMAS (other)", name="first.s"))
    server.run(legacy("FOR TABLES (public.t AS second.here, other.t AS far.public.there)", name="second.s"))
    assert server.run("SHOW SUBSOURCES FROM first") == [("s_progress", "progress"), ("t", "subsource"), ("v", "subsource")]
    assert server.run("SHOW SUBSOURCES FROM second") == [("here", "subsource"), ("s_progress", "progress")]
    assert server.run("SELECT * FROM first.t") == [(7,)]
    assert server.run("SELECT * FROM far.public.there") == [(7,)]
    run("INSERT INTO other.t VALUES (8)")
    eventually(lambda: server.value("SELECT count(*) FROM first.t") == 2, 20, "the row arrives")
    eventually(lambda: server.value("SELECT count(*) FROM far.public.there") == 2, 20, "the row arrives there too")


def test_column_options(case):
    ddl = ("CREATE SCHEMA other; CREATE TABLE t (a int, \"Col\" text, p point, g int GENERATED ALWAYS AS (a + 1) STORED); "
           "CREATE TABLE u (a int); CREATE TABLE other.u (a int); CREATE TABLE \"Odd name\" (\"Odd col\" text)")
    upstream, server, _ = prepared(case, ddl, ["t", "u", "other.u", '"Odd name"'])
    server.run(legacy("", name="two"))
    server.run(legacy("FOR TABLES (public.u)", name="one"))
    for option in ("TEXT COLUMNS", "EXCLUDE COLUMNS"):
        invalid = f"invalid {option} option value: "

        def both(columns, *expected, option=option):
            refused(server, legacy("FOR TABLES (t, public.u)", f", {option} ({columns})"), *expected)

        both("t.missing", invalid + 'column "t.missing" does not exist')
        both("t.col", invalid + 'column "t.col" does not exist', None, 'The similarly named column "t.Col" does exist.')
        both("t.p, public.t.p", invalid + "unexpected multiple references to shop.public.t.p")
        both("p", invalid + "column name 'p' must have at least a table qualification")
        both("nope.x", "reference to nope not found in source")
        both("a.b.c.d", "reference to a.b.c not found in source")
        both("u.a", "reference to u is ambiguous, consider specifying an additional layer of qualification")
        both("other.u.a, \"Odd name\".\"Odd col\"", f"{option} refers to table not currently being added",
             'the following tables are referenced but not added: other.u, public."Odd name"')
        refused(server, f"ALTER SOURCE one ADD SUBSOURCE t WITH ({option} (public.u.a))",
                f"{option} refers to table not currently being added",
                "the following tables are referenced but not added: public.u")
        refused(server, f"ALTER SOURCE one ADD SUBSOURCE t WITH ({option} (p))",
                invalid + "column name 'p' must have at least a table qualification")
        refused(server, f"CREATE TABLE t FROM SOURCE two (REFERENCE t) WITH ({option} (missing))",
                invalid + 'column "t.missing" does not exist')
        refused(server, f"CREATE TABLE t FROM SOURCE two (REFERENCE t) WITH ({option} (col))",
                invalid + 'column "t.col" does not exist', None, 'The similarly named column "t.Col" does exist.')
        refused(server, f"CREATE TABLE t FROM SOURCE two (REFERENCE t) WITH ({option} (p, p))",
                invalid + "unexpected multiple references to shop.public.t.p")
    duplicated = 'duplicated column name references: ["Col", "p"]'
    refused(server, legacy("FOR TABLES (t)", ', TEXT COLUMNS (t.p, t."Col"), EXCLUDE COLUMNS (t.p, t."Col")'), duplicated)
    refused(server, 'CREATE TABLE t FROM SOURCE two (REFERENCE t) WITH (TEXT COLUMNS ("Col", p), EXCLUDE COLUMNS ("Col", p))',
            duplicated)
    server.run("CREATE TABLE x FROM SOURCE two (REFERENCE t) WITH (TEXT COLUMNS [a], EXCLUDE COLUMNS = (p, g))")
    assert [row[0] for row in server.run("SHOW COLUMNS FROM x")] == ["a", "Col"]
    server.run("CREATE TABLE y FROM SOURCE two (REFERENCE t) WITH (TEXT COLUMNS (), IGNORE COLUMNS (p))")
    assert [row[0] for row in server.run("SHOW COLUMNS FROM y")] == ["a", "Col"]
    server.run(legacy("FOR TABLES (\"Odd name\")", ", TEXT COLUMNS [], EXCLUDE COLUMNS (), TEXT COLUMNS ()"
                      .replace(", TEXT COLUMNS ()", ""), name="three"))


def test_privileges_upstream(case):
    ddl = ('CREATE SCHEMA a; CREATE SCHEMA "B"; CREATE TABLE t (x int); CREATE TABLE a.t1 (x int); CREATE TABLE "B".t2 (x int); '
           'CREATE TABLE "odd ""name""" (x int); CREATE TABLE plain (x int)')
    upstream, server, run = prepared(case, ddl, ["t", "a.t1", '"B".t2', '"odd ""name"""', "plain"])
    run('REVOKE USAGE ON SCHEMA a, "B" FROM materialize; REVOKE SELECT ON "odd ""name""", plain, a.t1 FROM materialize')
    refused(server, legacy(), "insufficient privileges", 'user lacks USAGE privileges for schemas "B", a')
    run('GRANT USAGE ON SCHEMA a, "B" TO materialize')
    refused(server, legacy(), "insufficient privileges",
            'user lacks SELECT privileges for tables a.t1, public."odd ""name""", public.plain')
    in_every_syntax(server, "plain", "insufficient privileges", "user lacks SELECT privileges for tables public.plain")
    run('REVOKE USAGE ON SCHEMA a FROM materialize')
    in_every_syntax(server, "a.t1", "insufficient privileges", "user lacks USAGE privileges for schemas a")
    # Privileges that come by membership, or for all, count.
    run('CREATE ROLE readers; GRANT readers TO materialize; GRANT SELECT ON plain TO readers; GRANT USAGE ON SCHEMA a TO PUBLIC; '
        'GRANT SELECT ON a.t1, "odd ""name""" TO PUBLIC')
    server.run(legacy())
    assert server.value("SELECT count(*) FROM t1") == 0


def test_row_level_security(case):
    ddl = "CREATE TABLE t (x int); CREATE TABLE r (x int); INSERT INTO r VALUES (1), (2)"
    upstream, server, run = prepared(case, ddl, ["t", "r"])
    expected = ("one or more tables requires BYPASSRLS",
                "tables with row-level security that applies to the user: public.r", POLICIES_HINT)
    run("ALTER TABLE r ENABLE ROW LEVEL SECURITY; CREATE ROLE others; CREATE ROLE readers; GRANT readers TO materialize")
    for policy in ("FOR SELECT TO materialize", "FOR ALL TO PUBLIC", "FOR SELECT TO others, readers"):
        run(f"CREATE POLICY p ON r {policy} USING (x = 1)")
        in_every_syntax(server, "r", *expected)
        run("DROP POLICY p ON r")
    run("CREATE POLICY p ON r FOR SELECT TO others USING (x = 1); CREATE POLICY q ON r FOR UPDATE USING (x = 1)")
    server.run(legacy("FOR TABLES (t)", name="unrelated"))
    server.run("DROP SOURCE unrelated CASCADE")
    run("DROP POLICY p ON r; CREATE POLICY p ON r FOR SELECT USING (x = 1); ALTER ROLE materialize BYPASSRLS")
    server.run(legacy())
    assert server.run("SELECT x FROM r ORDER BY x") == [(1,), (2,)]


def test_replica_identity(case):
    ddl = ("CREATE TABLE t (x int); CREATE TABLE none (x int PRIMARY KEY); CREATE TABLE \"No key\" (x int); "
           "CREATE TABLE unused (x int)")
    upstream, server, run = prepared(case, ddl, ["t", "none", '"No key"', "unused"])
    run('ALTER TABLE none REPLICA IDENTITY NOTHING; ALTER TABLE "No key" REPLICA IDENTITY DEFAULT; '
        'ALTER TABLE unused REPLICA IDENTITY DEFAULT')
    alter = "ALTER TABLE {} REPLICA IDENTITY FULL;".format
    refused(server, legacy('FOR TABLES (t, none, "No key")'), "referenced items not tables with REPLICA IDENTITY FULL",
            'referenced items: public."No key", public.none',
            IDENTITY_HINT.format(alter('public."No key"') + " " + alter("public.none")))
    in_every_syntax(server, "none", "referenced items not tables with REPLICA IDENTITY FULL",
                    "referenced items: public.none", IDENTITY_HINT.format(alter("public.none")))
    # Tables that are not wanted may be anything.
    server.run(legacy("FOR TABLES (t)"))


def test_unsupported_types(case):
    ddl = ("CREATE TYPE mood AS ENUM ('sad'); CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE TYPE pair AS (a int, b int); "
           "CREATE TABLE t (x int); CREATE TABLE odd (k int, m mood, \"D d\" positive, c pair, n numeric(40, 2), ms mood[], "
           "ip inet, r regproc, z timetz, mr int4multirange)")
    upstream, server, run = prepared(case, ddl, ["t", "odd"])
    line = "table public.odd contains column {} of type {} which Tailrace cannot currently ingest".format
    lines = [line(*pair) for pair in (("m", "public.mood"), ('"D d"', "public.positive"), ("c", "public.pair"),
                                      ("n", "numeric(40,2)"), ("ms", "public.mood[]"), ("ip", "inet"), ("r", "regproc"),
                                      ("z", "time with time zone"), ("mr", "int4multirange"))]
    bare = ["m", '"D d"', "c", "n", "ms", "ip", "r", "z", "mr"]
    bare_hint = TYPES_HINT(", ".join(bare))
    hint = TYPES_HINT(", ".join(f"public.odd.{name}" for name in bare))
    refused(server, legacy(), "referenced tables use unsupported types", "\n".join(lines), hint)
    in_every_syntax(server, "odd", "referenced tables use unsupported types", "\n".join(lines), hint, bare_hint)
    refused(server, legacy("FOR ALL TABLES", ", TEXT COLUMNS (odd.m, odd.\"D d\", odd.c, odd.n), "
                           "EXCLUDE COLUMNS (odd.ip, odd.ms, odd.r, odd.mr)"),
            "referenced tables use unsupported types", line("z", "time with time zone"),
            TYPES_HINT('public.odd.m, public.odd."D d", public.odd.c, public.odd.n, public.odd.z'))
    nothing_left(upstream, server)
    # What the hints say works as it stands.
    server.run(legacy("FOR ALL TABLES", ", " + hint.removeprefix("To ingest them as text, say ").split(". EXCLUDE")[0]))
    server.run("DROP SOURCE s CASCADE")
    server.run(legacy("", name="two"))
    server.run("CREATE TABLE odd FROM SOURCE two (REFERENCE odd) WITH ("
               + bare_hint.removeprefix("To ingest them as text, say ").split(". EXCLUDE")[0] + ")")


def test_options_that_are_not_for_users(case):
    upstream, server, _ = prepared(case, "CREATE TABLE t (x int)", ["t"])
    message = "CREATE SOURCE specifies DETAILS option, which only the system may give"
    refused(server, legacy("FOR ALL TABLES", ", DETAILS 'abc'"), message)
    refused(server, legacy("", ", DETAILS 'abc'"), message)
    for rest in ("FORMAT TEXT", "ENVELOPE UPSERT", "INCLUDE TIMESTAMP", "FORMAT BYTES ENVELOPE NONE"):
        expect_error(lambda: server.run(legacy(rest)))
    expect_error(lambda: server.run("CREATE SOURCE s (a, b) FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source') "
                                    "FOR ALL TABLES"))
    expect_error(lambda: server.run("CREATE SUBSOURCE t (x int) OF SOURCE s WITH (EXTERNAL REFERENCE = shop.public.t)"), None,
                 "CREATE SUBSOURCE statements are not supported")
    server.run(legacy("", name="two"))
    for table in ("t (x int)", "t (x)", "t (x int, y)"):
        expect_error(lambda: server.run(f"CREATE TABLE {table} FROM SOURCE two (REFERENCE t)"))
    expect_error(lambda: server.run("CREATE TABLE t FROM SOURCE two (REFERENC t)"), None, "xpected REFERENCE")
    expect_error(lambda: server.run("CREATE TABLE t FROM SOURCE two"), None, "REFERENCE")
    assert server.run("SHOW TABLES") == []


def test_an_existing_name_needs_no_upstream(case):
    upstream, server, _ = prepared(case, "CREATE TABLE t (x int)", ["t"])
    server.run(legacy())
    server.run(legacy("", name="two"))
    server.run("CREATE TABLE u FROM SOURCE two (REFERENCE t)")
    upstream.stop()
    session = case.session(server)
    for statement, name in ((legacy().replace("SOURCE s", "SOURCE IF NOT EXISTS s"), "s"),
                            ("CREATE TABLE IF NOT EXISTS u FROM SOURCE two (REFERENCE t)", "u")):
        session.notices.clear()
        session.cursor().execute(statement)
        assert any(f'"{name}" already exists, skipping' in notice for notice in session.notices), session.notices


def test_tables_of_two_databases_do_not_meet(case):
    upstream, server, _ = prepared(case, "CREATE TABLE t (x int); INSERT INTO t VALUES (1)", ["t"])
    source.prepare_upstream(upstream, ["t"], database="second", ddl="CREATE TABLE t (x text); INSERT INTO t VALUES ('far')")
    options = source.connection_options(upstream, database="second")
    server.run(f"CREATE CONNECTION far TO POSTGRES ({options})")
    server.run(legacy())
    server.run("CREATE SCHEMA far; CREATE SOURCE far.s FROM POSTGRES CONNECTION far (PUBLICATION 'mz_source') FOR ALL TABLES")
    assert server.run("SELECT (SELECT max(x) FROM t)::text, (SELECT max(x) FROM far.t)") == [("1", "far")]
    assert upstream.run("SELECT database, count(*) FROM pg_replication_slots GROUP BY 1 ORDER BY 1") == [
        ("second", 1), ("shop", 1)]
