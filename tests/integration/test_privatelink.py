"""CREATE CONNECTION ... TO AWS PRIVATELINK makes, watches and deletes a VPC endpoint: against moto (harness/aws.py)."""

from harness import aws, source
from harness.aws import SERVICE, Aws
from harness.case import expect_error, limit
from harness.wait import eventually

ZONES = "('use1-az1', 'use1-az6')"
CREATE = f"CREATE CONNECTION pl TO AWS PRIVATELINK (SERVICE NAME '{SERVICE}', AVAILABILITY ZONES {ZONES})"


def started(case, *arguments, **options):
    """AWS, and a server that knows how to use it."""
    cloud = case.cleaned(Aws(case))
    return cloud, case.tailrace(arguments=cloud.arguments(*arguments), environment=aws.environment(), **options)


def status(server):
    found = server.run("SELECT status FROM mz_internal.mz_aws_privatelink_connection_statuses WHERE name = 'pl'")
    return found[0][0] if found else None


def history(server):
    return [row[0] for row in server.run("SELECT status FROM mz_internal.mz_aws_privatelink_connection_status_history "
                                         "ORDER BY occurred_at")]


def becomes(server, wanted, timeout=60):
    eventually(lambda: status(server) == wanted, timeout, f"the endpoint is {wanted}, not {status(server)}")


def gone(cloud, count=1):
    eventually(lambda: len(cloud.endpoints("deleted")) == count and not cloud.endpoints(), 60,
               "the endpoint is deleted")


@limit(400)  # the first of these tests makes moto's environment
def test_endpoint_is_made_watched_and_deleted(case):
    cloud, server = started(case)
    cloud.state[None] = "pending"
    server.run(CREATE)
    assert server.run("SELECT principal FROM mz_aws_privatelink_connections plc "
                      "JOIN mz_connections c ON plc.id = c.id WHERE c.name = 'pl'") == [
                          ("arn:aws:sts::123456789012:user/moto",)]
    becomes(server, "pending")
    expect_error(lambda: server.run("VALIDATE CONNECTION pl"), "55000", "not available: pending")
    cloud.state[None] = "pendingAcceptance"
    expect_error(lambda: server.run("VALIDATE CONNECTION pl"), "55000", "pending-acceptance", "must accept")
    assert status(server) == "pending-acceptance"
    cloud.state.clear()
    server.run("VALIDATE CONNECTION pl")
    assert status(server) == "available"
    made = [call.parameters for call in cloud.calls if call.action == "CreateVpcEndpoint"]
    assert len(made) == 1 and made[0]["ServiceName"] == SERVICE and made[0]["VpcId"] == cloud.vpc, made
    assert made[0]["VpcEndpointType"] == "Interface" and "SubnetId.2" in made[0] and "SubnetId.3" not in made[0]
    for state, word in (("rejected", "rejected"), ("expired", "expired"), ("failed", "failed"),
                        ("somethingNew", "unknown"), ("available", "available")):
        cloud.state[None] = state
        becomes(server, word)
    cloud.state.clear()
    server.run("DROP CONNECTION pl")
    gone(cloud)
    eventually(lambda: history(server)[-1] == "deleted", 30, "the history ends with `deleted`")
    assert history(server) == ["creating-endpoint", "pending", "pending-acceptance", "available", "rejected", "expired",
                               "failed", "unknown", "available", "deleting", "deleted"]
    assert server.run("SELECT * FROM mz_aws_privatelink_connections") == []
    assert cloud.count("CreateVpcEndpoint") == 1


