"""The proxies that macOS (scutil --proxy) and Windows (Internet Settings) are told to use. CPython 3.9 syntax."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Dict, List

from techdoctor.probes.network.proxy_setting import Setting, host_of, setting_of

SYSTEM = "system"
# Source: https://learn.microsoft.com/troubleshoot/windows-client/networking/ (WinINet proxy settings of a user)
INTERNET_SETTINGS = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings"


def parse_scutil(output: str) -> List[Setting]:
    """Reads `scutil --proxy` (scutil(8)): the dictionary of the primary network, scoped ones left out."""
    values: Dict[str, str] = {}
    exceptions: List[str] = []
    path: List[str] = []
    for line in output.splitlines()[1:-1]:  # without the braces of the whole
        key, _, value = (part.strip() for part in line.partition(" : "))
        if value.endswith("{"):
            path.append(key)
        elif line.strip() == "}":
            path = path[:-1]
        elif not path:
            values[key] = value
        elif path == ["ExceptionsList"]:
            exceptions.append(value)
    found: List[Setting] = []
    if values.get("ProxyAutoConfigEnable") == "1" and values.get("ProxyAutoConfigURLString"):
        found.append(Setting(SYSTEM, script=values["ProxyAutoConfigURLString"]))
    for kind, scheme in (("HTTPS", "http"), ("HTTP", "http"), ("SOCKS", "socks5")):
        host, port = values.get(f"{kind}Proxy", ""), values.get(f"{kind}Port", "")
        if values.get(f"{kind}Enable") == "1" and host and re.fullmatch(r"[0-9]{1,5}", port):
            found.append(Setting(SYSTEM, scheme, host_of(host), int(port)))
    return list(dict.fromkeys(replace(setting, exceptions=",".join(exceptions)) for setting in found))


def parse_registry(output: str) -> List[Setting]:
    """Reads `reg query` of a user's Internet Settings."""
    pattern = re.compile(r"^\s+(\w+)\s+REG_(?:SZ|DWORD|EXPAND_SZ)\s+(.*?)\s*$", re.MULTILINE)
    values: Dict[str, str] = dict(pattern.findall(output))
    # "<local>" means names without a dot, which no page of the internet has.
    exceptions = values.get("ProxyOverride", "").replace("<local>", "").strip(";")
    found: List[Setting] = []
    if values.get("AutoConfigURL"):
        found.append(Setting(SYSTEM, script=values["AutoConfigURL"]))
    if int(values.get("ProxyEnable", "0"), 0):
        entries = [part.rpartition("=")[::2] for part in values.get("ProxyServer", "").split(";") if part]
        wanted = {kind or "all": server for kind, server in entries}
        for kind in ("https", "http", "socks", "all"):
            url = wanted.get(kind, "")
            setting = setting_of(SYSTEM, f"socks5://{url}" if kind == "socks" else url) if url else None
            found += [setting] if setting is not None else []
    return list(dict.fromkeys(replace(setting, exceptions=exceptions) for setting in found))
