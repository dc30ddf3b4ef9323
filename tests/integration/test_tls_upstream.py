"""TLS to PostgreSQL: every SSL MODE against servers with good and bad certificates, and clients with their own."""

import shutil

from harness import compare, process, source
from harness.bastion import create_tunnel, public_keys
from harness.case import expect_error
from harness.certificates import Authority
from harness.wait import eventually

NAMES = ("DNS:localhost",)  # but not 127.0.0.1
LOCAL = "local all all trust\n"


def serve_tls(upstream, certificate, key, hba, client_ca=None):
    """The server shows this certificate from now on, and lets in by these rules."""
    for origin, name in ((certificate, "server.crt"), (key, "server.key"), (client_ca, "client_ca.crt")):
        if origin:
            shutil.copyfile(origin, upstream.data / name)
            process.give_to_server_account(upstream.data / name)
            (upstream.data / name).chmod(0o600)
    (upstream.data / "pg_hba.conf").write_text(LOCAL + hba)
    upstream.run("ALTER SYSTEM SET ssl = on")
    upstream.run(f"ALTER SYSTEM SET ssl_ca_file = '{'client_ca.crt' if client_ca else ''}'")
    upstream.run("SELECT pg_reload_conf()")
    # A server with other files than before may still be loading them.
    eventually(lambda: upstream.value("SHOW ssl") == "on", 10, "TLS is on")


