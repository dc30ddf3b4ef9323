"""Names with several addresses, addresses that do not answer, and addresses that may not be dialled."""

import time
from concurrent.futures import ThreadPoolExecutor

from harness import process, source
from harness.bastion import create_tunnel, public_keys
from harness.black_hole import BlackHole
from harness.case import expect_error
from harness.wait import eventually

TABLE = "CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'x' FROM generate_series(1, 100) i"


def named(name, *addresses):
    return [part for address in addresses for part in ("--resolve-host", f"{name}={address}")]


def options(upstream, host, port=None):
    return (f"HOST '{host}', PORT {port or upstream.port}, USER '{source.USER}', PASSWORD SECRET pgpass, "
            "DATABASE 'shop'")


def seconds(run):
    began = time.monotonic()
    run()
    return time.monotonic() - began


def test_every_address_of_a_database_is_tried(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, [], ddl=TABLE)
    hole = case.cleaned(BlackHole("127.0.0.3", upstream.port))
    server = case.tailrace(arguments=[
        *named("db.test", "127.0.0.2", hole.host, upstream.host), *named("dead.test", "127.0.0.2", hole.host),
        *named("first.test", upstream.host, "127.0.0.2"), *named("silent.test", hole.host)])
    server.run(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)}")
    server.run("CREATE SECRET wrong AS 'wrong'")
    server.run("ALTER SYSTEM SET pg_source_connect_timeout = '4s'")

    def create(host, secret="pgpass", name="attempt"):
        text = options(upstream, host).replace("pgpass", secret)
        server.run(f"CREATE CONNECTION {name} TO POSTGRES ({text})")

    # One refuses, one is silent, one answers: the silent one has its share of the time, and no more.
    assert seconds(lambda: create("db.test", name="pg_connection")) < 4
    error = expect_error(lambda: create("dead.test"), "08006", "timed out")
    for told in (f"127.0.0.2: error connecting to server: Connection refused", f"{hole.host}: "):
        assert told in error.diag.message_detail, error.diag.message_detail
    assert 3.5 < seconds(lambda: expect_error(lambda: create("silent.test"), "08006", "connection timed out")) < 8
    # What a database says is its answer: no other address is asked for another one.
    expect_error(lambda: create("first.test", "wrong"), "28P01", "password authentication failed")
    source.create_source(server)
    eventually(lambda: source.snapshot_committed(server), 60, "the snapshot is committed")
    source.check_follows(case, upstream, server, 1001)
    # It moves to another one of its addresses, and a running source with it.
    upstream.run("ALTER SYSTEM SET listen_addresses = '127.0.0.2'")
    upstream.restart()
    source.check_follows(case, upstream, server, 1002)


def test_every_address_of_a_bastion_is_tried(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, [], ddl=TABLE)
    bastion = case.bastion()
    hole = case.cleaned(BlackHole("127.0.0.3", bastion.port))
    server = case.tailrace(arguments=[*named("bastion.test", "127.0.0.2", hole.host, bastion.host),
                                      *named("dead.test", "127.0.0.2", hole.host)])
    server.run(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)}")
    server.run("ALTER SYSTEM SET ssh_connect_timeout = '4s'")
    bastion.host = "bastion.test"
    create_tunnel(server, bastion)
    bastion.authorize(*public_keys(server))
    server.run("VALIDATE CONNECTION ssh_connection")
    # The name of the target is the bastion's business: it has other addresses there.
    server.run(f"CREATE CONNECTION pg_connection TO POSTGRES ({options(upstream, 'localhost')}, "
               "SSH TUNNEL ssh_connection)")
    source.create_source(server)
    eventually(lambda: source.snapshot_committed(server), 60, "the snapshot is committed")
    source.check_follows(case, upstream, server, 1001)
    server.run("ALTER CONNECTION ssh_connection SET (HOST 'dead.test')")
    error = expect_error(lambda: server.run("VALIDATE CONNECTION ssh_connection"), "08006",
                         "failed to connect to the remote host", "timed out")
    assert "127.0.0.2: Connection refused" in error.diag.message_detail, error.diag.message_detail
    eventually(lambda: source.stalled_with(server, "ssh: ", "timed out"), 30, "the status tells")
    server.run("ALTER CONNECTION ssh_connection SET (HOST 'bastion.test')")
    source.check_follows(case, upstream, server, 1002)


def test_a_silent_target_holds_up_nobody_else(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, [], ddl=TABLE)
    bastion = case.bastion()
    hole = case.cleaned(BlackHole("127.0.0.3", upstream.port))
    server = case.tailrace()
    server.run(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)}")
    server.run("ALTER SYSTEM SET pg_source_connect_timeout = '5s'")
    create_tunnel(server, bastion)
    bastion.authorize(*public_keys(server))
    for name, host, validate in (("pg_connection", upstream.host, "true"), ("nowhere", hole.host, "false")):
        server.run(f"CREATE CONNECTION {name} TO POSTGRES ({options(upstream, host)}, SSH TUNNEL ssh_connection) "
                   f"WITH (VALIDATE = {validate})")
    source.create_source(server)
    eventually(lambda: source.snapshot_committed(server), 60, "the snapshot is committed")
    error = expect_error(lambda: server.run("VALIDATE CONNECTION nowhere"), "08006",
                         f"failed to open a channel to {hole.host}:{upstream.port}", "timed out")
    assert "bastion" not in error.diag.message_primary, "the bastion is well"
    with ThreadPoolExecutor() as others:
        stuck = [others.submit(lambda: expect_error(lambda: server.run("VALIDATE CONNECTION nowhere"), "08006"))
                 for _ in range(3)]
        for number in range(3):
            server.run("VALIDATE CONNECTION pg_connection", timeout=4)
            source.check_follows(case, upstream, server, 1001 + number)
        for one in stuck:
            one.result()


