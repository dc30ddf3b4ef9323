"""CREATE CONNECTION ... TO AWS, and logging in to a database with it, as RDS does IAM authentication."""

import datetime
import socket
import ssl
import struct
import threading
import time
import urllib.parse

from harness import aws, source
from harness.aws import Aws
from harness.case import expect_error, limit
from harness.wait import eventually

HOST = "localhost"
REGION = "eu-west-1"
KEYS = f"ACCESS KEY ID '{aws.KEY}', SECRET ACCESS KEY SECRET aws_secret, REGION '{REGION}'"
ROLE = "arn:aws:iam::222222222222:role/ours"


def check_token(token, user, port):
    """Why RDS would not let the token in; None: it would."""
    address, _, rest = token.partition("/?")
    query = urllib.parse.parse_qsl(rest, keep_blank_values=True)
    values = dict(query)
    if address != f"{HOST}:{port}" or values.get("Action") != "connect" or values.get("DBUser") != user:
        return f"of another database or user: {address} {values.get('DBUser')}"
    when = values["X-Amz-Date"]
    made = datetime.datetime.strptime(when, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    age = (datetime.datetime.now(datetime.timezone.utc) - made).total_seconds()
    # RDS takes a token for a quarter of an hour. Each attempt to connect has one of its own, so it is never old.
    if values["X-Amz-Expires"] != "900" or not -5 <= age <= 20:
        return f"made {age} s ago"
    if values["X-Amz-Credential"] != f"{aws.KEY}/{when[:8]}/{REGION}/rds-db/aws4_request":
        return f"of other keys: {values['X-Amz-Credential']}"
    right = aws.signature(aws.SECRET, "GET", "/", [pair for pair in query if pair[0] != "X-Amz-Signature"],
                          {"host": address}, b"", when, REGION, "rds-db")
    return None if values["X-Amz-Signature"] == right else "its signature is wrong"


class Rds:
    """A database that takes tokens for passwords: it speaks TLS, checks them, and leads to a PostgreSQL behind."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.tokens = []
        self.refusals = []
        self.plain = 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(upstream.home / "server.crt", upstream.home / "server.key")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def destroy(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            (code,) = struct.unpack("!4xI", client.recv(8, socket.MSG_WAITALL))
            if code == 80877102:  # a cancel request; none of ours
                return
            if code != 80877103:
                self.plain += 1
                return
            client.sendall(b"S")
            client = self.context.wrap_socket(client, server_side=True)
            startup = self._message(client, with_type=False)
            parameters = startup[8:].split(b"\0")
            user = dict(zip(parameters[::2], parameters[1::2]))[b"user"].decode()
            client.sendall(b"R" + struct.pack("!II", 8, 3))
            token = self._message(client)[5:-1].decode()
            wrong = check_token(token, user, self.port)
            if wrong:
                self.refusals.append(wrong)
                text = f'SFATAL\0C28P01\0MPAM authentication failed for user "{user}"\0\0'.encode()
                client.sendall(b"E" + struct.pack("!I", len(text) + 4) + text)
                return
            self.tokens.append(token)
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self.upstream.home / f".s.PGSQL.{self.upstream.port}"))
            server.sendall(startup)
            threading.Thread(target=self._pipe, args=(server, client), daemon=True).start()
            self._pipe(client, server)
        except OSError:
            pass
        finally:
            client.close()

    @staticmethod
    def _message(client, with_type=True):
        head = b""
        while len(head) < (5 if with_type else 4):
            head += client.recv((5 if with_type else 4) - len(head)) or b"\0"
        (length,) = struct.unpack("!I", head[-4:])
        body = b""
        while len(body) < length - 4:
            more = client.recv(length - 4 - len(body))
            if not more:
                raise OSError("closed")
            body += more
        return head + body

    @staticmethod
    def _pipe(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def database(case):
    upstream = case.postgres(tls=True)
    source.prepare_upstream(upstream, [], ddl="CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    return upstream, case.cleaned(Rds(upstream))


def options(rds, more="", mode="require", connection="a"):
    return (f"HOST '{HOST}', PORT {rds.port}, USER '{source.USER}', DATABASE shop, SSL MODE '{mode}', "
            f"AWS CONNECTION {connection}{more}")


def server_with_keys(case, secret=aws.SECRET, **more):
    server = case.tailrace(environment={"AWS_EC2_METADATA_DISABLED": "true"}, **more)
    server.run(f"CREATE SECRET aws_secret AS '{secret}'")
    server.run(f"CREATE CONNECTION a TO AWS ({KEYS})")
    return server


def test_each_session_of_a_source_logs_in_with_a_token_of_its_own(case):
    upstream, rds = database(case)
    server = server_with_keys(case, log_level="debug")
    server.run(f"CREATE CONNECTION pg_connection TO POSTGRES ({options(rds)})")
    source.create_source(server)
    eventually(lambda: source.snapshot_committed(server), 60, "the snapshot is committed")
    # Tokens tell seconds: a session of a later second must bring another one than all before.
    before = set(rds.tokens)
    second = int(time.time())
    eventually(lambda: int(time.time()) > second, 5, "another second")
    upstream.end_backends()
    upstream.run("INSERT INTO t VALUES (2)", database="shop")
    eventually(lambda: server.run("SELECT a FROM t ORDER BY a") == [(1,), (2,)], 60)
    assert set(rds.tokens) - before, "the token of the first session is used again"
    assert rds.refusals == [] and rds.plain == 0
    server.restart_after_kill()
    upstream.run("INSERT INTO t VALUES (3)", database="shop")
    eventually(lambda: server.run("SELECT count(*) FROM t") == [(3,)], 60)
    assert upstream.value("SELECT count(*) FROM pg_replication_slots WHERE NOT temporary") == 1
    server.run("DROP CONNECTION a CASCADE")
    eventually(lambda: upstream.value("SELECT count(*) FROM pg_replication_slots") == 0, 60,
               "the slot is dropped with keys that are dropped too")
    server.stop()
    for path in [*server.data.rglob("*"), server.log, server.output]:
        if path.is_file():
            content = path.read_bytes()
            assert aws.SECRET.encode() not in content and b"X-Amz-" not in content, path


def test_wrong_keys_and_wrong_options(case):
    upstream, rds = database(case)
    server = server_with_keys(case, secret="wrong" + aws.SECRET)
    error = expect_error(lambda: server.run(f"CREATE CONNECTION c TO POSTGRES ({options(rds)})"), "28P01",
                         "authentication failed")
    assert "X-Amz" not in str(error) and rds.refusals == ["its signature is wrong"]
    server.run("CREATE SECRET pgpass AS 'x'")
    server.run("CREATE CONNECTION other TO POSTGRES (HOST 'h', USER u, DATABASE d) WITH (VALIDATE = false)")
    for text, code, word in ((options(rds, mode="disable"), "22023", "requires SSL"),
                             (options(rds, more=", PASSWORD SECRET pgpass"), "22023", "only one of PASSWORD"),
                             (options(rds, connection="other"), "42809", "other is not an AWS connection")):
        expect_error(lambda t=text: server.run(f"CREATE CONNECTION c TO POSTGRES ({t}) WITH (VALIDATE = false)"), code,
                     word)
    for text, word in ((f"ACCESS KEY ID '{aws.KEY}'", "SECRET ACCESS KEY option is required"),
                       ("SECRET ACCESS KEY SECRET aws_secret", "ACCESS KEY ID option is required"),
                       ("REGION 'r'", "either credentials or ASSUME ROLE ARN"),
                       (KEYS + f", ASSUME ROLE ARN '{ROLE}'", "cannot specify both"),
                       ("ASSUME ROLE SESSION NAME 'x'", "needs ASSUME ROLE ARN"),
                       (f"ACCESS KEY ID '{aws.KEY}', SECRET ACCESS KEY 'text'", "must provide a secret value"),
                       (KEYS + ", ENDPOINT 'nonsense'", "endpoint URL"),
                       (KEYS + ", HOST 'h'", "AWS connections do not support HOST values")):
        expect_error(lambda t=text: server.run(f"CREATE CONNECTION c TO AWS ({t})"), "22023", word)
    expect_error(lambda: server.run("DROP CONNECTION other; DROP SECRET aws_secret"), "2BP01", "a")


@limit(400)
def test_validation_asks_aws_who_we_are(case):
    cloud = case.cleaned(Aws(case))
    server = case.tailrace(environment=aws.environment(), arguments=cloud.arguments())
    server.run(f"CREATE SECRET aws_secret AS '{aws.SECRET}'; CREATE SECRET id AS '{aws.KEY}'")
    server.run(f"CREATE CONNECTION a TO AWS ({KEYS})")
    server.run("VALIDATE CONNECTION a")
    server.run("ALTER SECRET aws_secret AS 'changed'")
    expect_error(lambda: server.run("VALIDATE CONNECTION a"), "08006", "SignatureDoesNotMatch")
    server.run(f"CREATE CONNECTION b TO AWS (ACCESS KEY ID SECRET id, SECRET ACCESS KEY SECRET aws_secret, "
               f"SESSION TOKEN 'tok', ENDPOINT '{cloud.url}')")
    secrets = dict(server.run("SELECT name, id FROM mz_secrets"))
    assert server.run("SELECT name, endpoint, region, access_key_id, access_key_id_secret_id, "
                      "secret_access_key_secret_id, session_token, assume_role_arn, principal, external_id, "
                      "example_trust_policy FROM mz_internal.mz_aws_connections JOIN mz_connections USING (id) "
                      "ORDER BY name") == [
        ("a", None, REGION, aws.KEY, None, secrets["aws_secret"], None, None, None, None, None),
        ("b", cloud.url, None, None, secrets["id"], secrets["aws_secret"], "tok", None, None, None, None)]


@limit(400)
def test_a_role_must_be_closed_to_those_without_the_external_id(case):
    cloud = case.cleaned(Aws(case))
    server = case.tailrace(environment=aws.environment(), arguments=cloud.arguments())
    server.run(f"CREATE CONNECTION r TO AWS (ASSUME ROLE ARN '{ROLE}', ASSUME ROLE SESSION NAME 'tr')")
    ((identity, arn, session, principal, external_id, policy),) = server.run(
        "SELECT id, assume_role_arn, assume_role_session_name, principal, external_id, example_trust_policy "
        "FROM mz_internal.mz_aws_connections")
    assert (arn, session, principal) == (ROLE, "tr", "arn:aws:sts::123456789012:user/moto")
    assert external_id.startswith("mz_") and external_id.endswith(f"_{identity}"), external_id
    (statement,) = policy["Statement"]
    assert statement["Principal"] == {"AWS": principal} and statement["Action"] == "sts:AssumeRole"
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": external_id}}
    # moto lets everybody assume every role.
    expect_error(lambda: server.run("VALIDATE CONNECTION r"), "55000", "without the connection's external id")
    cloud.accept_role = lambda parameters: parameters.get("ExternalId") == external_id
    server.run("VALIDATE CONNECTION r")
    cloud.accept_role = lambda parameters: False
    expect_error(lambda: server.run("VALIDATE CONNECTION r"), "08006", "AccessDenied")
    server.restart_after_kill()
    assert server.value("SELECT external_id FROM mz_internal.mz_aws_connections") == external_id
