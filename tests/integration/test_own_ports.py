"""TLS and passwords on the server's own ports, as psql sees them."""

import os
import shutil
import signal
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from base64 import b64encode

from harness import process
from harness.certificates import Authority
from harness.wait import eventually

PASSWORD = "b0b's secret"


def psql(server, *, sslmode, user="bob", password=PASSWORD, root=None, host="localhost", **settings):
    """(what SELECT printed, what went wrong) of a psql of its own."""
    words = {"host": host, "hostaddr": "127.0.0.1", "port": server.port, "user": user, "dbname": "materialize",
             "sslmode": sslmode, "sslrootcert": root or "/nonexistent", **settings}
    info = " ".join(f"{name}={value}" for name, value in words.items())
    done = subprocess.run(["psql", "-X", "-A", "-t", "-c", "SELECT 'in'", info], capture_output=True, text=True,
                          check=False, env={**os.environ, "PGPASSWORD": password}, timeout=60)
    return done.stdout.strip(), done.stderr


def serve_tls(case, ca, names=("DNS:localhost",), **options):
    certificate, key = case.folder / "port.crt", case.folder / "port.key"
    for origin, target in zip(ca.issue("localhost", names=names), (certificate, key)):
        shutil.copyfile(origin, target)
    server = case.tailrace(arguments=["--tls-cert", certificate, "--tls-key", key], **options)
    server.run(f"CREATE ROLE bob LOGIN PASSWORD '{PASSWORD.replace(chr(39), chr(39) * 2)}'")
    return server, certificate, key


def test_psql_verifies_our_certificate_and_binds_the_channel(case):
    ca, other = Authority(case.folder / "ca"), Authority(case.folder / "other", "Other CA")
    server, _certificate, _key = serve_tls(case, ca)
    for mode in ("require", "verify-ca", "verify-full"):
        root = None if mode == "require" else ca.certificate
        for binding in ("disable", "prefer", "require"):
            assert psql(server, sslmode=mode, root=root, channel_binding=binding) == ("in", ""), (mode, binding)
    for failing in (psql(server, sslmode="verify-ca", root=other.certificate),
                    psql(server, sslmode="verify-full", root=ca.certificate, host="elsewhere.example"),
                    psql(server, sslmode="disable", channel_binding="require"),
                    psql(server, sslmode="require", password="wrong"),
                    psql(server, sslmode="require", password="wrong", channel_binding="require")):
        assert failing[0] == "" and failing[1], failing
    assert psql(server, sslmode="disable") == ("in", ""), "on the loopback address TLS is the client's choice"


def test_the_certificate_is_read_again(case):
    ca, later = Authority(case.folder / "ca"), Authority(case.folder / "later", "Later CA")
    server, certificate, key = serve_tls(case, ca)
    held = case.keep(server.connect(user="bob", password=PASSWORD, sslmode="verify-ca",
                                    sslrootcert=str(ca.certificate)))

    def reload(origin_certificate, origin_key, told):
        shutil.copyfile(origin_certificate, certificate)
        shutil.copyfile(origin_key, key)
        before = server.log_text().count(told)
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: server.log_text().count(told) > before, 10, told)

    fresh = later.issue("localhost", names=("DNS:localhost",))
    reload(*fresh, "read the TLS certificate again")
    assert psql(server, sslmode="verify-full", root=later.certificate)[0] == "in"
    assert psql(server, sslmode="verify-full", root=ca.certificate)[0] == ""
    context = ssl.create_default_context(cafile=str(later.certificate))
    url = f"https://localhost:{server.http_port}/api/readyz"
    assert urllib.request.urlopen(url, context=context, timeout=10).status == 200
    with held.cursor() as cursor:
        cursor.execute("SELECT 1")  # who is in stays in
    # A key of another certificate: nothing changes.
    reload(fresh[0], ca.issue("localhost")[1], "the TLS certificate stays as it was")
    assert psql(server, sslmode="verify-full", root=later.certificate, channel_binding="require")[0] == "in"


def test_sighup_without_certificate_is_no_end(case):
    server = case.tailrace()
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: "no files to read again" in server.log_text(), 10, "the signal is told")
    assert server.run("SELECT 1") == [(1,)]


def test_plain_listeners_elsewhere_are_refused(case):
    ca = Authority(case.folder / "ca")
    certificate, key = ca.issue("localhost", names=("DNS:localhost",))
    server = case.tailrace(start=False)

    def attempt(*arguments):
        command = [server.binary, "--data-dir", case.folder / "data", *arguments]
        return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False,
                              timeout=30)

    port = process.free_port()
    for flag in ("--sql-listen-addr", "--http-listen-addr"):
        done = attempt(flag, f"0.0.0.0:{port}")
        assert done.returncode != 0 and "without TLS" in done.stderr and "--tls-cert" in done.stderr, done
        assert not (case.folder / "data" / "CURRENT").exists(), "nothing was opened"
    # With TLS it is served, to who has a password and uses TLS.
    server.arguments = ["--tls-cert", certificate, "--tls-key", key]
    server.start()
    server.run(f"CREATE ROLE bob LOGIN PASSWORD '{PASSWORD.replace(chr(39), chr(39) * 2)}'")
    server.stop()
    server.arguments += ["--sql-listen-addr", f"0.0.0.0:{server.port}"]
    command = server.command()
    position = command.index("--sql-listen-addr")
    del command[position:position + 2]
    server.command = lambda: command
    server._answers = lambda: psql(server, sslmode="require", channel_binding="require")[0] == "in"
    server.start()
    for user in ("materialize", "nobody_at_all"):
        told = psql(server, sslmode="require", user=user, password="")[1] + psql(server, sslmode="require", user=user,
                                                                                 password="x")[1]
        assert "password" in told and "does not exist" not in told, told
    assert "requires TLS" in psql(server, sslmode="disable")[1]


def test_guessing_is_slow(case):
    server = case.tailrace()
    server.run(f"CREATE ROLE bob LOGIN PASSWORD '{PASSWORD.replace(chr(39), chr(39) * 2)}'")
    outcomes = []

    def guess():
        outcomes.append(psql(server, sslmode="disable", password="guess")[1])

    began = time.monotonic()
    guessers = [threading.Thread(target=guess) for _ in range(24)]
    for guesser in guessers:
        guesser.start()
    for guesser in guessers:
        guesser.join()
    for _ in range(3):
        guess()
    assert time.monotonic() - began > 3, "27 guesses were looked at in no time"
    assert all("password authentication failed" in told or "too many failed log-ins" in told
               for told in outcomes), outcomes
    # Over HTTP it is the same account.
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.http_port}/api/sql", data=b'{"query": "SELECT 1"}',
        headers={"Content-Type": "application/json",
                 "Authorization": "Basic " + b64encode(b"bob:guess").decode()})
    try:
        urllib.request.urlopen(request, timeout=10)
        raise AssertionError("a guess got in")
    except urllib.error.HTTPError as refused:
        assert refused.code in (401, 503), refused
    # Who knows the password waits its turn and is in; so is who needs none, at once.
    assert server.run("SELECT 1") == [(1,)]
    eventually(lambda: psql(server, sslmode="disable")[0] == "in", 60, "the right password is let in")
    began = time.monotonic()
    assert psql(server, sslmode="disable")[0] == "in"
    assert time.monotonic() - began < 2, "after a success nobody waits"
