"""Sources behind a bastion: keys, host keys, and what happens to the bastion, against a real OpenSSH server."""

import os
import signal
import socket
import threading

from harness import compare, process, source
from harness.bastion import create_tunnel, public_keys
from harness.case import expect_error, limit
from harness.wait import eventually

TABLE = "CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'x' FROM generate_series(1, 100) i"
# Shorter than any test's patience; what they say is still what happens.
FAST = ("ALTER SYSTEM SET ssh_keepalives_idle = '1s'", "ALTER SYSTEM SET ssh_connect_timeout = '2s'")


def through(case, *, ddl=TABLE, settings=None, keys=True, upstream_settings=None):
    """An upstream, a bastion that knows our keys, and a server with a tunnel to it and the password of the upstream."""
    upstream = case.postgres(settings=upstream_settings)
    source.prepare_upstream(upstream, [], ddl=ddl)
    bastion = case.bastion(**(settings or {}))
    server = case.tailrace()
    for statement in FAST:
        server.run(statement)
    server.run(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)}")
    create_tunnel(server, bastion)
    if keys:
        bastion.authorize(*public_keys(server))
    return upstream, bastion, server


def connect(server, upstream, name="pg_connection", extra="", tail=""):
    server.run(f"CREATE CONNECTION {name} TO POSTGRES ({source.connection_options(upstream)}, "
               f"SSH TUNNEL ssh_connection{extra}) {tail}")


def follow(case, **options):
    upstream, bastion, server = through(case, **options)
    connect(server, upstream)
    source.create_source(server)
    eventually(lambda: source.snapshot_committed(server), 60, "the snapshot is committed")
    return upstream, bastion, server


def test_the_guide_over_a_bastion(case):
    upstream, bastion, server = through(case, keys=False)
    row = server.run("SELECT mz_connections.name, mz_ssh_tunnel_connections.* FROM mz_connections "
                     "JOIN mz_ssh_tunnel_connections USING (id) WHERE mz_connections.name = 'ssh_connection'")
    assert len(row) == 1 and len(row[0]) == 4, row
    first, second = public_keys(server)
    assert first != second
    for key in (first, second):
        assert key.startswith("ssh-ed25519 AAAA") and key.endswith(" materialize"), key
    # Keys that are not installed yet.
    error = expect_error(lambda: server.run("VALIDATE CONNECTION ssh_connection"), "08006",
                         "failed to connect to the remote host", f"{bastion.user}@{bastion.host}",
                         "Permission denied (publickey")
    assert "mz_ssh_tunnel_connections" in error.diag.message_hint
    expect_error(lambda: connect(server, upstream), "08006", "Permission denied (publickey")
    bastion.authorize(first, second)
    server.run("VALIDATE CONNECTION ssh_connection")
    connect(server, upstream)
    source.create_source(server)
    eventually(lambda: source.snapshot_committed(server), 60, "the snapshot is committed")
    source.check_follows(case, upstream, server, 1001)
    # Nothing of it goes around the bastion.
    assert upstream.value("SELECT count(*) FROM pg_stat_activity WHERE usename = 'materialize'") > 0
    own = {int(port) for (port,) in upstream.run("SELECT client_port FROM pg_stat_activity "
                                                 "WHERE usename = 'materialize'")}
    assert not own & local_ports(server.process.pid), "a session goes around the bastion"
    created = server.run("SHOW CREATE CONNECTION ssh_connection")[0][1]
    assert f"PUBLIC KEY 1 = '{first}'" in created, created
    edges = server.run("SELECT o.name, r.name FROM mz_internal.mz_object_dependencies d "
                       "JOIN mz_objects o ON o.id = d.object_id JOIN mz_objects r ON r.id = d.referenced_object_id "
                       "WHERE o.name = 'pg_connection' ORDER BY 2")
    assert ("pg_connection", "ssh_connection") in edges, edges
    expect_error(lambda: server.run("DROP CONNECTION ssh_connection"), None, "still depended upon by")
    server.restart_after_kill()
    assert public_keys(server) == (first, second), "keys survive a restart"
    source.check_follows(case, upstream, server, 1002)
    slot = source.slot_of(server)
    server.run("DROP CONNECTION ssh_connection CASCADE")
    assert server.run("SELECT * FROM mz_ssh_tunnel_connections") == []
    eventually(lambda: upstream.run("SELECT 1 FROM pg_replication_slots WHERE slot_name = %s", (slot,)) == [], 30,
               "the slot was dropped through the bastion, which nothing in the catalog knows any more")


def local_ports(pid):
    """The ports of the TCP sockets of a process."""
    inodes = set()
    for entry in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{entry}")
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    ports = set()
    for line in open(f"/proc/{pid}/net/tcp", encoding="ascii").read().splitlines()[1:]:
        fields = line.split()
        if fields[9] in inodes:
            ports.add(int(fields[1].split(":")[1], 16))
    return ports


