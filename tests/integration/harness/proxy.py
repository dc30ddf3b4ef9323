"""A TCP proxy between our server and its upstream, for what networks do: cut, refuse, slow down, fall silent."""

import socket
import threading
import time

from . import process

CHUNK = 16 * 1024


class _Pipe(threading.Thread):
    """One direction of one connection."""

    def __init__(self, proxy, source, target):
        super().__init__(daemon=True)
        self.proxy, self.source, self.target = proxy, source, target

    def run(self):
        try:
            while True:
                data = self.source.recv(CHUNK)
                if not data:
                    break
                self.proxy.delay(len(data))
                if self.proxy.is_silent(self.source):
                    # Taken and thrown away, the end too: whoever sent it learns nothing.
                    while self.source.recv(CHUNK):
                        pass
                    return
                self.target.sendall(data)
        except OSError:
            pass
        if self.proxy.is_silent(self.source):
            return
        for end in (self.source, self.target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Proxy:
    """Listens on `port` and forwards to another port of this machine."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.port = process.free_port()
        self.bytes_per_second = None
        self.refusing = False
        self.closed = False
        self._lock = threading.Lock()
        self._connections = []  # pairs of sockets
        self._silent = set()  # sockets of connections that are half-open
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self.closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.refusing:
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target_port))
            except OSError:
                client.close()
                continue
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._connections.append((client, server))
            _Pipe(self, client, server).start()
            _Pipe(self, server, client).start()

    def delay(self, size):
        rate = self.bytes_per_second
        if rate:
            time.sleep(size / rate)

    def is_silent(self, end):
        with self._lock:
            return end in self._silent

    def cut(self):
        """Every connection ends, on both sides; how many there were."""
        with self._lock:
            ended, self._connections = self._connections, []
        for pair in ended:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                end.close()
        return len(ended)

    def fall_silent(self):
        """Connections that there are stay open on both sides, and nothing comes through them any more."""
        with self._lock:
            for pair in self._connections:
                self._silent.update(pair)

    def close(self):
        self.closed = True
        self._listener.close()
        self.cut()