@limit(400)
def test_wrong_definitions_are_told_before_anything_is_made(case):
    cloud, server = started(case)
    for options, *words in (
            ("AVAILABILITY ZONES ()", "SERVICE NAME option is required"),
            (f"SERVICE NAME '{SERVICE}'", "AVAILABILITY ZONES option is required"),
            ("SERVICE NAME 'vpce-svc-1', AVAILABILITY ZONES ()",
             'invalid AWS PrivateLink service name "vpce-svc-1"', "VPC endpoint service"),
            (f"SERVICE NAME '{SERVICE}', AVAILABILITY ZONES ('us-east-1a')", "us-east-1a", "the zone's id"),
            (f"SERVICE NAME '{SERVICE}', AVAILABILITY ZONES ('use1-az1', 'use1-az1')", "duplicate"),
            (f"SERVICE NAME '{SERVICE}', AVAILABILITY ZONES ('use1-az1', 'use1-az99')", 'zone "use1-az99"',
             "use1-az2"),
            (f"SERVICE NAME '{SERVICE}', AVAILABILITY ZONES (), HOST 'h'",
             "AWS PRIVATELINK connections do not support HOST values")):
        expect_error(lambda o=options: server.run(f"CREATE CONNECTION pl TO AWS PRIVATELINK ({o})"), "22023", *words)
    server.run(CREATE.replace(ZONES, "()"))
    expect_error(lambda: server.run(CREATE), "42710", "catalog item 'pl' already exists")
    becomes(server, "available")
    made = [call.parameters for call in cloud.calls if call.action == "CreateVpcEndpoint"]
    assert len(made) == 1 and "SubnetId.6" in made[0], "a subnet in every zone"
    server.run("CREATE SECRET pw AS 'x'; CREATE CONNECTION other TO POSTGRES (HOST 'h', USER u, DATABASE d) "
               "WITH (VALIDATE = false)")
    for option, code, word in (("AWS PRIVATELINK other", "42809", "other is not an AWS PRIVATELINK connection"),
                               ("AWS PRIVATELINK nix", None, "nix"),
                               ("AWS PRIVATELINK pl (PORT 0)", "22023", "not a port"),
                               ("AWS PRIVATELINK pl (AVAILABILITY ZONE 'us-east-1a')", "22023", "us-east-1a"),
                               ("AWS PRIVATELINK pl, SSH TUNNEL other", "22023", "only one of")):
        expect_error(lambda o=option: server.run(f"CREATE CONNECTION c TO POSTGRES (HOST 'h', USER u, DATABASE d, {o}) "
                                                 "WITH (VALIDATE = false)"), code, word)
    server.run("CREATE CONNECTION c TO POSTGRES (HOST 'h', USER u, DATABASE d, AWS PRIVATELINK pl "
               "(PORT 5433, AVAILABILITY ZONE 'use1-az1')) WITH (VALIDATE = false)")
    assert "AWS PRIVATELINK = materialize.public.pl (PORT = 5433, AVAILABILITY ZONE = 'use1-az1')" in server.run(
        "SHOW CREATE CONNECTION c")[0][1]
    expect_error(lambda: server.run("DROP CONNECTION pl"), "2BP01", "still depended upon by", "c")
    for change, word in (("SET (SERVICE NAME 'vpce-svc-1')", 'invalid AWS PrivateLink service name "vpce-svc-1"'),
                         ("SET (AVAILABILITY ZONES ('use1-az99'))", 'zone "use1-az99"'),
                         ("RESET (AVAILABILITY ZONES)", "AVAILABILITY ZONES option is required"),
                         ("SET (HOST 'h')", "AWS PRIVATELINK connections do not support HOST values")):
        expect_error(lambda text=change: server.run(f"ALTER CONNECTION pl {text}"), "22023", word)
    expect_error(lambda: server.run("ALTER CONNECTION pl SET (AVAILABILITY ZONES ('use1-az1')) WITH (VALIDATE = true)"),
                 "55000", "cannot be validated before it exists")
    assert cloud.count("CreateVpcEndpoint") == 1 and status(server) == "available"
    server.run("ALTER CONNECTION c SET (AWS PRIVATELINK pl) WITH (VALIDATE = false)")
    assert "AWS PRIVATELINK = materialize.public.pl)" in server.run("SHOW CREATE CONNECTION c")[0][1]


def test_without_a_vpc_the_error_names_what_to_set(case):
    server = case.tailrace(environment={"AWS_EC2_METADATA_DISABLED": "true"})
    error = expect_error(lambda: server.run(CREATE), "0A000", "AWS PrivateLink connections are not supported",
                         "--aws-vpc", "--aws-region")
    assert "AWS_" not in error.diag.message_primary
    assert server.run("SELECT * FROM mz_connections WHERE id LIKE 'u%'") == []


