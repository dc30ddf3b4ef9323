"""AWS for tests: moto's HTTP implementation of EC2 and STS, behind a proxy of ours.

moto keeps the endpoints. The proxy checks every signature, and adds what moto does not model: states on the way to
`available`, a DNS name for each zone, client tokens that make a repeated creation harmless, refusals, throttling and
lost replies.
"""

import fcntl
import hashlib
import hmac
import http.server
import re
import signal
import socketserver
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree

from . import process
from .wait import eventually

# What moto's server needs for EC2 and STS; its extra `server` would bring three times as much for other services.
MOTO = ("moto[ec2]==5.2.5", "flask==3.1.3", "flask-cors==6.0.5")
REGION = "us-east-1"
KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "tr/hush+hush/t4ilr4ce/s3cr3t+k3y/ex4mple"
SERVICE = f"com.amazonaws.vpce.{REGION}.vpce-svc-0a1b2c3d4e5f60718"
# As moto has them for the region: the id of a zone and its name.
ZONES = {"use1-az6": "us-east-1a", "use1-az1": "us-east-1b", "use1-az2": "us-east-1c"}


def virtual_environment(binary):
    """The folder of an environment with moto, beside the binary; made at first use, from PyPI."""
    folder = binary.parent / "moto"
    with open(binary.parent / "moto.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "installed"
        if not done.exists() or done.read_text(encoding="utf-8") != str(MOTO):
            process.run([sys.executable, "-m", "venv", "--clear", folder])
            process.run([folder / "bin/pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check", *MOTO])
            done.write_text(str(MOTO), encoding="utf-8")
    return folder


def environment(secret=SECRET, **more):
    """What a server needs to log in to AWS; it never asks a metadata service, nor files of whoever runs the tests."""
    return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": secret, "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "no_proxy": "127.0.0.1",
            **more}


def encoded(text):
    return urllib.parse.quote(text, safe="-._~")


def signing_key(secret, date, region, service):
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def signature(secret, method, path, query, headers, body, when, region, service):
    """Signature Version 4 of a request, made by AWS's description of it and nothing of the server under test."""
    canonical = "\n".join([
        method, path, "&".join(f"{encoded(name)}={encoded(value)}" for name, value in sorted(query)),
        *(f"{name}:{' '.join(value.split())}" for name, value in sorted(headers.items())), "",
        ";".join(sorted(headers)), hashlib.sha256(body).hexdigest()])
    scope = f"{when[:8]}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{when}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(signing_key(secret, when[:8], region, service), text.encode(), hashlib.sha256).hexdigest()


def error_xml(code, message):
    return (f"<?xml version='1.0'?><Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error>"
            "</Errors><RequestID>r</RequestID></Response>")


class Call:
    def __init__(self, action, parameters):
        self.action = action
        self.parameters = parameters


