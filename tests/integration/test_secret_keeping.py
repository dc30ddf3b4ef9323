"""Where secrets are kept, and where they must not be: files, environment, dumps; the master key and its rotation."""

import base64
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from harness import aws, compare, process, source
from harness.aws import Aws
from harness.bastion import create_tunnel, public_keys
from harness.case import expect_error, limit
from harness.certificates import Authority
from harness.secret_store import unsealed
from harness.wait import eventually

CANARIES = {"password": "k4n4rie-Passwort-5501", "wrong": "k4n4rie-wrong-5502", "base64": "k4n4rie-base64-5503",
            "altered": "k4n4rie-altered-5504", "role": "k4n4rie-role-5505"}
TABLE = "CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'x' FROM generate_series(1, 100) i"


def needles(server, *more):
    """What must be found nowhere, in the forms in which it could be."""
    texts = [*CANARIES.values(), *more]
    key = (server.data / "secret.key").read_text().strip()
    forms = [text.encode() for text in texts] + [key.encode(), bytes.fromhex(key)]
    forms += [text.encode().hex().encode() for text in CANARIES.values()]
    return forms


def assert_nowhere(server, forms, folders=()):
    files = [server.log, server.output]
    for folder in (server.data, *folders):
        files += [path for path in Path(folder).rglob("*") if path.is_file()]
    assert len(files) > 5, files
    for path in files:
        content = path.read_bytes()
        if path.name == "secret.key":
            assert len(content.strip()) == 64, "the key file holds the key and nothing else"
            continue
        for form in forms:
            assert form not in content, f"{form!r} stands in {path}"
    if server.running():
        for name in ("environ", "cmdline", "comm", "status", "limits"):
            content = Path(f"/proc/{server.process.pid}/{name}").read_bytes()
            assert not any(form in content for form in forms), f"/proc/PID/{name}"


def test_known_secrets_are_nowhere(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, [], ddl=TABLE)
    upstream.run(f"ALTER USER materialize PASSWORD '{CANARIES['password']}'")
    bastion = case.bastion()
    ca = Authority(case.folder / "ca")
    certificate, key = ca.issue("materialize")
    key_line = key.read_text().split("\n")[3]
    server = case.tailrace(log_level="trace")
    run = server.run
    run(f"CREATE SECRET pgpass AS '{CANARIES['password']}'")
    run(f"CREATE SECRET wrong AS '{CANARIES['wrong']}'")
    run(f"CREATE SECRET coded AS decode(encode('{CANARIES['base64']}', 'base64'), 'base64')")
    run(f"CREATE SECRET tls_key AS {source.quoted(key.read_text())}")
    run(f"CREATE SECRET tls_certificate AS {source.quoted(certificate.read_text())}")
    run(f"CREATE ROLE keeper LOGIN PASSWORD '{CANARIES['role']}'")
    create_tunnel(server, bastion)
    bastion.authorize(*public_keys(server))
    run(f"CREATE CONNECTION pg_connection TO POSTGRES ({source.connection_options(upstream)}, "
        "SSH TUNNEL ssh_connection)")
    for options in (source.connection_options(upstream, secret="wrong"),
                    source.connection_options(upstream, ssl_mode="require") +
                    ", SSL CERTIFICATE SECRET tls_certificate, SSL KEY SECRET tls_key",
                    source.connection_options(upstream).replace(f"PORT {upstream.port}", "PORT 1")):
        told = expect_error(lambda text=options: run(f"CREATE CONNECTION c TO POSTGRES ({text})"))
        assert "k4n4rie" not in str(told.diag.message_primary) + str(told.diag.message_detail)
        run(f"CREATE CONNECTION IF NOT EXISTS c TO POSTGRES ({options}) WITH (VALIDATE = false)")
        expect_error(lambda: run("VALIDATE CONNECTION c"))
        run("DROP CONNECTION c")
    source.create_source(server)
    eventually(lambda: source.snapshot_committed(server), 60, "the snapshot is committed")
    upstream.run(f"ALTER USER materialize PASSWORD '{CANARIES['altered']}'")
    upstream.end_backends("usename = 'materialize'")
    eventually(lambda: source.status(server)[0] == "stalled", 30, "the old password does not do")
    run(f"ALTER SECRET pgpass AS '{CANARIES['altered']}'")
    eventually(lambda: source.status(server) == ("running", None), 30, "the source runs")
    forms = needles(server, key_line)
    relations = run("SELECT s.name, o.name FROM mz_objects o JOIN mz_schemas s ON s.id = o.schema_id "
                    "WHERE s.name IN ('mz_catalog', 'mz_internal', 'pg_catalog') AND o.type IN "
                    "('table', 'view', 'source', 'materialized-view')")
    assert len(relations) > 50
    for schema, name in relations:
        rows = str(run(f'SELECT * FROM {schema}."{name}"')).encode()
        assert not any(form in rows for form in forms), f"{schema}.{name}"
    for kind, name in (("CONNECTION", "pg_connection"), ("CONNECTION", "ssh_connection"), ("SOURCE", "mz_source")):
        shown = str(run(f"SHOW CREATE {kind} {name}") + run(f"SHOW REDACTED CREATE {kind} {name}")).encode()
        assert not any(form in shown for form in forms), name
    assert_nowhere(server, forms)
    run("DROP SOURCE mz_source CASCADE")
    server.restart_after_kill()
    run("DROP SECRET pgpass CASCADE")
    assert_nowhere(server, forms)
    server.stop()
    assert_nowhere(server, forms)
    # Not even beside the data directory.
    others = [path for path in case.folder.rglob("*") if path.is_file() and server.home in path.parents]
    assert others and not any(form in path.read_bytes() for path in others if path.name != "secret.key"
                              for form in forms)


