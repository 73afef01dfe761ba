"""Which proxies programs are told to use, by whom, and for which hosts. No packet is sent. CPython 3.9 syntax."""

from __future__ import annotations

import fnmatch
import glob
import ipaddress
import os
import re
from dataclasses import dataclass, replace
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.probes.network import system_proxies
from techdoctor.probes.network.proxy_setting import Setting, host_of, setting_of

VARIABLES = ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
EXCEPTIONS = ("no_proxy", "NO_PROXY")
ENVIRONMENT, GNOME, KDE = "environment", "gnome", "kde"
GNOME_SCHEMA = "org.gnome.system.proxy"
_ASK_S = 1.0
# Where variables of a session are set: pam_env(8), bash(1), zsh(1), environment.d(5).
_FILES = (
    "/etc/environment",
    "/etc/profile",
    "/etc/profile.d/*.sh",
    "/etc/bash.bashrc",
    "/etc/environment.d/*.conf",
    "~/.profile",
    "~/.bash_profile",
    "~/.bashrc",
    "~/.zshenv",
    "~/.zshrc",
    "~/.pam_environment",
    "~/.config/environment.d/*.conf",
)
_SETS = re.compile(rf"\s*(?:export\s+|declare\s+-x\s+|set\s+-x\s+)?({'|'.join(VARIABLES)})[=\s]\s*(\S.*)")


def from_environment(variables: Mapping[str, str]) -> List[Setting]:
    """The different proxies that variables name, the one for secure pages first."""
    exceptions = next((variables[name] for name in EXCEPTIONS if variables.get(name)), "")
    named = (setting_of(ENVIRONMENT, variables[name].strip()) for name in VARIABLES if variables.get(name))
    return list(dict.fromkeys(replace(setting, exceptions=exceptions) for setting in named if setting))


def parse_gsettings(listed: str) -> Optional[Setting]:
    """Reads `gsettings list-recursively org.gnome.system.proxy` (GSettings schema of that name)."""
    values: Dict[Tuple[str, str], str] = {}
    for line in listed.splitlines():
        found = re.match(r"org\.gnome\.system\.proxy(?:\.(\w+))? ([\w-]+) (.*)", line)
        if found:
            values[(found.group(1) or "", found.group(2))] = found.group(3).strip().strip("'")
    mode = values.get(("", "mode"), "none")
    exceptions = ",".join(re.findall(r"'([^']*)'", values.get(("", "ignore-hosts"), "")))
    if mode == "auto":
        script = values.get(("", "autoconfig-url"), "")
        return Setting(GNOME, script=script or "found automatically (WPAD)", exceptions=exceptions)
    for kind, scheme in (("https", "http"), ("http", "http"), ("socks", "socks5")):
        host, port = values.get((kind, "host"), ""), values.get((kind, "port"), "0")
        if mode == "manual" and host and re.fullmatch(r"[0-9]{1,5}", port) and 0 < int(port) < 1 << 16:
            return Setting(GNOME, scheme, host_of(host), int(port), exceptions=exceptions)
    return None


def parse_kioslaverc(content: str) -> Optional[Setting]:
    """Reads KDE's ~/.config/kioslaverc.

    Source: KDE kio, kprotocolmanager.h, enum ProxyType (1 manual, 2 script, 3 found automatically).
    """
    section = re.search(r"^\[Proxy Settings\]\s*$(.*?)(?=^\[|\Z)", content, re.MULTILINE | re.DOTALL)
    if section is None:
        return None
    values = dict(line.partition("=")[::2] for line in section.group(1).splitlines() if "=" in line)
    kind, exceptions = values.get("ProxyType", "0").strip(), values.get("NoProxyFor", "").strip()
    if kind in ("2", "3"):
        script = values.get("Proxy Config Script", "").strip() if kind == "2" else ""
        return Setting(KDE, script=script or "found automatically (WPAD)", exceptions=exceptions)
    if kind != "1":
        return None
    for key in ("httpsProxy", "httpProxy", "socksProxy"):
        # "http://host port", or with a colon since KDE 4.
        url = re.sub(r"\s+(\d+)$", r":\1", values.get(key, "").strip())
        setting = setting_of(KDE, url) if url else None
        if setting is not None:
            return replace(setting, exceptions=exceptions)
    return None


def kioslaverc() -> str:
    """Path of KDE's file."""
    folder = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return os.path.join(folder, "kioslaverc")


def of_the_desktop(platform: str) -> List[Setting]:
    """What the desktop or the system is told, variables apart."""
    if platform == "macos":
        ran = system.run(["scutil", "--proxy"], _ASK_S)
        return system_proxies.parse_scutil(ran.out) if ran.worked else []
    if platform == "windows":
        ran = system.run(["reg", "query", system_proxies.INTERNET_SETTINGS], _ASK_S)
        return system_proxies.parse_registry(ran.out) if ran.worked else []
    found: List[Optional[Setting]] = []
    ran = system.run(["gsettings", "list-recursively", GNOME_SCHEMA], _ASK_S)
    found.append(parse_gsettings(ran.out) if ran.worked else None)
    try:
        found.append(parse_kioslaverc(system.read_regular(kioslaverc(), 1 << 20).decode("utf-8", "replace")))
    except OSError:
        pass  # no KDE here
    return [setting for setting in found if setting is not None]


def everything(platform: str) -> List[Setting]:
    """All proxies that are set, variables first."""
    return from_environment(os.environ) + of_the_desktop(platform)


def excepted(host: str, exceptions: str) -> bool:
    """True when a list of exceptions covers a host.

    Understands what curl(1), Python, GNOME and KDE write: "*", ".example.org", "example.org" (which covers
    its subdomains), "*.example.org", addresses and networks (192.168.0.0/16), ports left out.
    """
    wanted = host.rstrip(".").lower()
    for raw in re.split(r"[,;|\s]+", exceptions.lower()):
        entry = raw.strip()
        if not entry:
            continue
        if entry == "*" or fnmatch.fnmatchcase(wanted, entry):
            return True
        plain = entry.lstrip("*").lstrip(".")
        if not re.fullmatch(r"[0-9a-f:]*:[0-9a-f:]+", plain):
            plain = plain.partition(":")[0]
        if plain and (wanted == plain or wanted.endswith("." + plain) or _in_network(wanted, plain)):
            return True
    return False


def _in_network(host: str, entry: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


@dataclass(frozen=True)
class SetLine:
    """A line of a file that sets a proxy variable."""

    path: str
    number: int
    line: str


def lines_that_set(setting: Setting, files: Sequence[str] = _FILES) -> List[SetLine]:
    """The lines of session files that name a proxy of the environment."""
    if setting.source != ENVIRONMENT:
        return []
    found: List[SetLine] = []
    for path in sorted(path for pattern in files for path in glob.glob(os.path.expanduser(pattern))):
        try:
            content = system.read_regular(path, 1 << 20).decode("utf-8", "replace")
        except (OSError, CannotMeasure):
            continue  # not for us to read: then nobody can be shown the line
        for number, line in enumerate(content.splitlines(), 1):
            match = _SETS.match(line)
            if match and setting.host.lower() in match.group(2).lower():
                found.append(SetLine(path, number, line))
    return found
