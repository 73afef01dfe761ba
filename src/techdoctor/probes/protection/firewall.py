"""Probe firewall.state: does anything keep connections from outside away? CPython 3.9 syntax."""

from __future__ import annotations

import json
import os
import re
import shutil
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED, MISSING_TOOL, NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    RECORDED,
    Params,
    Probe,
    Probing,
    Raws,
    Reading,
    Source,
    boolean,
    measured,
    parsed,
    text,
    texts,
)
from techdoctor.probes.updates.windows_update import parse_objects
from techdoctor.text import clean_line

_NEEDS_ADMIN = "the rules of the firewall may be seen by administrators only (sudo)"
_SOCKET_FILTER = "/usr/libexec/ApplicationFirewall/socketfilterfw"
_PROFILES = (
    "ConvertTo-Json -Compress -InputObject @(Get-NetFirewallProfile | Select-Object Name, "
    "@{n='Enabled';e={[string]$_.Enabled}})"
)


def nft_blocks(listing: str) -> bool:
    """True when `nft -j list ruleset` refuses by default what comes in.

    That is a base chain on hook input with policy drop, or one in which, directly or by jumps without a condition,
    a rule drops or rejects everything. Rules against single senders (fail2ban) are no firewall.

    Raises:
        ValueError: That is no JSON of nft.
    """
    entries = json.loads(listing or "{}").get("nftables", [])
    chains: Dict[Any, Dict[str, Any]] = {}
    rules: Dict[Any, List[List[Any]]] = {}
    for entry in entries:
        if "chain" in entry:
            chain = entry["chain"]
            chains[chain["family"], chain["table"], chain["name"]] = chain
        elif "rule" in entry:
            rule = entry["rule"]
            rules.setdefault((rule["family"], rule["table"], rule["chain"]), []).append(rule.get("expr", []))
    entrances = [key for key, chain in chains.items() if chain.get("hook") == "input"]
    return any(chains[key].get("policy") == "drop" or _refuses(key, rules, set()) for key in entrances)


def _refuses(key: Any, rules: Mapping[Any, Sequence[Sequence[Any]]], seen: Set[Any]) -> bool:
    """True when a chain drops or rejects everything that reaches its end."""
    if key in seen:
        return False
    seen.add(key)
    for expressions in rules.get(key, ()):
        words = [word for expression in expressions for word in expression if word not in ("counter", "log", "comment")]
        if words and words[0] in ("drop", "reject"):
            return True
        if words and words[0] in ("jump", "goto"):
            target = next(iter(e[words[0]]["target"] for e in expressions if words[0] in e))
            if _refuses((key[0], key[1], target), rules, seen):
                return True
    return False


def iptables_blocks(listing: str) -> bool:
    """The same for `iptables-save`: the policy of INPUT, or a rule in it without a condition."""
    return bool(
        re.search(r"^:INPUT DROP", listing, re.MULTILINE)
        or re.search(r"^-A INPUT (-j|-g) (DROP|REJECT)\b", listing, re.MULTILINE)
    )


def _has(program: str) -> str:
    return shutil.which(program, path=system.command_environment().get("PATH")) or ""


def products(root: str = "") -> List[str]:
    """Firewalls that are installed."""
    known = {"ufw": "/usr/sbin/ufw", "firewalld": "/usr/sbin/firewalld", "nftables": "/usr/sbin/nft"}
    return [name for name, path in known.items() if os.path.exists(root + path)]


def ufw_enabled(config: str) -> Optional[bool]:
    """What /etc/ufw/ufw.conf says: `systemctl is-active ufw` is active even when it is off."""
    match = re.search(r"^\s*ENABLED\s*=\s*(yes|no)\s*$", config, re.MULTILINE | re.IGNORECASE)
    return match[1].lower() == "yes" if match else None


def _rules(probing: Probing) -> bool:
    """Whether the kernel's rules refuse by default.

    Raises:
        CannotMeasure: They cannot be seen.
    """
    if not system.is_admin():
        raise CannotMeasure(DENIED, _NEEDS_ADMIN)
    seen = []
    if _has("nft"):
        ran = system.run(("nft", "-j", "list", "ruleset"), probing.left_s(4), cap_bytes=8 << 20)
        if ran.worked:
            try:
                seen.append(nft_blocks(ran.out))
            except (ValueError, KeyError, AttributeError):
                raise CannotMeasure(NOT_APPLICABLE, "the answer of nft could not be read") from None
    for tool in ("iptables-save", "iptables-legacy-save") if not any(seen) else ():
        if _has(tool):
            ran = system.run((tool, "-t", "filter"), probing.left_s(3))
            if ran.worked:
                seen.append(iptables_blocks(ran.out))
    if not seen:
        raise CannotMeasure(MISSING_TOOL, "no program that shows the rules is installed (nft, iptables)")
    return any(seen)


