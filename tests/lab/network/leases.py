"""A home where addresses are given: dnsmasq on the router, ifupdown with udhcpc on the client, all real."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.network.lab import Lab

_SERVER = (
    "dnsmasq --keep-in-foreground --no-ping --port=0 --user=root --group= --conf-file=/dev/null --pid-file= "
    "--interface=br0 --bind-interfaces --dhcp-range=10.60.1.50,10.60.1.60,2m "
    "--dhcp-option=3,10.60.1.1 --dhcp-option=6,10.60.1.1"
)


@contextmanager
def leases(lab: Lab) -> Iterator[None]:
    """The router gives addresses and the client's eth0 is set to automatic in /etc/network/interfaces."""
    network = lab.folder / "etc/network"
    for name in ("if-pre-up.d", "if-up.d", "if-down.d", "if-post-down.d"):
        (network / name).mkdir(parents=True)
    (network / "interfaces").write_text("auto eth0\niface eth0 inet dhcp\n")
    lab.serve("leases", "router", [*_SERVER.split(), f"--dhcp-leasefile={lab.folder}/leases"])
    try:
        yield
    finally:
        lab.client(["ifdown", "--force", "eth0"])
        lab.world.stop("leases")
        shutil.rmtree(network)
        lab.reset_client()