class Aws:
    """moto and the proxy before it. `url` is where a server finds AWS."""

    def __init__(self, case):
        self.folder = case.folder / "aws"
        self.folder.mkdir(exist_ok=True)
        port = process.free_port()
        self.moto = f"http://127.0.0.1:{port}"
        self.log = open(self.folder / "moto.log", "wb")
        self.process = process.spawn(
            [virtual_environment(case.binary) / "bin/moto_server", "-H", "127.0.0.1", "-p", str(port)],
            on_our_death="KILL", stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        self.lock = threading.Lock()
        self.calls = []
        self.state = {}  # of an endpoint, instead of moto's; None: of all endpoints
        self.refusals = []  # (action, status, body), used up one by one
        self.losses = []  # actions whose next reply is lost
        self.accept_role = lambda parameters: True
        self.tokens = {}  # client token -> reply
        self.secret = SECRET
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler(), bind_and_activate=False)
        self.server.allow_reuse_address = True
        self.server.daemon_threads = True
        self.server.server_bind()
        self.server.server_activate()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        eventually(self._moto_answers, 60, "moto answers")
        vpcs = self.ask("DescribeVpcs").iter("vpcId")
        self.vpc = next(vpcs).text

    def destroy(self):
        self.server.shutdown()
        self.server.server_close()
        process.end(self.process, signal.SIGKILL, 10)
        self.log.close()

    def _moto_answers(self):
        if self.process.poll() is not None:
            raise RuntimeError("moto did not start:\n" + (self.folder / "moto.log").read_text(errors="replace"))
        try:
            with urllib.request.urlopen(self.moto + "/moto-api/data.json", timeout=60):
                return True
        except OSError:
            return False

    def _forward(self, body, headers):
        """(status, body) of moto."""
        request = urllib.request.Request(self.moto + "/", data=body, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=110) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def ask(self, action, **parameters):
        """A call of ours to moto; the reply's XML without its namespace."""
        form = urllib.parse.urlencode({"Action": action, "Version": "2016-11-15", **parameters}).encode()
        credential = f"AWS4-HMAC-SHA256 Credential=test/20200101/{REGION}/ec2/aws4_request, SignedHeaders=host"
        status, body = self._forward(form, {"Authorization": f"{credential}, Signature=x",
                                            "Content-Type": "application/x-www-form-urlencoded"})
        assert status == 200, body
        return ElementTree.fromstring(re.sub(rb' xmlns="[^"]*"', b"", body))

    def endpoints(self, state="available"):
        """The ids of moto's endpoints in this state."""
        found = []
        for item in self.ask("DescribeVpcEndpoints").find("vpcEndpointSet"):
            if item.findtext("state") == state:
                found.append(item.findtext("vpcEndpointId"))
        return found

    def count(self, action):
        with self.lock:
            return sum(call.action == action for call in self.calls)

    def refuse(self, action, code, message="no", status=400, times=1):
        with self.lock:
            self.refusals += [(action, status, error_xml(code, message))] * times

    def stop_refusing(self):
        with self.lock:
            self.refusals.clear()

    def lose_reply(self, action):
        with self.lock:
            self.losses.append(action)

    def arguments(self, *more):
        return ["--aws-vpc", self.vpc, "--aws-region", REGION, "--aws-endpoint-url", self.url,
                "--aws-check-interval", "300", *more]

    def _refusal(self, action):
        with self.lock:
            for position, (refused, status, body) in enumerate(self.refusals):
                if refused == action:
                    del self.refusals[position]
                    return status, body.encode()
        return None

    def _check_signature(self, handler, body):
        """Nothing, or why AWS would not believe the request."""
        match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
                             r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
                             handler.headers.get("authorization", ""))
        if not match:
            return "IncompleteSignature"
        key, date, region, service, names, given = match.groups()
        if key != KEY:
            return None if key.startswith(("ASIA", "LSIA")) else "InvalidClientTokenId"
        headers = {name: handler.headers[name] for name in names.split(";")}
        when = headers.get("x-amz-date", "")
        if "host" not in headers or when[:8] != date:
            return "IncompleteSignature"
        right = signature(self.secret, "POST", "/", [], headers, body, when, region, service)
        return None if hmac.compare_digest(right, given) else "SignatureDoesNotMatch"

    def _reply(self, handler, body):
        """(status, body), or None for a reply that is lost."""
        parameters = dict(urllib.parse.parse_qsl(body.decode()))
        action = parameters.get("Action")
        with self.lock:
            self.calls.append(Call(action, parameters))
        if (wrong := self._check_signature(handler, body)) is not None:
            return 403, error_xml(wrong, "the signature is not right").encode()
        if (refusal := self._refusal(action)) is not None:
            return refusal
        if action == "AssumeRole" and not self.accept_role(parameters):
            return 403, (b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized to perform: "
                         b"sts:AssumeRole</Message></Error></ErrorResponse>")
        token = parameters.get("ClientToken")
        with self.lock:
            known = self.tokens.get(token)
        if token and known:
            status, answer = known
        else:
            headers = {name: handler.headers[name] for name in ("Authorization", "Content-Type", "X-Amz-Date")}
            status, answer = self._forward(body, headers)
            if token and status == 200:
                with self.lock:
                    self.tokens[token] = (status, answer)
        with self.lock:
            if action in self.losses:
                self.losses.remove(action)
                return None
        return status, self._adorn(answer)

    def _adorn(self, answer):
        """States as the test has them, and a DNS name for each zone."""
        text = answer.decode()

        def adorn(match):
            part = match.group(0)
            endpoint = re.search(r"<vpcEndpointId>([^<]*)<", part).group(1)
            state = self.state.get(endpoint, self.state.get(None))
            if state and "<state>deleted</state>" not in part:
                part = re.sub(r"<state>[^<]*</state>", f"<state>{state}</state>", part)
            names = "".join(f"<item><dnsName>{name}</dnsName></item>" for name in self.dns_names(endpoint))
            return re.sub(r"<dnsEntrySet>.*?</dnsEntrySet>", f"<dnsEntrySet>{names}</dnsEntrySet>", part, flags=re.S)

        return re.sub(r"<vpcEndpointId>.*?(?=<vpcEndpointId>|\Z)", adorn, text, flags=re.S).encode()

    @staticmethod
    def dns_names(endpoint):
        """As AWS makes them: of the endpoint, then of each zone by the zone's name."""
        suffix = f"vpce-svc-0a1b2c3d4e5f60718.{REGION}.vpce.amazonaws.com"
        return [f"{endpoint}-abc12345.{suffix}",
                *(f"{endpoint}-abc12345-{name}.{suffix}" for name in ZONES.values())]

    def _handler(aws):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                reply = aws._reply(self, body)
                if reply is None:
                    self.close_connection = True
                    return
                status, answer = reply
                self.send_response(status)
                self.send_header("content-type", "text/xml")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        return Handler