def test_private_addresses_are_refused_where_they_must_be(case):
    upstream, server = case.followed(TABLE)
    private = ("127.0.0.1", "localhost", "127.1", "0x7f.1", "2130706433", "017700000001", "0x7f000001", "10.1.2.3",
               "172.31.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1", "::",
               "::ffff:127.0.0.1", "::ffff:7f00:1", "fe80::1", "fd00::1", "64:ff9b::7f00:1")
    refused = "Address resolved to a private IP"
    for host in private:
        server.run(f"CREATE CONNECTION \"c {host}\" TO POSTGRES (HOST '{host}', USER 'u', DATABASE 'd') "
                   "WITH (VALIDATE = false)")
        server.run(f"CREATE CONNECTION \"b {host}\" TO SSH TUNNEL (HOST '{host}', USER 'u')")
    server.run("ALTER SYSTEM SET storage_enforce_external_addresses = true")
    for host in private:
        expect_error(lambda name=host: server.run(f'VALIDATE CONNECTION "c {name}"', timeout=10), "08006", refused)
        expect_error(lambda name=host: server.run(f'VALIDATE CONNECTION "b {name}"', timeout=10), "08006", refused)
    expect_error(lambda: server.run("CREATE CONNECTION c TO POSTGRES (HOST 'localhost', USER 'u', DATABASE 'd')"),
                 "08006", refused)
    # Addresses of documentation are not private ones: tried, and not there.
    server.run("ALTER SYSTEM SET pg_source_connect_timeout = '1s'")
    server.run("CREATE CONNECTION c TO POSTGRES (HOST '192.0.2.1', USER 'u', DATABASE 'd') WITH (VALIDATE = false)")
    expect_error(lambda: server.run("VALIDATE CONNECTION c"), "08006", "error connecting to server")
    upstream.end_backends("usename = 'materialize'")
    eventually(lambda: source.stalled_with(server, refused), 30, "a running source is told when it connects again")
    server.run("ALTER SYSTEM RESET storage_enforce_external_addresses")
    source.check_follows(case, upstream, server, 1001)


def test_settings_of_connections(case):
    server = case.tailrace()
    for name, initial in (("ssh_check_interval", "30 s"), ("ssh_connect_timeout", "30 s"),
                          ("ssh_keepalives_idle", "30 s"), ("storage_enforce_external_addresses", "off"),
                          ("max_secrets", "100"), ("max_postgres_connections", "1000"),
                          ("enable_connection_validation_syntax", "on"), ("pg_source_connect_timeout", "30 s"),
                          ("pg_source_tcp_keepalives_idle", "10 s"), ("pg_source_tcp_keepalives_interval", "5 s"),
                          ("pg_source_tcp_keepalives_retries", "5"), ("pg_source_tcp_user_timeout", "60 s")):
        assert server.value(f"SHOW {name}") in (initial, initial.replace("60 s", "1 min")), name
    for name in ("ssh_check_interval", "ssh_connect_timeout", "ssh_keepalives_idle", "pg_source_connect_timeout",
                 "pg_source_tcp_keepalives_idle"):
        for value in ("0", "'0s'", "'10 h'", "'nonsense'", "-1"):
            expect_error(lambda setting=name, text=value: server.run(f"ALTER SYSTEM SET {setting} = {text}"), "22023")
    for value in ("0", "-1", "128"):
        expect_error(lambda text=value: server.run(f"ALTER SYSTEM SET pg_source_tcp_keepalives_retries = {text}"),
                     "22023")
    expect_error(lambda: server.run("ALTER SYSTEM SET max_secrets = -1"), "22023")
    server.run("ALTER SYSTEM SET max_secrets = 1")
    server.run("CREATE SECRET s AS 'x'")
    expect_error(lambda: server.run("CREATE SECRET s2 AS 'x'"), "54000",
                 "creating Secret would violate max_secrets limit (desired: 2, limit: 1, current: 1)")
    server.run("DROP SECRET s")
    server.run("CREATE SECRET s2 AS 'x'")
    connection = "CREATE CONNECTION {} TO POSTGRES (HOST 'h', USER 'u', DATABASE 'd') WITH (VALIDATE = false)"
    server.run("ALTER SYSTEM SET max_postgres_connections = 1")
    server.run(connection.format("c"))
    expect_error(lambda: server.run(connection.format("c2")), "54000", "would violate max_postgres_connections limit")
    server.run("CREATE CONNECTION b TO SSH TUNNEL (HOST 'h', USER 'u')")
    server.run("ALTER SYSTEM RESET max_postgres_connections")
    server.run(connection.format("c2"))
    server.run("ALTER SYSTEM SET enable_connection_validation_syntax = off")
    for statement in ("VALIDATE CONNECTION c", connection.format("c3"),
                      "ALTER CONNECTION c SET (PORT 1) WITH (VALIDATE = false)"):
        expect_error(lambda text=statement: server.run(text), "0A000", "is not available")


def test_the_check_interval_bounds_how_long_a_dead_bastion_goes_unnoticed(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, [], ddl=TABLE)
    bastion = case.bastion()
    server = case.tailrace()
    server.run("ALTER SYSTEM SET ssh_check_interval = '1s'")
    server.run("ALTER SYSTEM SET ssh_connect_timeout = '1s'")
    create_tunnel(server, bastion)
    bastion.authorize(*public_keys(server))
    source.follow(server, upstream, tunnel="ssh_connection")
    bastion.freeze()
    eventually(lambda: source.stalled_with(server, "ssh: "), 15, "noticed long before ssh_keepalives_idle")
    bastion.thaw()
    source.check_follows(case, upstream, server, 1001)
