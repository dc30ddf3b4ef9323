"""A real OpenSSH server on the loopback address, as a bastion."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from . import process
from .wait import eventually

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"


class Bastion:
    """One sshd with a host key of its own, which lets in its own account by the keys it was given."""

    def __init__(self, home, **settings):
        self.home = Path(home)
        self.home.mkdir(parents=True, exist_ok=True)
        self.host = "127.0.0.1"
        self.port = process.free_port()
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        self.log = self.home / "sshd.log"
        self.authorized = self.home / "authorized_keys"
        self.authorized.touch()
        self.settings = settings
        self.process = None
        self.make_host_key()

    def make_host_key(self):
        for old in self.home.glob("host_key*"):
            old.unlink()
        process.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.home / "host_key"])

    def host_key(self):
        return " ".join((self.home / "host_key.pub").read_text().split()[:2])

    def authorize(self, *keys):
        self.authorized.write_text("".join(f"{key}\n" for key in keys))

    def start(self, timeout=10):
        assert self.process is None or self.process.poll() is not None, "already running"
        if process.running_as_root():
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd's privilege separation wants it
        settings = {"ListenAddress": f"{self.host}:{self.port}", "HostKey": self.home / "host_key",
                    "AuthorizedKeysFile": self.authorized, "PidFile": "none", "StrictModes": "no", "UsePAM": "no",
                    "PasswordAuthentication": "no", "KbdInteractiveAuthentication": "no",
                    "PermitRootLogin": "prohibit-password", "LogLevel": "VERBOSE", "UseDNS": "no", **self.settings}
        config = self.home / "sshd_config"
        config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        with open(self.log, "ab") as log:
            self.process = process.spawn([SSHD, "-D", "-e", "-f", config], on_our_death="TERM", stdout=log,
                                         stderr=log, stdin=subprocess.DEVNULL)
        eventually(self._answers, timeout, "sshd answers")
        return self

    def _answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"sshd did not start:\n{self.log_text()}")
        try:
            with socket.create_connection((self.host, self.port), timeout=1) as probe:
                return probe.recv(4) == b"SSH-"
        except OSError:
            return False

    def sessions(self):
        """The ids of the processes that serve clients."""
        return [pid for pid in process.descendants(self.process.pid) if pid != self.process.pid]

    def _signal(self, how):
        for pid in [self.process.pid, *self.sessions()]:
            try:
                os.kill(pid, how)
            except ProcessLookupError:
                pass

    def kill(self):
        """Everything at once, as when the machine loses power but says goodbye."""
        if self.process and self.process.poll() is None:
            self._signal(signal.SIGKILL)
            self.process.wait()

    def freeze(self):
        """Answers nothing any more, though the network is there: a black hole."""
        self._signal(signal.SIGSTOP)

    def thaw(self):
        self._signal(signal.SIGCONT)

    def logins(self):
        return self.log_text().count("Accepted publickey")

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def destroy(self):
        if self.process and self.process.poll() is None:
            self.thaw()
            self.kill()
        shutil.rmtree(self.home, ignore_errors=True)


def create_tunnel(server, bastion, name="ssh_connection"):
    server.run(f"CREATE CONNECTION {name} TO SSH TUNNEL (HOST '{bastion.host}', PORT {bastion.port}, "
               f"USER '{bastion.user}')")


def public_keys(server, name="ssh_connection"):
    return server.run("SELECT public_key_1, public_key_2 FROM mz_ssh_tunnel_connections "
                      f"JOIN mz_connections USING (id) WHERE name = '{name}'")[0]
