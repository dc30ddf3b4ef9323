"""What a test is given: servers that vanish with it."""

import psycopg2

from . import source
from .bastion import Bastion
from .postgres import Postgres
from .tailrace import Tailrace


def limit(seconds):
    """Decorates a test that may take longer than the runner's default."""

    def mark(test):
        test.time_limit = seconds
        return test

    return mark


class Case:
    """One running test. Everything started through it is stopped, and its folders removed, at the end."""

    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = folder
        self.upstreams = []
        self.servers = []
        self.bastions = []
        self._connections = []
        self._others = []

    def postgres(self, start=True, **options):
        made = Postgres(self.folder / f"pg{len(self.upstreams) + 1}", **options)
        self.upstreams.append(made)
        return made.start() if start else made

    def tailrace(self, start=True, **options):
        made = Tailrace(self.binary, self.folder / f"tr{len(self.servers) + 1}", **options)
        self.servers.append(made)
        return made.start() if start else made

    def bastion(self, **settings):
        made = Bastion(self.folder / f"sshd{len(self.bastions) + 1}", **settings)
        self.bastions.append(made)
        return made.start()

    def followed(self, ddl, tables=(), *, database="shop", **options):
        """A PostgreSQL database made by `ddl` and a server whose source has committed its snapshot."""
        upstream = self.postgres(**options)
        source.prepare_upstream(upstream, list(tables), database=database, ddl=ddl)
        server = self.tailrace()
        source.follow(server, upstream)
        return upstream, server

    def keep(self, connection):
        """Close the connection when the test ends."""
        self._connections.append(connection)
        return connection

    def cleaned(self, made):
        """Call its `destroy` when the test ends."""
        self._others.append(made)
        return made

    def shop(self, upstream, **options):
        """A session upstream in the followed database."""
        return self.keep(upstream.connect("shop", **options))

    def session(self, server, **options):
        return self.keep(server.connect(**options))

    def logs(self):
        parts = [f"--- {server.log}\n{server.log_text()[-6000:]}" for server in self.servers]
        parts += [f"--- {upstream.log}\n{upstream.log_text()[-2000:]}" for upstream in self.upstreams]
        parts += [f"--- {bastion.log}\n{bastion.log_text()[-2000:]}" for bastion in self.bastions]
        return "\n".join(parts)

    def destroy(self):
        for connection in self._connections:
            try:
                connection.close()
            except psycopg2.Error:
                pass
        for made in self.servers + self.upstreams + self.bastions + self._others:
            made.destroy()


def expect_error(run, sqlstate=None, *words):
    """Call `run`; it must raise a database error with this SQLSTATE whose text holds the words. Returns it.

    `sqlstate` may be a tuple of codes where the reference leaves a choice.
    """
    try:
        run()
    except psycopg2.Error as error:
        text = " ".join(filter(None, (error.diag.message_primary, error.diag.message_detail,
                                      error.diag.message_hint))) or str(error)
        codes = (sqlstate,) if isinstance(sqlstate, str) else sqlstate
        assert codes is None or error.pgcode in codes, f"SQLSTATE {error.pgcode}, not {sqlstate}: {text}"
        for word in words:
            assert word in text, f"{word!r} is not in {text!r}"
        return error
    raise AssertionError(f"no error; expected {sqlstate} {words}")
