"""mz_egress_ips: what the operator announces, else the addresses from which this host reaches others."""

import socket
import subprocess

from harness.wait import eventually

ROWS = "SELECT egress_ip, prefix_length, cidr FROM mz_egress_ips ORDER BY 1"


def test_announced_addresses(case):
    server = case.tailrace(arguments=["--announce-egress-address", "203.0.113.7",
                                      "--announce-egress-address", "198.51.100.0/24",
                                      "--announce-egress-address", "2001:DB8:0::7"])
    expected = [("198.51.100.0", 24, "198.51.100.0/24"), ("2001:db8::7", 128, "2001:db8::7/128"),
                ("203.0.113.7", 32, "203.0.113.7/32")]
    assert eventually(lambda: server.run(ROWS) == expected, 10), server.run(ROWS)


def test_own_addresses(case):
    server = case.tailrace()
    own = []
    for family, outside in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        # Connecting a datagram socket asks for a route and sends nothing.
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((outside, 9))
            except OSError:
                continue
            address = probe.getsockname()[0]
            if not address.startswith(("127.", "fe80")) and address != "::1":
                own.append(address)
    eventually(lambda: sorted(row[0] for row in server.run(ROWS)) == sorted(own), 10, f"the addresses are {own}")


def test_nonsense_is_refused_at_the_start(case):
    for text in ("nonsense", "203.0.113.7/33", "203.0.113.7/24", "203.0.113.7/"):
        server = case.tailrace(start=False, arguments=["--announce-egress-address", text])
        ended = subprocess.run(list(map(str, server.command())), capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode != 0 and f'invalid egress address "{text}"' in ended.stderr, ended.stderr
