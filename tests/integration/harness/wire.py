"""A bare client of the PostgreSQL protocol, for what libpq's simple queries do not reach: portals, formats, broken
messages. It knows trust authentication only."""

import socket
import struct


class WireError(Exception):
    """An ErrorResponse; `fields` by their one-letter codes."""

    def __init__(self, fields):
        super().__init__(f"{fields.get('C')}: {fields.get('M')}")
        self.fields = fields


class Wire:
    def __init__(self, host, port, *, timeout=30, **parameters):
        self.socket = socket.create_connection((host, port), timeout)
        self.parameters = {}
        self.notices = []  # their texts, of the start-up
        self.transaction = None
        settings = {"user": "materialize", "database": "materialize", **parameters}
        body = b"".join(_text(part) for pair in settings.items() for part in pair) + b"\0"
        self.socket.sendall(struct.pack("!ii", len(body) + 8, 196608) + body)
        for kind, payload in self.until_ready():
            if kind == b"S":
                name, value = payload.split(b"\0")[:2]
                self.parameters[name.decode()] = value.decode()
            elif kind == b"N":
                self.notices.append(_fields(payload).get("M"))
            elif kind == b"K":
                self.backend = struct.unpack("!ii", payload)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, kind, payload=b""):
        self.socket.sendall(kind + struct.pack("!i", len(payload) + 4) + payload)

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            chunk = self.socket.recv(size - len(data))
            if not chunk:
                raise ConnectionError("the server closed the connection")
            data += chunk
        return data

    def receive(self):
        header = self._exactly(5)
        return header[:1], self._exactly(struct.unpack("!i", header[1:])[0] - 4)

    def until_ready(self):
        """All messages up to ReadyForQuery; an ErrorResponse among them is raised after it."""
        messages, error = [], None
        while True:
            kind, payload = self.receive()
            if kind == b"E":
                error = WireError(_fields(payload))
                if error.fields.get("S") == "FATAL":
                    raise error
            elif kind == b"Z":
                self.transaction = payload.decode()
                if error:
                    raise error
                return messages
            messages.append((kind, payload))

    def query(self, sql):
        self.send(b"Q", _text(sql))
        return self.until_ready()

    def parse(self, sql, name="", types=()):
        self.send(b"P", _text(name) + _text(sql) + struct.pack(f"!h{len(types)}I", len(types), *types))

    def bind(self, values=(), *, portal="", name="", formats=(), results=()):
        body = _text(portal) + _text(name) + struct.pack(f"!h{len(formats)}h", len(formats), *formats)
        body += struct.pack("!h", len(values))
        for value in values:
            if value is None:
                body += struct.pack("!i", -1)
            else:
                value = value.encode() if isinstance(value, str) else value
                body += struct.pack("!i", len(value)) + value
        self.send(b"B", body + struct.pack(f"!h{len(results)}h", len(results), *results))

    def describe(self, kind, name=""):
        self.send(b"D", kind.encode() + _text(name))

    def execute(self, portal="", rows=0):
        self.send(b"E", _text(portal) + struct.pack("!i", rows))

    def close_object(self, kind, name):
        self.send(b"C", kind.encode() + _text(name))

    def sync(self):
        self.send(b"S")
        return self.until_ready()


def kinds(messages):
    """The letters of the messages in order, notices and parameter changes left out."""
    return "".join(kind.decode() for kind, _ in messages if kind not in (b"N", b"S"))


def data_rows(messages):
    """The fields of each DataRow: bytes, or None for NULL."""
    rows = []
    for kind, payload in messages:
        if kind != b"D":
            continue
        count, offset, row = struct.unpack("!h", payload[:2])[0], 2, []
        for _ in range(count):
            size = struct.unpack("!i", payload[offset:offset + 4])[0]
            offset += 4
            row.append(None if size < 0 else payload[offset:offset + size])
            offset += max(size, 0)
        rows.append(tuple(row))
    return rows


def columns(messages):
    """(name, type oid, format) of each column of the RowDescription."""
    for kind, payload in messages:
        if kind == b"T":
            count, offset, found = struct.unpack("!h", payload[:2])[0], 2, []
            for _ in range(count):
                end = payload.index(b"\0", offset)
                _, _, oid, _, _, form = struct.unpack("!ihIhih", payload[end + 1:end + 19])
                found.append((payload[offset:end].decode(), oid, form))
                offset = end + 19
            return found
    return None


def tags(messages):
    return [payload[:-1].decode() for kind, payload in messages if kind == b"C"]


def _text(value):
    return value.encode() + b"\0"


def _fields(payload):
    parts = [part for part in payload.split(b"\0") if part]
    return {part[:1].decode(): part[1:].decode(errors="replace") for part in parts}
