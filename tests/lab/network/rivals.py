"""Who gives addresses in the lab: real DHCP servers on the router and on the neighbour, a real client."""

from __future__ import annotations

from tests.lab.network.lab import Lab
from tests.lab.network.namespaces import Done

_SERVER = (
    "dnsmasq --keep-in-foreground --no-ping --port=0 --user=root --group= --conf-file=/dev/null --pid-file= "
    "--bind-interfaces"
)
# As dhclient sets it: an address with a lifetime, the router, the name server.
_SCRIPT = """#!/bin/sh
case $1 in
bound | renew)
    ip addr add "$ip/$mask" dev "$interface" valid_lft "$lease" preferred_lft "$lease"
    ip route replace default via "${router%% *}" dev "$interface"
    echo "nameserver ${dns%% *}" > /etc/resolv.conf
    ;;
esac
"""


def give(lab: Lab, role: str, router: str, addresses: str = "10.60.1.50,10.60.1.60") -> None:
    """Starts a DHCP server of a role ("router" or "neighbour") that names a router and name server."""
    interface = "br0" if role == "router" else "eth0"
    options = f"--interface={interface} --dhcp-range={addresses},2m --dhcp-option=3,{router} --dhcp-option=6,{router}"
    leases = lab.folder / f"given-{role}"
    lab.serve(f"dhcp-{role}", role, [*_SERVER.split(), *options.split(), f"--dhcp-leasefile={leases}"])


def stop(lab: Lab) -> None:
    """Ends the servers of both roles."""
    for role in ("router", "neighbour"):
        lab.world.stop(f"dhcp-{role}")
        (lab.folder / f"given-{role}").unlink(missing_ok=True)


def take(lab: Lab) -> Done:
    """The client gives its addresses up and asks for one, once."""
    script = lab.folder / "lease.sh"
    script.write_text(_SCRIPT)
    script.chmod(0o755)
    lab.ip("client", "-4 addr flush dev eth0 scope global\n-6 addr flush dev eth0 scope global")
    return lab.client(["udhcpc", "-i", "eth0", "-n", "-q", "-t", "4", "-T", "1", "-s", str(script)])
