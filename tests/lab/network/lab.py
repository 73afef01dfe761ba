"""A home network and an internet in namespaces, to break and to mend.

    client eth0 --- lan0 [bridge br0] router [wan0] --- w0 [wire] w1 --- isp0 internet
    neighbour eth0 --- lan1 [br0]

    client     10.60.1.10/24, 2001:db8:1::10/64; gateway and name server 10.60.1.1
    router     10.60.1.1 inside, 203.0.113.2 outside (masquerade); name forwarder, sign-in page, proxy
    internet   1.1.1.1, 8.8.8.8, 9.9.9.9 (names, https), 198.51.100.{10,11,66,123} (web, clock, STUN), IPv6
    wire       a userspace link between router and internet that delays, drops and limits
    neighbour  a second computer at home (10.60.1.20)

The public addresses exist inside only, so that a tool runs with its own default targets.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.lab.network import certificates
from tests.lab.network.namespaces import CannotBuild, Done, World

ROOT = Path(__file__).parents[3]
ROLES = ("client", "router", "wire", "internet", "neighbour")
HEALTHY_ETC = {
    "resolv.conf": "nameserver 10.60.1.1\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nnetworks: files\nservices: files\n",
}
_CA_VARIABLES = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
_CABLES = (
    ("client", "eth0", "router", "lan0"),
    ("neighbour", "eth0", "router", "lan1"),
    ("router", "wan0", "wire", "w0"),
    ("internet", "isp0", "wire", "w1"),
)
_SERVED = [
    "203.0.113.1/24",
    "2001:db8:2::1/64",
    "1.1.1.1/32",
    "8.8.8.8/32",
    "9.9.9.9/32",
    "198.51.100.10/32",
    "198.51.100.11/32",
    "198.51.100.66/32",
    "198.51.100.123/32",
    "2001:db8:ffff::10/128",
    "2606:4700:4700::1111/128",
]
_SYSCTL = 'for setting in "$@"; do echo "${setting#*=}" > /proc/sys/${setting%%=*}; done'
HEALTHY_COMMANDS = """\
link set eth0 up
addr flush dev eth0 scope global
addr add 10.60.1.10/24 brd + dev eth0
route replace default via 10.60.1.1
"""
HEALTHY_COMMANDS_V6 = """\
addr replace 2001:db8:1::10/64 dev eth0 nodad
route replace default via 2001:db8:1::1
"""
_ROUTER_LAN = "link set br0 up\n-6 addr replace 2001:db8:1::1/64 dev br0 nodad\n"
_ROUTER_WAN = """\
link set wan0 up
-6 addr replace 2001:db8:2::2/64 dev wan0 nodad
route replace default via 203.0.113.1
-6 route replace default via 2001:db8:2::1
"""


class Lab:
    """The laboratory; a context manager that leaves nothing behind.

    Attributes:
        root: The checkout.
        folder: Its working folder: control files, logs, the client's /etc files and home.
        environment: Variables that `client` adds for the client's commands; a value of None removes.
    """

    root = ROOT

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment: dict[str, str | None] = {}
        (folder / "etc").mkdir(parents=True)
        (folder / "home").mkdir()
        for name, text in HEALTHY_ETC.items():
            self.write_etc(name, text)
        for name in ("internet", "router", "wire"):
            (folder / f"{name}.json").write_text("{}")
        self.world = World()
        try:
            self._build()
        except BaseException:
            self.world.close()
            raise

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.world.close()

    def client(self, command: Sequence[str], timeout_s: float = 60.0, env: Mapping[str, str] | None = None) -> Done:
        """Runs a command on the client, with the client's /etc files, environment and home.

        Raises:
            TimeoutError: It did not end in time.
        """
        environment = {**self.client_environment(), **(env or {})}
        return self.world.run("client", command, timeout_s, self.folder / "etc", env=environment)

    def techdoctor(self, *arguments: str, timeout_s: float = 60.0, env: Mapping[str, str] | None = None) -> Done:
        """Runs the real techdoctor of this checkout on the client, online."""
        return self.client([sys.executable, "-m", "techdoctor", *arguments], timeout_s, env)

    def client_environment(self) -> dict[str, str]:
        """The client's variables: ours without proxies and offline switch, the lab's CA trusted, an own home."""
        home = self.folder / "home"
        kept = {k: v for k, v in os.environ.items() if "proxy" not in k.lower() and not k.startswith("TECHDOCTOR")}
        kept |= {"HOME": str(home), "SSL_CERT_DIR": "/nonexistent"}
        kept |= {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("STATE", "CONFIG", "CACHE", "DATA")}
        kept |= {name: str(self.folder / "certificates/ca.pem") for name in _CA_VARIABLES}
        for name, value in self.environment.items():
            kept.pop(name, None)
            if value is not None:
                kept[name] = value
        return kept

    def write_etc(self, name: str, text: str) -> None:
        """Changes a file of the client's /etc (in place: it may be mounted)."""
        (self.folder / "etc" / name).write_text(text)

    def set(self, role: str, **keys: Any) -> None:
        """Sets keys of the control file of "internet", "router" or "wire"; None removes a key."""
        path = self.folder / f"{role}.json"
        values = {**json.loads(path.read_text()), **keys}
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps({key: value for key, value in values.items() if value is not None}))
        fresh.replace(path)
        time.sleep(0.12 if role == "wire" else 0)  # the wire looks every 50 ms

    def ip(self, role: str, commands: str) -> None:
        """Runs `ip` commands, one a line, in a role's namespace; those that begin with -4, then with -6, come last.

        Raises:
            CannotBuild: One of them failed.
        """
        groups: dict[str, list[str]] = {"": [], "-4": [], "-6": []}
        for line in commands.splitlines():
            option, _, rest = line.partition(" ")
            groups[option if option in groups else ""].append(rest if option in groups else line)
        for option, lines in groups.items():
            if lines:
                self.world.need(role, ["ip", *([option] if option else []), "-batch", "-"], "\n".join(lines))

    def nft(self, role: str, ruleset: str) -> None:
        """Loads nftables rules in a role's namespace."""
        self.world.need(role, ["nft", "-f", "-"], ruleset)

    def reset_client(self) -> None:
        """Gives the client its healthy addresses, routes, /etc files and environment again."""
        self.ip("client", HEALTHY_COMMANDS + "".join(f"-6 {line}\n" for line in HEALTHY_COMMANDS_V6.splitlines()))
        self.environment.clear()
        for name, text in HEALTHY_ETC.items():
            self.write_etc(name, text)

    def reset_router(self) -> None:
        """Brings the router's interfaces and routes back."""
        self.ip("router", _ROUTER_LAN + _ROUTER_WAN)

    def forget(self) -> None:
        """Flushes what the client remembers: neighbours and path MTUs."""
        self.world.run("client", ["ip", "route", "flush", "cache"])
        self.world.run("client", ["ip", "-6", "route", "flush", "cache"])
        self.world.run("client", ["ip", "neigh", "flush", "all"])

    def serve(self, key: str, role: str, command: Sequence[str], ready: bool = False) -> None:
        """Starts a server in a role's namespace, to be ended by `world.stop(key)`."""
        with (self.folder / f"{key}.log").open("wb") as log:
            self.world.start(key, role, command, log, ready, {**os.environ, "PYTHONPATH": str(ROOT)})

    def _build(self) -> None:
        certificates_made = threading.Thread(target=certificates.make, args=(self.folder / "certificates",))
        certificates_made.start()
        self.world.add(*ROLES)
        self._lay_cables()
        certificates_made.join()
        wire = [sys.executable, "-m", "tests.lab.network.wire", "w0", "w1", str(self.folder / "wire.json")]
        self.serve("wire", "wire", wire, True)
        for role in ("internet", "router"):
            arguments = [role, str(self.folder / f"{role}.json"), str(self.folder / "certificates")]
            self.serve(role, role, [sys.executable, "-m", "tests.lab.network.servers", *arguments], True)
        if self.client(["ping", "-c", "1", "-W", "2", "1.1.1.1"]).code:
            raise CannotBuild("the lab stands but its client cannot reach 1.1.1.1")

    def _lay_cables(self) -> None:
        for role in ROLES:
            settings = ["net/ipv6/conf/all/accept_dad=0", "net/ipv6/conf/default/accept_dad=0"]
            if role in ("router", "internet"):
                settings += ["net/ipv4/ip_forward=1", "net/ipv6/conf/all/forwarding=1"]
            self.world.need(role, ["sh", "-c", _SYSCTL, "sh", *settings])
        self.allow_icmp_sockets(True)
        for role, end, other, other_end in _CABLES:
            peer = ["type", "veth", "peer", other_end, "netns", other]
            self.world.need("", ["ip", "link", "add", end, "netns", role, *peer])
        self.ip("router", "link add br0 type bridge\nlink set lan0 master br0 up\nlink set lan1 master br0 up\n")
        self.ip("router", "addr add 10.60.1.1/24 dev br0\naddr add 203.0.113.2/24 dev wan0\n")
        self.ip("wire", "link set w0 up\nlink set w1 up\n")
        self.ip("internet", "link set isp0 up\n" + "".join(f"addr add {address} dev isp0\n" for address in _SERVED))
        self.ip("internet", "-6 route add 2001:db8:1::/64 via 2001:db8:2::2\n")
        self.ip("neighbour", "link set eth0 up\naddr add 10.60.1.20/24 dev eth0\n")
        self.reset_router()
        self.reset_client()
        self.nft("router", _MASQUERADE)
        for role, interface in (("router", "wan0"), ("internet", "isp0")):
            turn_off = f"from tests.lab.network.wire import offload_off; offload_off({interface!r})"
            self.world.need(role, ["env", f"PYTHONPATH={ROOT}", sys.executable, "-c", turn_off])

    def allow_icmp_sockets(self, allowed: bool) -> None:
        """Whether ordinary users may send echo requests without a privileged `ping` on the client."""
        full, own_id_only, nobody = "0 2147483647", "0 0", "1 0"  # one-id user namespaces take "0 0" at most
        for value in (full, own_id_only) if allowed else (nobody,):
            if not self.world.run("client", ["sh", "-c", _SYSCTL, "sh", f"net/ipv4/ping_group_range={value}"]).code:
                return


_MASQUERADE = """table ip nat {
 chain post { type nat hook postrouting priority 100; oifname "wan0" masquerade; }
}
"""
