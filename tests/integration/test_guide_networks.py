"""The user's guide for networks that are not open: an SSH tunnel and AWS PrivateLink, statement by statement."""

from harness import aws, compare, shop, source
from harness.aws import SERVICE, Aws
from harness.case import expect_error, limit
from harness.wait import eventually

CREATE_SOURCE = """
CREATE SOURCE mz_source
  IN CLUSTER ingest_postgres
  FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source')
  FOR ALL TABLES;
"""


class Shell:
    """Statements one after the other in one session: each answers with its tag, a query with its names and rows."""

    def __init__(self, case, server):
        self.cursor = case.session(server).cursor()

    def __call__(self, sql):
        self.cursor.execute(sql)
        if not self.cursor.description:
            return self.cursor.statusmessage
        return [column.name for column in self.cursor.description], self.cursor.fetchall()


def prepared(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, shop.TABLES, ddl=shop.DDL + shop.fill())
    return upstream


def check_tables(case, upstream, server):
    eventually(lambda: source.snapshot_committed(server), 60, "the snapshot is committed")
    mirror, origin = case.session(server), case.shop(upstream)
    for table in shop.TABLES:
        compare.assert_equal(origin, mirror, f"SELECT * FROM {table}")
    eventually(lambda: source.status(server) == ("running", None), 30, "the source runs")


def test_guide_with_an_ssh_tunnel(case):
    upstream = prepared(case)
    bastion = case.bastion()
    server = case.tailrace(arguments=["--announce-egress-address", "203.0.113.7"])
    shell = Shell(case, server)
    # Step 3: the address that the bastion's firewall is to let in.
    expected = (["egress_ip", "prefix_length", "cidr"], [("203.0.113.7", 32, "203.0.113.7/32")])
    eventually(lambda: shell("SELECT * FROM mz_egress_ips;") == expected, 10, "the announced address is listed")
    assert shell("CREATE CLUSTER ingest_postgres (SIZE = '50cc');") == "CREATE CLUSTER"
    # Step 5. The bastion is not contacted before the keys are there.
    bastion.kill()
    assert shell(f"""
        CREATE CONNECTION ssh_connection TO SSH TUNNEL (
            HOST '{bastion.host}',
            PORT {bastion.port},
            USER '{bastion.user}'
        );""") == "CREATE CONNECTION"
    bastion.start()
    names, rows = shell("""
        SELECT
            mz_connections.name,
            mz_ssh_tunnel_connections.*
        FROM
            mz_connections JOIN
            mz_ssh_tunnel_connections USING(id)
        WHERE
            mz_connections.name = 'ssh_connection';""")
    assert names == ["name", "id", "public_key_1", "public_key_2"] and len(rows) == 1, (names, rows)
    keys = rows[0][2:]
    assert rows[0][0] == "ssh_connection" and len(set(keys)) == 2
    for key in keys:
        kind, blob, comment = key.split(" ")
        assert (kind, comment) == ("ssh-ed25519", "materialize") and blob.startswith("AAAA"), key
    expect_error(lambda: shell("VALIDATE CONNECTION ssh_connection;"), "08006", "Permission denied (publickey")
    with open(bastion.authorized, "a", encoding="ascii") as authorized:
        for key in keys:
            authorized.write(f"{key}\n")
    assert shell("VALIDATE CONNECTION ssh_connection;") == "VALIDATE CONNECTION"
    assert shell(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)};") == "CREATE SECRET"
    assert shell(f"""
        CREATE CONNECTION pg_connection TO POSTGRES (
          HOST '{upstream.host}',
          PORT {upstream.port},
          USER 'materialize',
          PASSWORD SECRET pgpass,
          DATABASE 'shop',
          SSH TUNNEL ssh_connection
          );""") == "CREATE CONNECTION"
    assert shell(CREATE_SOURCE) == "CREATE SOURCE"
    check_tables(case, upstream, server)
    # "After source creation, you can handle upstream schema changes": a table more, and one less.
    upstream.run("CREATE TABLE more (a int); ALTER TABLE more REPLICA IDENTITY FULL; INSERT INTO more VALUES (1); "
                 "ALTER PUBLICATION mz_source ADD TABLE more; GRANT SELECT ON more TO materialize", database="shop")
    assert shell("ALTER SOURCE mz_source ADD SUBSOURCE more;") == "ALTER SOURCE"
    eventually(lambda: shell("SELECT * FROM more")[1] == [(1,)], 30, "the added table is there")
    assert shell("DROP SOURCE more;") == "DROP SOURCE"
    assert upstream.value("SELECT count(*) FROM pg_replication_slots WHERE NOT temporary") == 1


@limit(400)
def test_guide_with_privatelink(case):
    cloud = case.cleaned(Aws(case))
    upstream = prepared(case)
    upstream.run(f"ALTER ROLE postgres PASSWORD {source.quoted(source.PASSWORD)}")
    server = case.tailrace(arguments=cloud.arguments(), environment=aws.environment())
    shell = Shell(case, server)
    cloud.state[None] = "pendingAcceptance"
    assert shell(f"""
        CREATE CONNECTION privatelink_svc TO AWS PRIVATELINK (
            SERVICE NAME '{SERVICE}',
            AVAILABILITY ZONES ('use1-az1', 'use1-az2', 'use1-az3')
        );""") == "CREATE CONNECTION"
    names, rows = shell("""
        SELECT principal
        FROM mz_aws_privatelink_connections plc
        JOIN mz_connections c ON plc.id = c.id
        WHERE c.name = 'privatelink_svc';""")
    assert names == ["principal"] and len(rows) == 1 and rows[0][0].startswith("arn:aws:"), rows
    status = "SELECT status FROM mz_internal.mz_aws_privatelink_connection_statuses WHERE name = 'privatelink_svc'"
    eventually(lambda: shell(status)[1] == [("pending-acceptance",)], 60, "the request waits to be accepted")
    expect_error(lambda: shell("VALIDATE CONNECTION privatelink_svc"), "55000", "must accept")
    cloud.state.clear()
    eventually(lambda: shell(status)[1] == [("available",)], 60, "the endpoint is available")
    assert shell("VALIDATE CONNECTION privatelink_svc") == "VALIDATE CONNECTION"
    # What DNS in the VPC would say of the endpoint.
    name = cloud.dns_names(cloud.endpoints()[0])[0]
    server.stop()
    server.arguments += ["--resolve-host", f"{name}={upstream.host}"]
    server.start()
    shell = Shell(case, server)
    eventually(lambda: shell(status)[1] == [("available",)], 60, "the endpoint is available")
    assert shell("CREATE CLUSTER ingest_postgres (SIZE = '50cc');") == "CREATE CLUSTER"
    assert shell(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)};") == "CREATE SECRET"
    assert shell(f"""
        CREATE CONNECTION pg_connection TO POSTGRES (
            HOST 'database.invalid',
            PORT {upstream.port},
            USER postgres,
            PASSWORD SECRET pgpass,
            DATABASE shop,
            AWS PRIVATELINK privatelink_svc
        );""") == "CREATE CONNECTION"
    assert shell(CREATE_SOURCE) == "CREATE SOURCE"
    check_tables(case, upstream, server)