def reading(active: Optional[bool], why: str, ufw: Optional[bool], firewalld: bool, installed: List[str]) -> Reading:
    """The fields.

    Args:
        active: Whether the rules refuse by default; None when they cannot be seen.
        why: Why they cannot be seen.
        ufw: Whether ufw is switched on; None without it.
        firewalld: True when firewalld runs.
        installed: Firewalls that are installed.
    """
    product = "ufw" if ufw else "firewalld" if firewalld else "rules of the kernel" if active else ""
    names: List[Value] = list(installed)
    data: Dict[str, Value] = {"active": active, "product": product, "installed": names, "ufw_enabled": ufw}
    data["profiles_off"] = []
    if active is None and firewalld:
        data["active"] = True  # it keeps the rules itself and says so to everybody
    return Reading(data, {"active": why} if data["active"] is None else {})


def _measure(probing: Probing) -> Reading:
    try:
        ufw = ufw_enabled(system.read_text("/etc/ufw/ufw.conf"))
    except CannotMeasure:
        ufw = None  # not installed
    state = system.run(("firewall-cmd", "--state"), probing.left_s(3)) if _has("firewall-cmd") else None
    firewalld = state is not None and state.out.strip() == "running"
    active, why = None, ""
    try:
        active = _rules(probing)
    except CannotMeasure as error:
        if error.status == MISSING_TOOL and not products():
            raise
        why = error.reason
    return reading(active, why, ufw, firewalld, products())


def macos_sources(params: Params) -> Sequence[Source]:
    return (Source("state", argv=(_SOCKET_FILTER, "--getglobalstate"), timeout_s=3.0),)


def macos_parse(raws: Raws, params: Params) -> Reading:
    """Parses "Firewall is enabled. (State = 1)"; state 2 refuses everything that comes in."""
    match = re.search(r"State = (\d)", raws["state"].need("the state of the firewall"))
    if not match:
        raise CannotMeasure(NOT_APPLICABLE, "the state of the firewall could not be read")
    on = match[1] != "0"
    product = "application firewall"
    return Reading({"active": on, "product": product, "installed": [product], "profiles_off": []})


def windows_sources(params: Params) -> Sequence[Source]:
    argv = ("powershell.exe", "-NoProfile", "-NonInteractive", "-Command", _PROFILES)
    return (Source("profiles", argv=argv, timeout_s=8.0),)


def windows_parse(raws: Raws, params: Params) -> Reading:
    """Parses the profiles Domain, Private and Public; each is on or off by itself."""
    rows = parse_objects(raws["profiles"].need("the profiles of the firewall"))
    if not rows:
        raise CannotMeasure(NOT_APPLICABLE, "the firewall told no profiles")
    off: List[Value] = [
        clean_line(str(r.get("Name"))) for r in rows if str(r.get("Enabled")) in ("False", "0", "false")
    ]
    product = "Windows Firewall"
    return Reading({"active": not off, "product": product, "installed": [product], "profiles_off": off})


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("active") is None:
        return "could not be seen"
    return clean_line(f"on ({data.get('product')})" if data["active"] else "off")


PROBES = (
    Probe(
        name="firewall.state",
        title="Firewall",
        doc="Whether what comes in is refused by default: nft -j list ruleset, iptables-save; ufw.conf and firewalld"
        " beside them. macOS: socketfilterfw --getglobalstate. Windows: Get-NetFirewallProfile.",
        fields={
            "active": boolean("True when connections from outside are refused by default."),
            "product": text("Which firewall is on; empty when none."),
            "installed": texts("Firewalls that are installed."),
            "ufw_enabled": boolean("What ufw's own settings say."),
            "profiles_off": texts("Windows: profiles in which it is off."),
        },
        methods={
            "linux": measured(_measure),
            "macos": parsed(macos_sources, macos_parse, RECORDED, "both lines as captured on macOS 26.3"),
            "windows": parsed(
                windows_sources, windows_parse, RECORDED, "values of Get-NetFirewallProfile; see the cases"
            ),
        },
        needs="admin",
        timeout_s=8.0,
        summary=_summary,
    ),
)