def test_statements_about_tunnels(case):
    server = case.tailrace()
    for options, state, words in (
            ("HOST 'h', USER 'u', PUBLIC KEY 1 'x'", "22023", ["the PUBLIC KEY 1 option cannot be explicitly specified"]),
            ("USER 'u'", "22023", ["HOST"]), ("HOST 'h'", "22023", ["USER"]),
            ("HOST 'h', USER 'u', PORT 0", "22023", ["PORT"]),
            ("HOST 'h', USER 'u', REGION 'x'", "22023", ["SSH TUNNEL connections do not support REGION values"]),
            ("HOST 'h', USER 'u', HOST KEY 'nonsense'", "22023", ["invalid HOST KEY"])):
        expect_error(lambda text=options: server.run(f"CREATE CONNECTION b TO SSH TUNNEL ({text})"), state, *words)
    server.run("CREATE CONNECTION b TO SSH TUNNEL (HOST 'nowhere.invalid', PORT 22, USER u)")
    server.run("CREATE TABLE t (a int)")
    expect_error(lambda: server.run("VALIDATE CONNECTION b"), "08006", "failed to lookup address information")
    expect_error(lambda: server.run("CREATE CONNECTION b2 TO SSH TUNNEL (HOST 'nowhere.invalid', USER 'u') "
                                    "WITH (VALIDATE)"), "08006", "failed to lookup address information")
    nobody = process.free_port()
    server.run(f"ALTER CONNECTION b SET (HOST = '127.0.0.1', PORT {nobody})")
    expect_error(lambda: server.run("VALIDATE CONNECTION b"), "08006", "failed to connect to the remote host: "
                 f"connect to host 127.0.0.1 port {nobody}: Connection refused")
    for name in ("t", "c"):
        server.run("CREATE CONNECTION IF NOT EXISTS c TO POSTGRES (HOST 'h', USER 'u', DATABASE 'd') "
                   "WITH (VALIDATE = false)")
        expect_error(lambda target=name: server.run(f"CREATE CONNECTION p TO POSTGRES (HOST 'h', USER 'u', "
                                                    f"DATABASE 'd', SSH TUNNEL {target})"),
                     "42809", f"{name} is not an SSH connection")
    expect_error(lambda: server.run("ALTER CONNECTION b SET (PUBLIC KEY 1 = 'x')"), "22023",
                 "the PUBLIC KEY 1 option cannot be explicitly specified")
    expect_error(lambda: server.run("ALTER CONNECTION b ROTATE KEYS WITH (VALIDATE = false)"), "42601",
                 "does not support WITH (VALIDATE")
    expect_error(lambda: server.run("ALTER SYSTEM SET ssh_connect_timeout = 0"), "22023")
    assert server.run("SHOW CONNECTIONS WHERE name = 'b'")[0][:2] == ("b", "ssh-tunnel")
    server.run("DROP CONNECTION b")
    assert server.run("SELECT * FROM mz_ssh_tunnel_connections") == []


def test_rotated_keys(case):
    upstream, bastion, server = follow(case)
    first, second = public_keys(server)
    server.run("ALTER CONNECTION ssh_connection ROTATE KEYS")
    assert public_keys(server)[0] == second and public_keys(server)[1] not in (first, second)
    source.check_follows(case, upstream, server, 1001)
    # Once: what was the second key still lets us in.
    server.run("VALIDATE CONNECTION ssh_connection")
    bastion.kill()
    bastion.start()
    source.check_follows(case, upstream, server, 1002)
    # Twice, and the bastion knows neither key: locked out until they are installed.
    server.run("ALTER CONNECTION ssh_connection ROTATE KEYS")
    bastion.kill()
    bastion.start()
    eventually(lambda: source.stalled_with(server, "ssh: ", "Permission denied (publickey"), 30, "the bastion refuses")
    upstream.run("DELETE FROM t WHERE k < 10", database="shop")
    bastion.authorize(*public_keys(server))
    source.check_follows(case, upstream, server, 1003)
    server.restart_after_kill()
    source.check_follows(case, upstream, server, 1004)