@limit(400)
def test_without_keys_the_error_says_where_they_were_looked_for(case):
    cloud = case.cleaned(Aws(case))
    surroundings = aws.environment()
    del surroundings["AWS_ACCESS_KEY_ID"], surroundings["AWS_SECRET_ACCESS_KEY"]
    server = case.tailrace(arguments=cloud.arguments(), environment=surroundings)
    expect_error(lambda: server.run(CREATE), "28000", "no AWS credentials found", "AWS_ACCESS_KEY_ID", "metadata")
    assert cloud.calls == []


@limit(400)
def test_throttling_and_refusals_make_no_second_endpoint(case):
    cloud, server = started(case)
    cloud.refuse("CreateVpcEndpoint", "RequestLimitExceeded", status=503, times=3)
    cloud.refuse("DescribeSubnets", "InternalError", status=500)
    server.run(CREATE)
    becomes(server, "available")
    assert cloud.count("CreateVpcEndpoint") == 4 and len(cloud.endpoints()) == 1
    server.run("DROP CONNECTION pl")
    gone(cloud)
    eventually(lambda: history(server)[-1] == "deleted", 30)

    cloud.refuse("CreateVpcEndpoint", "InvalidServiceName", "does not exist", times=1000)
    server.run(CREATE)
    becomes(server, "pending-service-discovery")
    expect_error(lambda: server.run("VALIDATE CONNECTION pl"), "55000", "pending-service-discovery", "does not exist",
                 "principal")
    cloud.stop_refusing()
    becomes(server, "available")
    assert len(cloud.endpoints()) == 1
    assert history(server)[-3:] == ["creating-endpoint", "pending-service-discovery", "available"]

    server.run(CREATE.replace(" pl ", " pl2 "))
    cloud.refuse("DescribeVpcEndpoints", "UnauthorizedOperation", "not authorized", times=1000)
    expect_error(lambda: server.run("VALIDATE CONNECTION pl"), "08006", "UnauthorizedOperation")
    assert server.run("SELECT 1") == [(1,)]
    cloud.stop_refusing()
    server.run("VALIDATE CONNECTION pl")


@limit(400)
def test_an_endpoint_that_was_refused_leaves_nothing_behind(case):
    cloud, server = started(case)
    cloud.refuse("CreateVpcEndpoint", "UnauthorizedOperation", "not authorized", times=1000)
    server.run(CREATE)
    becomes(server, "failed")
    server.run("DROP CONNECTION pl")
    eventually(lambda: history(server)[-1:] == ["deleted"] or history(server) == ["creating-endpoint", "failed"], 30)
    cloud.stop_refusing()
    server.restart_after_kill()
    server.run(CREATE)
    becomes(server, "available")
    assert len(cloud.endpoints()) == 1


@limit(400)
def test_a_crash_while_the_endpoint_is_made_neither_loses_nor_doubles_it(case):
    cloud, server = started(case)
    # The endpoint is made, but the answer gets lost, and with it the server. Its client token would hide a second
    # creation, so the proxy forgets it: the endpoint must be found by its tag.
    cloud.lose_reply("CreateVpcEndpoint")
    server.run(CREATE)
    eventually(lambda: len(cloud.endpoints()) == 1, 60, "AWS has the endpoint")
    server.kill()
    cloud.tokens.clear()
    server.start()
    becomes(server, "available")
    assert len(cloud.endpoints()) == 1
    # The same, and the connection is dropped before the server has ever heard of its endpoint.
    cloud.refuse("DescribeVpcEndpoints", "Unavailable", status=503, times=10000)
    cloud.lose_reply("CreateVpcEndpoint")
    server.run(CREATE.replace(" pl ", " pl2 "))
    eventually(lambda: len(cloud.endpoints()) == 2, 60, "AWS has the second endpoint")
    server.run("DROP CONNECTION pl2")
    server.kill()
    cloud.tokens.clear()
    cloud.stop_refusing()
    server.start()
    eventually(lambda: len(cloud.endpoints()) == 1 and len(cloud.endpoints("deleted")) == 1, 60,
               "the endpoint of the dropped connection is deleted")
    assert status(server) == "available"


