"""Child processes which never outlive us.

A process is started through setpriv(1), which asks the kernel to signal it when we die, so that even a SIGKILL
of the test leaves nothing running. Only who says so may outlive us: the kept demo. Processes are stopped by their
id, never by name.
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


def _guard(on_our_death, as_server_account):
    guard = ["setpriv"]
    if on_our_death:
        guard += ["--pdeathsig", on_our_death]
    if as_server_account and running_as_root():
        guard += ["--reuid", SERVER_ACCOUNT, "--regid", SERVER_ACCOUNT, "--init-groups"]
    return [*guard, "--"] if len(guard) > 1 else []


def spawn(command, *, on_our_death, as_server_account=False, **popen):
    """Start `command`; it gets the signal `on_our_death` (a name such as "KILL") when this process ends.

    None lets it live on, out of reach of our terminal.
    """
    if on_our_death is None:
        popen["start_new_session"] = True
    return subprocess.Popen([*_guard(on_our_death, as_server_account), *map(str, command)], **popen)


def run(command, *, as_server_account=False, **options):
    """Run `command` to its end; a failure raises with what it printed."""
    done = subprocess.run([*_guard("TERM", as_server_account), *map(str, command)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **options)
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


# The names that keep ports for this process: the kernel frees them when it ends, however it ends.
_kept_ports = {}


def free_port():
    """A port nobody listens on, kept for this process: no test beside it, and no later call, is given the same.

    It lies below the range from which the kernel takes ports for outgoing connections.
    """
    for _ in range(200):
        port = random.randrange(20000, 32000)
        keeper = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            keeper.bind(f"\0tailrace-test-port-{port}")
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            keeper.close()
            continue
        _kept_ports[port] = keeper
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


def _memory_bytes(pid, field):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/{pid}/status has no {field}")


def peak_memory_bytes(pid):
    """The most resident memory the process ever had."""
    return _memory_bytes(pid, "VmHWM")


def memory_bytes(pid):
    """The memory of the process that is resident now."""
    return _memory_bytes(pid, "VmRSS")


def cpu_seconds(pid):
    """User and system time of the process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def cpu_seconds_of_tree(pid):
    """The same for the process and all below it: a PostgreSQL server with its backends."""
    total = 0.0
    for member in descendants(pid):
        try:
            total += cpu_seconds(member)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


def bytes_on_disk(folder):
    """What the files below a folder occupy."""
    total = 0
    for path in Path(folder).rglob("*"):
        try:
            total += path.lstat().st_blocks * 512
        except FileNotFoundError:
            pass  # removed meanwhile
    return total


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
