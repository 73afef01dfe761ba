"""Switching a firewall on without shutting out who works here over SSH. CPython 3.9 syntax."""

from __future__ import annotations

import os
from typing import Dict, List, Mapping, Sequence, Tuple

from techdoctor import system
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.protection import listening
from techdoctor.probes.protection.firewall import products
from techdoctor.text import clean_line

_TITLE = "Switch the firewall on"
_TABLE = "techdoctor_firewall"
_SOCKET_FILTER = "/usr/libexec/ApplicationFirewall/socketfilterfw"


def rules(ports: Sequence[int]) -> str:
    """The nftables rules: answers, this machine itself, ICMP, addresses by DHCP, and the ports named."""
    ssh = f"tcp dport {{ {', '.join(map(str, ports))} }} accept; " if ports else ""
    return (
        f"table inet {_TABLE} {{ chain input {{ type filter hook input priority filter; policy drop; "
        "ct state established,related accept; ct state invalid drop; iif lo accept; "
        f"meta l4proto {{ icmp, ipv6-icmp }} accept; udp dport {{ 68, 546, 5353 }} accept; {ssh}}} }}\n"
    )


def _ports() -> Tuple[List[int], List[str]]:
    """SSH ports to keep open, and programs that cannot be reached from outside afterwards."""
    found = listening.listeners()
    keep = listening.ssh_ports(found, dict(os.environ))
    cut = [
        f"{entry.program or 'a program'} ({entry.port}/{entry.protocol})" for entry in found if entry.port not in keep
    ]
    return keep, cut


def _steps(acting: Acting, keep: Sequence[int]) -> Tuple[List[Tuple[Tuple[str, ...], str]], str]:
    """Commands with their input, and which firewall they switch on."""
    if acting.platform == "macos":
        return [(acting.elevated((_SOCKET_FILTER, "--setglobalstate", "on")), "")], "macos"
    installed = products()
    if "ufw" in installed:
        allow = [(acting.elevated(("ufw", "allow", f"{port}/tcp")), "") for port in keep]
        return [*allow, (acting.elevated(("ufw", "--force", "enable")), "")], "ufw"
    if "firewalld" in installed:
        offline = [("firewall-offline-cmd", f"--add-port={port}/tcp") for port in keep]
        last = ("systemctl", "enable", "--now", "firewalld")
        return [(acting.elevated(argv), "") for argv in (*offline, last)], "firewalld"
    if "nftables" in installed:
        return [(acting.elevated(("nft", "-f", "-")), rules(keep))], "nftables"
    return [], ""


def _preview(acting: Acting) -> ActionPreview:
    keep, cut = _ports()
    steps, kind = _steps(acting, keep)
    if not steps:
        return ActionPreview(_TITLE, problem="no firewall is installed; install one first: sudo apt-get install ufw")
    lines: List[str] = []
    for argv, given in steps:
        lines += [shown(argv), *(f"  {line}" for line in given.splitlines())]
    if cut:
        lines.append("# not reached from outside any more: " + clean_line(", ".join(cut[:8])))
    if kind == "nftables":
        lines.append("# lasts until the next restart; ufw or firewalld keep theirs")
    kept = f" (SSH stays open on port {', '.join(map(str, keep))})" if keep else ""
    return ActionPreview(_TITLE + kept, tuple(lines), not system.is_admin(), "The firewall is switched off again.")


def _apply(acting: Acting) -> ActionOutcome:
    keep, _ = _ports()
    steps, kind = _steps(acting, keep)
    if not steps:
        return ActionOutcome(False, "no firewall is installed")
    done: Dict[str, Value] = {"kind": kind}
    outcome = ActionOutcome(True)
    for argv, given in steps:
        outcome = outcome_of(acting.run(argv, stdin=given), "the firewall is on", done)
        if not outcome.ok:
            return outcome
    return outcome


def _undo(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    """Switches it off again; ufw keeps the rules for SSH, which do no harm."""
    commands: Mapping[str, Tuple[str, ...]] = {
        "ufw": ("ufw", "--force", "disable"),
        "firewalld": ("systemctl", "disable", "--now", "firewalld"),
        "nftables": ("nft", "delete", "table", "inet", _TABLE),
        "macos": (_SOCKET_FILTER, "--setglobalstate", "off"),
    }
    argv = commands.get(str(token.get("kind")))
    if argv is None:
        return ActionOutcome(False, "it is not known which firewall was switched on")
    return outcome_of(acting.run(acting.elevated(argv)), "the firewall is off again")


ACTIONS = (
    Action(
        name="firewall.enable",
        title=_TITLE,
        doc="ufw, else firewalld, else nftables in memory; the ports on which sshd listens, and that of this session,"
        " are allowed first. Names the programs that cannot be reached from outside afterwards.",
        preview=_preview,
        apply=_apply,
        touches=("firewall.*",),
        undo_name="firewall.disable_again",
        undo=_undo,
        platforms=("linux", "macos"),
        least_risk="medium",
    ),
)