def test_a_changed_host_key_stalls_until_it_is_accepted(case):
    upstream, bastion, server = follow(case)
    known = bastion.host_key()
    bastion.kill()
    bastion.make_host_key()
    bastion.start()
    eventually(lambda: source.stalled_with(
        server, "ssh: ", f"the host key of {bastion.host}:{bastion.port} has changed", "SHA256:"),
        30, "the changed key is refused")
    details = server.value("SELECT details::text FROM mz_internal.mz_source_statuses WHERE name = 'mz_source'")
    assert "ALTER CONNECTION materialize.public.ssh_connection RESET (HOST KEY)" in details, details
    error = expect_error(lambda: server.run("VALIDATE CONNECTION ssh_connection"), "08006", "has changed")
    assert "RESET (HOST KEY)" in error.diag.message_hint
    server.restart_after_kill()
    eventually(lambda: source.stalled_with(server, "has changed"), 30, "a restart does not accept it")
    upstream.run("INSERT INTO t VALUES (1001, 'meanwhile')", database="shop")
    server.run("ALTER CONNECTION ssh_connection RESET (HOST KEY)")
    source.check_follows(case, upstream, server, 1002)
    # A key may be told beforehand.
    expect_error(lambda: server.run(f"ALTER CONNECTION ssh_connection SET (HOST KEY = '{known}') "
                                    "WITH (VALIDATE = true)"), "08006", "has changed")
    server.run(f"ALTER CONNECTION ssh_connection SET (HOST KEY = '{bastion.host_key()}') WITH (VALIDATE = true)")
    source.check_follows(case, upstream, server, 1003)


def test_host_keys_that_are_not_checked(case):
    upstream, bastion, server = follow(case)
    for number, off in enumerate(("ALTER CONNECTION ssh_connection SET (HOST KEY CHECKING = false)",
                                  "ALTER SYSTEM SET ssh_host_key_checking = off")):
        bastion.kill()
        bastion.make_host_key()
        bastion.start()
        eventually(lambda: source.stalled_with(server, "has changed"), 30, "checked at first")
        server.run(off)
        source.check_follows(case, upstream, server, 1001 + number)
        server.run("ALTER CONNECTION ssh_connection RESET (HOST KEY CHECKING), RESET (HOST KEY)")
        server.run("VALIDATE CONNECTION ssh_connection")


def test_bastion_restarts_while_streaming(case):
    upstream, bastion, server = follow(case)
    for number in range(3):
        bastion.kill()
        eventually(lambda: source.stalled_with(server, "ssh: "), 30, "the status tells")
        upstream.run(f"INSERT INTO t VALUES ({2000 + number}, 'while the bastion is down')", database="shop")
        assert server.value("SELECT count(*) FROM t", timeout=5) >= 100, "reads go on"
        bastion.start()
        source.check_follows(case, upstream, server, 1001 + number)


def test_bastion_is_a_black_hole_while_streaming(case):
    upstream, bastion, server = follow(case)
    bastion.freeze()
    upstream.run("INSERT INTO t VALUES (2000, 'into the hole')", database="shop")
    eventually(lambda: source.stalled_with(server, "ssh: "), 30, "the silence is noticed")
    assert server.value("SELECT count(*) FROM t", timeout=5) == 100, "reads go on"
    expect_error(lambda: server.run("VALIDATE CONNECTION ssh_connection"), "08006",
                 "failed to connect to the remote host", "timed out")
    bastion.thaw()
    source.check_follows(case, upstream, server, 1001)


@limit(240)
def test_bastion_dies_during_the_snapshot(case):
    ddl = "CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t SELECT i, repeat('x', 400) || i FROM " \
          "generate_series(1, 150000) i"
    upstream, bastion, server = through(case, ddl=ddl)
    connect(server, upstream)
    watcher = upstream.connect().cursor()

    def copying():
        watcher.execute("SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY %'")
        return [pid for (pid,) in watcher.fetchall()]

    for trouble, mend in ((bastion.kill, bastion.start), (bastion.freeze, bastion.thaw)):
        server.run("DROP SOURCE IF EXISTS mz_source CASCADE")
        source.create_source(server)
        copiers = eventually(copying, 60, "the snapshot is copied", every=0.002)
        # So that it cannot end before the bastion does.
        for pid in copiers:
            os.kill(pid, signal.SIGSTOP)
        try:
            trouble()
            assert not source.snapshot_committed(server), "the snapshot was too fast to be disturbed"
            eventually(lambda: source.status(server)[0] == "stalled" or source.status(server, "t")[0] == "stalled",
                       30, "the status tells")
        finally:
            for pid in copiers:
                os.kill(pid, signal.SIGCONT)
        upstream.run("UPDATE t SET v = 'changed meanwhile' WHERE k % 1000 = 7", database="shop")
        mend()
        eventually(lambda: source.snapshot_committed(server), 90, "the snapshot is committed")
        compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t", timeout=60)


def test_forwarding_is_forbidden(case):
    upstream, bastion, server = through(case, settings={"AllowTcpForwarding": "no"})
    server.run("VALIDATE CONNECTION ssh_connection")
    expect_error(lambda: connect(server, upstream), "08006", "failed to open a channel to",
                 "administratively prohibited")


