"""Child processes which never outlive us.

Every process is started through setpriv(1), which asks the kernel to signal it when we die, so that even a
SIGKILL of the test leaves nothing running. Processes are stopped by their id, never by name.
"""

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

# PostgreSQL refuses to run as root; Debian's package brings this account.
SERVER_ACCOUNT = "postgres"


def running_as_root():
    return os.geteuid() == 0


def spawn(command, *, on_our_death, as_server_account=False, **popen):
    """Start `command`; it gets the signal `on_our_death` (a name such as "KILL") when this process ends."""
    guard = ["setpriv", "--pdeathsig", on_our_death]
    if as_server_account and running_as_root():
        guard += ["--reuid", SERVER_ACCOUNT, "--regid", SERVER_ACCOUNT, "--init-groups"]
    return subprocess.Popen([*guard, "--", *map(str, command)], **popen)


def run(command, *, as_server_account=False, **options):
    """Run `command` to its end; a failure raises with what it printed."""
    guard = ["setpriv", "--pdeathsig", "TERM"]
    if as_server_account and running_as_root():
        guard += ["--reuid", SERVER_ACCOUNT, "--regid", SERVER_ACCOUNT, "--init-groups"]
    done = subprocess.run([*guard, "--", *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def end(process, how, timeout):
    """Signal a process and wait; after `timeout` seconds it is killed and the caller told."""
    if process.poll() is not None:
        return process.returncode
    process.send_signal(how)
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise RuntimeError(f"process {process.pid} ignored {signal.Signals(how).name} for {timeout} s") from None


def free_port():
    """A port nobody listens on, below the range from which the kernel takes ports for outgoing connections."""
    for _ in range(200):
        port = random.randrange(20000, 32000)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port found")


def temporary_folder(prefix, parent=None):
    """A new folder which the account of the servers may enter and write."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    folder.chmod(0o755)
    return folder


def give_to_server_account(path):
    if running_as_root():
        shutil.chown(path, SERVER_ACCOUNT, SERVER_ACCOUNT)


def peak_memory_bytes(pid):
    """The most resident memory the process ever had (VmHWM)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/{pid}/status has no VmHWM")


def cpu_seconds(pid):
    """User and system time the process has used, its waited-for children not included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descendants(pid):
    """The ids of the process and of all processes below it."""
    children = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(parent, []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found