@limit(400)
def test_a_crash_before_the_endpoint_is_deleted_leaves_no_orphan(case):
    cloud, server = started(case)
    server.run(CREATE)
    becomes(server, "available")
    cloud.refuse("DeleteVpcEndpoints", "InternalError", status=500, times=10000)
    server.run("DROP CONNECTION pl")
    assert server.run("SHOW CONNECTIONS") == []
    eventually(lambda: cloud.count("DeleteVpcEndpoints") > 0, 30)
    server.kill()
    cloud.stop_refusing()
    server.start()
    gone(cloud)
    eventually(lambda: history(server)[-1] == "deleted", 30)


@limit(400)
def test_an_endpoint_that_somebody_deletes_is_made_again(case):
    cloud, server = started(case)
    server.run(CREATE)
    becomes(server, "available")
    first = cloud.endpoints()[0]
    cloud.ask("DeleteVpcEndpoints", **{"VpcEndpointId.1": first})
    eventually(lambda: cloud.endpoints() not in ([], [first]), 60, "there is another one")
    becomes(server, "available")
    assert history(server) == ["creating-endpoint", "available", "deleted", "recreating-endpoint", "available"]
    assert cloud.count("CreateVpcEndpoint") == 2


@limit(400)
def test_an_altered_connection_gets_another_endpoint_and_loses_the_first(case):
    cloud, server = started(case)
    server.run(CREATE)
    becomes(server, "available")
    first = cloud.endpoints()[0]
    server.run(f"ALTER CONNECTION pl SET (AVAILABILITY ZONES {ZONES})")
    server.run("VALIDATE CONNECTION pl")
    assert cloud.endpoints() == [first], "the same as before needs no other endpoint"
    cloud.state[None] = "pendingAcceptance"
    server.run("ALTER CONNECTION pl SET (AVAILABILITY ZONES ('use1-az2'))")
    becomes(server, "pending-acceptance")
    eventually(lambda: len(cloud.endpoints()) == 1 and cloud.endpoints() != [first], 60, "the first one is deleted")
    made = [call.parameters for call in cloud.calls if call.action == "CreateVpcEndpoint"]
    assert len(made) == 2 and "SubnetId.1" in made[1] and "SubnetId.2" not in made[1], made
    assert "recreating-endpoint" in history(server)
    cloud.state.clear()
    becomes(server, "available")
    # Killed at once, and with AWS refusing to delete: neither of them is forgotten.
    cloud.refuse("DeleteVpcEndpoints", "UnauthorizedOperation", "not now", times=3, status=403)
    other = SERVICE[:-1] + "9"
    server.run(f"ALTER CONNECTION pl SET (SERVICE NAME '{other}'), SET (AVAILABILITY ZONES ())")
    server.restart_after_kill()
    becomes(server, "available")
    eventually(lambda: len(cloud.endpoints()) == 1 and len(cloud.endpoints("deleted")) == 2, 60,
               "the second one is deleted too")
    assert other in server.run("SHOW CREATE CONNECTION pl")[0][1]
    assert [call.parameters for call in cloud.calls if call.action == "CreateVpcEndpoint"][-1]["ServiceName"] == other
    server.run("ALTER CONNECTION pl SET (AVAILABILITY ZONES ('use1-az1'))")
    server.run("DROP CONNECTION pl")
    eventually(lambda: not cloud.endpoints(), 60, "whatever there was by then is deleted")
    server.restart_after_kill()
    server.run(CREATE)
    becomes(server, "available")
    assert len(cloud.endpoints()) == 1


@limit(400)
def test_an_unreachable_aws_neither_stops_nor_delays_the_server(case):
    cloud, server = started(case)
    server.run(CREATE)
    becomes(server, "available")
    server.kill()
    cloud.server.shutdown()
    cloud.server.server_close()
    server.start()
    assert status(server) == "available"
    expect_error(lambda: server.run("SET statement_timeout = '2s'; VALIDATE CONNECTION pl"), ("57014", "55000", "08006"))
    assert server.stop() == 0


@limit(400)
def test_the_keys_are_nowhere_to_be_found(case):
    cloud, server = started(case, log_level="debug")
    server.run(CREATE)
    becomes(server, "available")
    cloud.refuse("DescribeVpcEndpoints", "AuthFailure", "credentials", times=1000)
    expect_error(lambda: server.run("VALIDATE CONNECTION pl"), "08006", "AuthFailure")
    cloud.stop_refusing()
    server.run("DROP CONNECTION pl")
    gone(cloud)
    assert all("Action" in call.parameters for call in cloud.calls)
    assert_keys_in_no_file(server)
    server.stop()
    assert_keys_in_no_file(server)