def all_forms(value):
    return [value, value.hex().encode(), base64.b64encode(value).rstrip(b"=")]


def told_by_https(server, statement):
    request = urllib.request.Request(f"https://{server.host}:{server.http_port}/api/sql", method="POST",
                                     headers={"content-type": "application/json"},
                                     data=('{"query": "' + statement + '"}').encode())
    try:
        with urllib.request.urlopen(request, timeout=30, context=ssl._create_unverified_context()) as reply:
            return reply.read()
    except urllib.error.HTTPError as error:
        return error.read()


@limit(400)
def test_keys_of_tunnels_of_tls_and_of_aws_are_nowhere(case):
    cloud = case.cleaned(Aws(case))
    bastion = case.bastion()
    upstream = case.postgres(tls=True)
    source.prepare_upstream(upstream, [], ddl=TABLE)
    certificate, key = Authority(case.folder / "ca").issue("localhost", names=("DNS:localhost",))
    token = "k4n4rie/session+token/5506=="
    server = case.tailrace(log_level="trace", environment=aws.environment(), arguments=[
        *cloud.arguments(), "--tls-cert", certificate, "--tls-key", key])
    run = server.run
    for name, value in (("aws_secret", aws.SECRET), ("aws_token", token), ("pgpass", source.PASSWORD)):
        run(f"CREATE SECRET {name} AS {source.quoted(value)}")
    create_tunnel(server, bastion)
    item_id = server.value("SELECT id FROM mz_connections WHERE name = 'ssh_connection'")
    pairs = unsealed(server, item_id, 64)
    run("ALTER CONNECTION ssh_connection ROTATE KEYS")
    pairs |= unsealed(server, item_id, 64)
    assert len(pairs) == 2, "the private keys are where they should be"
    bastion.authorize(*public_keys(server))
    run("VALIDATE CONNECTION ssh_connection")
    run(f"CREATE CONNECTION a TO AWS (ACCESS KEY ID '{aws.KEY}', SECRET ACCESS KEY SECRET aws_secret, "
        f"SESSION TOKEN SECRET aws_token, REGION '{aws.REGION}', ENDPOINT '{cloud.url}')")
    run("VALIDATE CONNECTION a")
    cloud.refuse("GetCallerIdentity", "InvalidClientTokenId", "the token is invalid")
    expect_error(lambda: run("VALIDATE CONNECTION a"), "08006", "InvalidClientTokenId")
    cloud.stop_refusing()
    run("ALTER SYSTEM SET storage_enforce_external_addresses = on")
    expect_error(lambda: run("VALIDATE CONNECTION a"), "55000", "Address resolved to a private IP")
    run("ALTER SYSTEM RESET storage_enforce_external_addresses")
    login = (f"HOST 'localhost', PORT {upstream.port}, USER 'materialize', DATABASE 'shop', SSL MODE 'require', "
             "AWS CONNECTION a")
    run(f"CREATE CONNECTION by_token TO POSTGRES ({login}) WITH (VALIDATE = false)")
    told = expect_error(lambda: run("VALIDATE CONNECTION by_token"), "28P01")
    run(f"CREATE CONNECTION through TO POSTGRES ({login}, SSH TUNNEL ssh_connection) WITH (VALIDATE = false)")
    told_too = expect_error(lambda: run("VALIDATE CONNECTION through"), "28P01")
    forms = [form for pair in pairs for half in (pair[:32], pair[32:]) for form in all_forms(half)]
    forms += [form for text in (aws.SECRET, token) for form in all_forms(text.encode())]
    forms += [line.encode() for line in key.read_text().split("\n")[1:-2]] + [b"X-Amz-Signature"]
    said = [str(told) + str(told_too), str(run("SHOW CREATE CONNECTION a")), str(run("SHOW CREATE CONNECTION by_token")),
            str(run("SHOW CREATE CONNECTION ssh_connection")), str(run("EXPLAIN SELECT * FROM mz_secrets")),
            str(run("SELECT * FROM mz_internal.mz_aws_connections"))]
    for statement in (f"CREATE SECRET s AS '{token}' oops", f"EXPLAIN CREATE SECRET s AS '{token}'",
                      f"CREATE SECRET aws_token AS '{token}'", f"ALTER SECRET nowhere AS '{token}'"):
        reply = told_by_https(server, statement)
        assert b"error" in reply, reply
        said.append(reply.decode())
    for text in said:
        assert not any(form in text.encode() for form in forms), text
    relations = run("SELECT s.name, o.name FROM mz_objects o JOIN mz_schemas s ON s.id = o.schema_id "
                    "WHERE s.name IN ('mz_catalog', 'mz_internal') AND o.type IN ('table', 'view', 'source')")
    for schema, name in relations:
        rows = str(run(f'SELECT * FROM {schema}."{name}"')).encode()
        assert not any(form in rows for form in forms), f"{schema}.{name}"
    # The server starts nobody who could be told by his arguments or environment.
    assert process.descendants(server.process.pid) in ([], [server.process.pid])
    command = Path(f"/proc/{server.process.pid}/cmdline").read_bytes()
    assert not any(form in command for form in forms)
    for stop in (server.kill, server.stop):
        assert_in_no_file(server, forms)
        stop()
        assert_in_no_file(server, forms)
        server.start()