def test_target_behind_the_bastion_does_not_answer(case):
    upstream, bastion, server = follow(case)
    nobody = process.free_port()
    expect_error(lambda: server.run(f"ALTER CONNECTION pg_connection SET (PORT {nobody})"), "08006",
                 f"failed to open a channel to 127.0.0.1:{nobody}", "Connection refused")
    expect_error(lambda: server.run("ALTER CONNECTION pg_connection SET (HOST 'nowhere.invalid')"), "08006",
                 "failed to open a channel to nowhere.invalid")
    # Names are looked up there: what hides behind the bastion needs no name here.
    server.run("ALTER CONNECTION pg_connection SET (HOST 'localhost')")
    source.check_follows(case, upstream, server, 1001)
    upstream.stop()
    eventually(lambda: source.stalled_with(server, "ssh: failed to open a channel"), 30, "the status tells")
    upstream.start()
    source.check_follows(case, upstream, server, 1002)


def test_altered_to_another_bastion_and_back(case):
    upstream, bastion, server = follow(case)
    other = case.bastion()
    other.authorize(*public_keys(server))
    server.run(f"ALTER CONNECTION ssh_connection SET (PORT {other.port})")
    source.check_follows(case, upstream, server, 1001)
    assert other.logins() > 0
    eventually(lambda: bastion.sessions() == [], 30, "nothing goes through the old one")
    other.kill()
    server.run(f"ALTER CONNECTION ssh_connection SET (PORT {bastion.port})")
    source.check_follows(case, upstream, server, 1002)
    server.run("ALTER CONNECTION pg_connection RESET (SSH TUNNEL)")
    source.check_follows(case, upstream, server, 1003)
    eventually(lambda: bastion.sessions() == [], 30, "an unused session ends")


def test_the_near_end_lets_in_only_its_own_socket(case):
    """Whoever else connects to the listeners of tunnels gets nothing, and does not hold up those who may."""
    upstream, bastion, server = through(case)
    stop = threading.Event()
    admitted = []

    def knock():
        while not stop.is_set():
            for port in listening_ports(server.process.pid) - {server.port, server.http_port}:
                try:
                    with socket.create_connection(("127.0.0.1", port), timeout=1) as stranger:
                        stranger.sendall(b"\x00\x00\x00\x08\x04\xd2\x16\x2f")  # SSLRequest
                        if stranger.recv(1):
                            admitted.append(port)
                except OSError:
                    pass

    knocker = threading.Thread(target=knock)
    knocker.start()
    try:
        for number in range(15):
            connect(server, upstream, name=f"c{number}")
    finally:
        stop.set()
        knocker.join()
    assert not admitted, "a stranger spoke to the database"


def listening_ports(pid):
    ports = set()
    own = local_ports(pid)
    for line in open(f"/proc/{pid}/net/tcp", encoding="ascii").read().splitlines()[1:]:
        fields = line.split()
        port = int(fields[1].split(":")[1], 16)
        if fields[3] == "0A" and port in own:
            ports.add(port)
    return ports


@limit(300)
def test_many_sources_share_one_session(case):
    """With a bastion that admits two log-ins at a time; each source has several sessions of its own."""
    count = 50
    upstream, bastion, server = through(
        case, settings={"MaxStartups": "2"},
        upstream_settings={"max_connections": 250, "max_wal_senders": 120, "max_replication_slots": 120})
    connect(server, upstream)
    for number in range(count):
        server.run(f"CREATE SOURCE s{number} FROM POSTGRES CONNECTION pg_connection (PUBLICATION 'mz_source') "
                   f"FOR TABLES (t AS t{number})")
    statuses = "SELECT count(*) FROM mz_internal.mz_source_statuses WHERE type = 'postgres' AND status = 'running'"
    eventually(lambda: server.value(statuses) == count, 120, "all run")
    upstream.run("INSERT INTO t SELECT i, 'more' FROM generate_series(1001, 2000) i", database="shop")
    for number in range(count):
        eventually(lambda n=number: server.value(f"SELECT count(*) FROM t{n}") == 1100, 60, f"t{number} is complete")
    assert len([1 for line in bastion.log_text().splitlines() if "Accepted publickey" in line]) <= 3, "one session"
    bastion.kill()
    upstream.run("DELETE FROM t WHERE k <= 50", database="shop")
    bastion.start()
    for number in range(count):
        eventually(lambda n=number: server.value(f"SELECT count(*) FROM t{n}") == 1050, 120, f"t{number} is complete")


def test_keys_are_changed_in_mid_stream(case):
    """The protocol's own keys are renegotiated every megabyte; nothing is lost or doubled."""
    ddl = "CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t SELECT i, repeat(md5(i::text), 20) FROM " \
          "generate_series(1, 40000) i"
    upstream, _bastion, server = follow(case, ddl=ddl, settings={"RekeyLimit": "1M"})
    upstream.run("UPDATE t SET v = v || k WHERE k % 2 = 0", database="shop")
    source.check_follows(case, upstream, server, 1_000_001)