def assert_keys_in_no_file(server):
    for path in [*server.data.rglob("*"), server.log, server.output]:
        if path.is_file():
            content = path.read_bytes()
            assert aws.SECRET.encode() not in content, f"the secret key stands in {path}"
            assert b"Signature=" not in content, f"a signature stands in {path}"


@limit(400)
def test_wrong_keys_are_refused_and_told(case):
    cloud = case.cleaned(Aws(case))
    server = case.tailrace(arguments=cloud.arguments(), environment=aws.environment(secret="another"))
    expect_error(lambda: server.run(CREATE), "08006", "SignatureDoesNotMatch")
    assert server.run("SHOW CONNECTIONS") == []


@limit(400)
def test_a_source_reaches_its_database_through_the_zone_of_its_choice(case):
    cloud = case.cleaned(Aws(case))
    # One server on an address for each zone. Only these can be reached: the database's own name cannot be resolved.
    upstream = case.postgres(settings={"listen_addresses": "127.0.0.2,127.0.0.3"},
                             tls=("db.example.invalid", "127.0.0.1"))
    source.prepare_upstream(upstream, [], ddl="CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    server = case.tailrace(arguments=cloud.arguments(), environment=aws.environment(), start=False)
    cloud.state[None] = "pendingAcceptance"
    server.start()
    server.run(CREATE)
    becomes(server, "pending-acceptance")
    server.run(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)}")
    certificate = (upstream.home / "server.crt").read_text()

    def create(name, options, *, host="db.example.invalid", port=upstream.port, with_=""):
        server.run(f"CREATE CONNECTION {name} TO POSTGRES (HOST '{host}', PORT {port}, USER '{source.USER}', "
                   f"PASSWORD SECRET pgpass, DATABASE shop, SSL MODE verify_full, "
                   f"SSL CERTIFICATE AUTHORITY '{certificate}', {options}) {with_}")

    expect_error(lambda: create("pg_connection", "AWS PRIVATELINK pl"), "08006", "pending-acceptance", "must accept")
    cloud.state.clear()
    server.run("VALIDATE CONNECTION pl")
    endpoint = cloud.endpoints()[0]
    whole, az6, az1, _ = cloud.dns_names(endpoint)
    server.stop()
    server.arguments += ["--resolve-host", f"{whole}=127.0.0.2", "--resolve-host", f"{az1}=127.0.0.3"]
    server.start()
    eventually(lambda: status(server) == "available", 30)
    create("pg_connection", "AWS PRIVATELINK pl")
    create("by_zone", f"AWS PRIVATELINK pl (PORT {upstream.port}, AVAILABILITY ZONE 'use1-az1')", port=5432)
    # A zone whose name nobody resolves, a zone without an address, and a server that is not who it should be.
    expect_error(lambda: create("c", "AWS PRIVATELINK pl (AVAILABILITY ZONE 'use1-az6')"), "08006", "lookup")
    expect_error(lambda: create("c", "AWS PRIVATELINK pl (AVAILABILITY ZONE 'use1-az4')"), "08006", "no address in")
    expect_error(lambda: create("c", "AWS PRIVATELINK pl", host="other.example.invalid"), "08006",
                 "does not match host name")
    server.run("CREATE SOURCE mz_source FROM POSTGRES CONNECTION by_zone (PUBLICATION 'mz_source') FOR ALL TABLES")
    eventually(lambda: source.snapshot_committed(server), 60, "the snapshot is committed")
    assert server.run("SELECT * FROM t") == [(1,)]
    server.restart_after_kill()
    upstream.run("INSERT INTO t VALUES (2)", database="shop")
    eventually(lambda: server.run("SELECT a FROM t ORDER BY a") == [(1,), (2,)], 60)
    assert upstream.value("SELECT count(*) FROM pg_replication_slots WHERE NOT temporary") == 1
    server.run("DROP CONNECTION pl CASCADE")
    # The slot is dropped through the endpoint, and the endpoint only then.
    eventually(lambda: upstream.value("SELECT count(*) FROM pg_replication_slots") == 0, 60, "the slot is dropped")
    gone(cloud)