def assert_in_no_file(server, forms):
    files = [path for path in [*server.home.rglob("*")] if path.is_file() and path.name != "secret.key"]
    assert server.log in files and len(files) > 5, files
    for path in files:
        content = path.read_bytes()
        found = [form for form in forms if form in content]
        assert not found, f"{found} in {path}"


def test_dumps_would_not_contain_memory(case):
    server = case.tailrace()
    base = Path(f"/proc/{server.process.pid}")
    assert int((base / "coredump_filter").read_text(), 16) & 0x0F == 0, "a core dump would contain memory"
    # The master key itself is out of dumps whatever they may contain.
    key = bytes.fromhex((server.data / "secret.key").read_text().strip())
    found = []
    with open(base / "mem", "rb", buffering=0) as memory:
        for line, flags in mappings(base):
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            if "r" not in line.split()[1] or "[v" in line:
                continue
            try:
                memory.seek(start)
                content = memory.read(end - start)
            except OSError:
                continue
            if key in content:
                found.append("dd" in flags)
    assert found and all(found), found
    server.stop()
    server.arguments = ["--full-core-dumps"]
    server.start()
    assert int(Path(f"/proc/{server.process.pid}/coredump_filter").read_text(), 16) & 0x0F != 0


def mappings(base):
    """(the line of a mapping, its flags)"""
    line = None
    for text in (base / "smaps").read_text().splitlines():
        if text.startswith("VmFlags:"):
            yield line, text.split()[1:]
        elif "-" in text.split()[0]:
            line = text


