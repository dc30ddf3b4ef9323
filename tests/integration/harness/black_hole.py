"""An address that takes nothing and answers nothing, as behind a firewall that drops what it does not like."""

import socket


class BlackHole:
    """A listener whose queue is full: whoever connects from now on waits for ever."""

    def __init__(self, host, port=0):
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((host, port))
        self._listener.listen(0)
        self.host, self.port = self._listener.getsockname()
        self._waiting = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((self.host, self.port))
            self._waiting.append(filler)
        with socket.socket() as probe:
            probe.settimeout(0.5)
            try:
                probe.connect((self.host, self.port))
            except TimeoutError:
                return
            raise AssertionError("the black hole answers")

    def destroy(self):
        for one in [self._listener, *self._waiting]:
            one.close()