def make_upstream(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, [], ddl="CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    return upstream, Authority(case.folder / "ca"), Authority(case.folder / "other_ca", "Other CA")


def secret(server, name, text):
    server.run(f"CREATE SECRET {name} AS {source.quoted(text)}")


def options(upstream, *, host="localhost", mode=None, extra=""):
    parts = [f"HOST '{host}'", f"PORT {upstream.port}", "USER 'materialize'", "PASSWORD SECRET pgpass",
             "DATABASE 'shop'"]
    if mode:
        parts.append(f"SSL MODE '{mode}'")
    return ", ".join(parts) + (f", {extra}" if extra else "")


def attempt(server, text):
    """None if a connection with these options can be made, else the error's text."""
    try:
        server.run(f"CREATE CONNECTION attempt TO POSTGRES ({text})")
    except Exception as error:  # pylint: disable=broad-except
        return str(error)
    server.run("DROP CONNECTION attempt")
    return None


def test_modes_and_certificates_of_the_server(case):
    upstream, ca, other = make_upstream(case)
    server = case.tailrace()
    secret(server, "pgpass", source.PASSWORD)
    secret(server, "ca", ca.pem())
    secret(server, "wrong_ca", other.pem())
    secret(server, "bundle", other.pem() + "\n" + ca.pem())
    good = ca.issue("localhost", names=NAMES)
    own = "SSL CERTIFICATE AUTHORITY SECRET ca"
    wrong = "SSL CERTIFICATE AUTHORITY SECRET wrong_ca"
    bundle = "SSL CERTIFICATE AUTHORITY SECRET bundle"
    text = f"SSL CERTIFICATE AUTHORITY {source.quoted(ca.pem())}"

    def check(*cases):
        for mode, host, extra, words in cases:
            told = attempt(server, options(upstream, host=host, mode=mode, extra=extra))
            context = f"{mode} {host} {extra[:40]}: {told}"
            if words is None:
                assert told is None, context
            else:
                assert told is not None and all(word in told for word in words), context

    refused = ["no pg_hba.conf entry"]
    unverified = ["certificate verify failed", "unable to get local issuer certificate",
                  "SSL CERTIFICATE AUTHORITY must be the authority"]
    expired = ["certificate verify failed: certificate has expired", "must be renewed"]
    for rule, clear, encrypted in (("hostssl", refused, None), ("hostnossl", None, refused)):
        serve_tls(upstream, *good, f"{rule} all all all scram-sha-256\n")
        check((None, "localhost", "", clear), ("disable", "localhost", "", clear),
              ("require", "localhost", "", encrypted), ("verify_full", "localhost", own, encrypted))
    serve_tls(upstream, *good, "hostssl all all all scram-sha-256\n")
    for full, ca_mode in (("verify_full", "verify_ca"), ("verify-full", "verify-ca")):
        check((ca_mode, "localhost", own, None), (full, "localhost", own, None), (full, "localhost", text, None),
              (ca_mode, "localhost", bundle, None), (full, "localhost", bundle, None),
              (ca_mode, "localhost", wrong, unverified), (full, "localhost", wrong, unverified),
              # The system's roots do not know the test's authority.
              (ca_mode, "localhost", "", unverified), (full, "localhost", "", unverified),
              # The name is not the certificate's.
              (ca_mode, "127.0.0.1", own, None), (full, "127.0.0.1", own, ["does not match host name", "HOST must be one of the names"]))
    # `require` promises encryption only, whatever authority is given.
    check(("require", "127.0.0.1", wrong, None))
    serve_tls(upstream, *ca.issue("localhost", names=NAMES, expired=True), "hostssl all all all scram-sha-256\n")
    check(("require", "localhost", own, None), ("verify_ca", "localhost", own, expired),
          ("verify_full", "localhost", own, expired))
    serve_tls(upstream, *ca.issue("elsewhere", names=("DNS:elsewhere.example",)),
              "hostssl all all all scram-sha-256\n")
    check(("verify_ca", "localhost", own, None), ("verify_full", "localhost", own, ["does not match host name"]))
    serve_tls(upstream, *other.issue("localhost", names=NAMES), "hostssl all all all scram-sha-256\n")
    check(("verify_ca", "localhost", own, unverified), ("verify_full", "localhost", bundle, None))
    serve_tls(upstream, ca.certificate, ca.home / "ca.key", "hostssl all all all scram-sha-256\n")
    check(("verify_ca", "localhost", wrong, ["certificate verify failed: self-signed certificate"]),
          ("verify_ca", "localhost", own, None))
    upstream.run("ALTER SYSTEM SET ssl = off")
    upstream.run("SELECT pg_reload_conf()")
    eventually(lambda: upstream.value("SHOW ssl") == "off", 10, "TLS is off")
    (upstream.data / "pg_hba.conf").write_text(LOCAL + "host all all all scram-sha-256\n")
    upstream.run("SELECT pg_reload_conf()")
    check(("require", "localhost", "", ["server does not support SSL"]), ("disable", "localhost", "", None))


def test_certificates_of_clients(case):
    upstream, ca, other = make_upstream(case)
    server = case.tailrace()
    secret(server, "pgpass", source.PASSWORD)
    secret(server, "ca", ca.pem())
    serve_tls(upstream, *ca.issue("localhost", names=NAMES), "hostssl all all all cert\n", client_ca=ca.certificate)
    keys = []
    for name, (certificate, key) in {"mine": ca.issue("materialize"), "curve": ca.issue("materialize", key_type="ec"),
                                     "joes": ca.issue("joe"), "foreign": other.issue("materialize"),
                                     "old": ca.issue("materialize", expired=True)}.items():
        secret(server, f"{name}_certificate", certificate.read_text())
        secret(server, f"{name}_key", key.read_text())
        keys.append("".join(key.read_text().split("\n")[2:4]))
    base = options(upstream, mode="verify_full", extra="SSL CERTIFICATE AUTHORITY SECRET ca").replace(
        "PASSWORD SECRET pgpass, ", "")

    def with_key(name):
        return f"{base}, SSL CERTIFICATE SECRET {name}_certificate, SSL KEY SECRET {name}_key"

    for name in ("mine", "curve"):
        assert attempt(server, with_key(name)) is None
    for text, *words in ((base, "connection requires a valid client certificate", "Set SSL CERTIFICATE and SSL KEY"),
                         (with_key("joes"), 'certificate authentication failed for user "materialize"',
                          "common name of SSL CERTIFICATE"),
                         (with_key("foreign"), "unknown ca", "refuses the client certificate",
                          "does not know the authority that signed SSL CERTIFICATE"),
                         (with_key("old"), "alert certificate expired", "refuses the client certificate",
                          "SSL CERTIFICATE has expired"),
                         (f"{base}, SSL CERTIFICATE SECRET mine_certificate, SSL KEY SECRET joes_key",
                          "could not load private key")):
        told = attempt(server, text)
        assert told and all(word in told for word in words), (words, told)
        for key in keys:
            assert key[:40] not in told
    expect_error(lambda: server.run(f"CREATE CONNECTION c TO POSTGRES ({base}, SSL KEY SECRET mine_key)"), "22023",
                 "invalid CONNECTION: both SSL KEY and SSL CERTIFICATE are required")
    secret(server, "nonsense", "no such thing")
    for option, kind in (("SSL KEY SECRET nonsense, SSL CERTIFICATE SECRET mine_certificate", "unencrypted private key"),
                         ("SSL CERTIFICATE SECRET nonsense, SSL KEY SECRET mine_key", "certificate")):
        error = expect_error(lambda text=option: server.run(f"CREATE CONNECTION c TO POSTGRES ({base}, {text}) "
                                                            "WITH (VALIDATE = false)"), "22023", f"it holds no {kind}")
        assert "no such thing" not in str(error)
    server.run(f"CREATE CONNECTION pg_connection TO POSTGRES ({with_key('mine')})")
    source.create_source(server)
    eventually(lambda: source.snapshot_committed(server), 60, "the snapshot is committed")
    # The certificate is replaced while the source runs: by another one of ours, then by one that is refused, and back.
    for number, name in enumerate(("curve", "foreign", "mine")):
        for part, secret_name in (("certificate", f"{name}_certificate"), ("key", f"{name}_key")):
            server.run(f"ALTER CONNECTION pg_connection SET (SSL {part} SECRET {secret_name}) WITH (VALIDATE = false)")
        if name == "foreign":
            eventually(lambda: source.stalled_with(server, "refuses the client certificate"), 30, "the source tells")
            continue
        upstream.run(f"INSERT INTO t VALUES ({10 + number})", database="shop")
        compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t", timeout=60)
    server.stop()
    for path in [*server.home.rglob("*")]:
        if path.is_file():
            content = path.read_bytes()
            assert b"PRIVATE KEY" not in content and not any(key.encode() in content for key in keys), path


def test_names_are_checked_through_a_tunnel(case):
    upstream, ca, _other = make_upstream(case)
    serve_tls(upstream, *ca.issue("localhost", names=NAMES), "hostssl all all all scram-sha-256\n")
    bastion = case.bastion()
    server = case.tailrace()
    secret(server, "pgpass", source.PASSWORD)
    secret(server, "ca", ca.pem())
    create_tunnel(server, bastion)
    bastion.authorize(*public_keys(server))
    way = "SSL CERTIFICATE AUTHORITY SECRET ca, SSH TUNNEL ssh_connection"
    for mode in ("require", "verify_ca", "verify_full"):
        assert attempt(server, options(upstream, mode=mode, extra=way)) is None, mode
    assert attempt(server, options(upstream, host="127.0.0.1", mode="verify_ca", extra=way)) is None
    # Where it is dialled is 127.0.0.1 in either case: what counts is the name that was given.
    told = attempt(server, options(upstream, host="127.0.0.1", mode="verify_full", extra=way))
    assert told and "does not match host name" in told, told
    serve_tls(upstream, *ca.issue("127.0.0.1", names=("IP:127.0.0.1",)), "hostssl all all all scram-sha-256\n")
    told = attempt(server, options(upstream, mode="verify_full", extra=way))
    assert told and "does not match host name" in told, told
    server.run(f"CREATE CONNECTION pg_connection TO POSTGRES "
               f"({options(upstream, host='127.0.0.1', mode='verify_full', extra=way)})")
    source.create_source(server)
    eventually(lambda: source.snapshot_committed(server), 60, "the snapshot is committed")
    used = upstream.run("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
                        "WHERE usename = 'materialize'")
    assert used == [(True,)], used


def test_a_running_source_tells_what_is_wrong_with_the_certificate(case):
    upstream, ca, other = make_upstream(case)
    rule = "hostssl all all all scram-sha-256\n"
    good = ca.issue("localhost", names=NAMES)
    serve_tls(upstream, *good, rule)
    server = case.tailrace()
    secret(server, "pgpass", source.PASSWORD)
    secret(server, "ca", ca.pem())
    way = "SSL CERTIFICATE AUTHORITY SECRET ca"
    server.run(f"CREATE CONNECTION pg_connection TO POSTGRES ({options(upstream, mode='verify_full', extra=way)})")
    source.create_source(server)
    eventually(lambda: source.snapshot_committed(server), 60, "the snapshot is committed")
    for number, (certificate, words) in enumerate((
            (ca.issue("localhost", names=NAMES, expired=True), "certificate has expired"),
            (ca.issue("elsewhere", names=("DNS:elsewhere.example",)), "does not match host name"),
            (other.issue("localhost", names=NAMES), "unable to get local issuer certificate"))):
        serve_tls(upstream, *certificate, rule)
        upstream.end_backends("usename = 'materialize'")
        eventually(lambda told=words: source.stalled_with(server, told), 30, words)
        expect_error(lambda: server.run("VALIDATE CONNECTION pg_connection"), "08006", words)
        upstream.run(f"INSERT INTO t VALUES ({10 + number})", database="shop")
        serve_tls(upstream, *good, rule)
        compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t", timeout=60)