def starts_with(server, *arguments):
    """Exit code and stderr of a start that is to fail."""
    command = [*map(str, server.command()), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stderr


def test_a_wrong_or_missing_key_destroys_nothing(case):
    upstream, server = case.followed(TABLE)
    assert server.stop() == 0
    key = server.data / "secret.key"
    kept = case.folder / "kept.key"
    shutil.copy(key, kept)

    def refused(words):
        code, told = starts_with(server)
        assert code not in (0, None) and all(word in told for word in words), (code, told)

    key.unlink()
    refused(["secret key file", str(key), "cannot be read", "--secret-key-file"])
    assert not key.exists(), "no new key is made where there are secrets"
    key.write_text("00" * 32 + "\n")
    key.chmod(0o600)
    refused(["is not the one that the secrets of this data directory are encrypted with", "Nothing was changed"])
    key.write_text("nonsense")
    refused(["does not hold 64 hexadecimal digits"])
    shutil.copy(kept, key)
    key.chmod(0o644)
    refused(["can be read by others"])
    key.chmod(0o600)
    server.start()
    upstream.run("INSERT INTO t VALUES (1001, 'later')", database="shop")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t", timeout=60)
    # Also where there has never been a secret.
    empty = case.tailrace()
    assert empty.stop() == 0
    (empty.data / "secret.key").write_text("11" * 32)
    code, told = starts_with(empty)
    assert code != 0 and "is not the one" in told, told


def test_the_master_key_is_rotated(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, [], ddl=TABLE)
    bastion = case.bastion()
    server = case.tailrace()
    create_tunnel(server, bastion)
    bastion.authorize(*public_keys(server))
    source.follow(server, upstream, tunnel="ssh_connection")
    # A slot to be dropped later stands encrypted among the intents.
    upstream.stop()
    server.run("DROP SOURCE mz_source CASCADE")
    keys = [case.folder / "first.key", case.folder / "second.key"]
    for number, fresh in enumerate(keys):
        server.stop()
        before = server.arguments
        server.arguments = [*before, "--new-secret-key-file", fresh]
        server.start()
        assert f"start with --secret-key-file {fresh}" in server.log_text()
        assert fresh.stat().st_mode & 0o077 == 0
        server.restart_after_kill()  # once more with the same flags: nothing happens twice
        server.stop()
        server.arguments = before
        code, told = starts_with(server)
        assert code != 0 and "is not the one" in told, told
        server.arguments = ["--secret-key-file", fresh]
        server.start()
        server.run("VALIDATE CONNECTION ssh_connection")
        if number == 0:
            upstream.start()
            eventually(lambda: upstream.run("SELECT 1 FROM pg_replication_slots") == [], 60, "the slot is dropped")
            server.run("VALIDATE CONNECTION pg_connection")
            source.create_source(server)
        upstream.run(f"INSERT INTO t VALUES ({1001 + number}, 'later')", database="shop")
        eventually(lambda: source.snapshot_committed(server), 60, "the snapshot is committed")
        compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t", timeout=60)
