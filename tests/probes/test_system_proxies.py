"""Proxies of macOS and Windows, from outputs that test suites of other tools quote; names replaced."""

from __future__ import annotations

import pytest

from techdoctor.probes.network.proxy_setting import Setting
from techdoctor.probes.network.system_proxies import parse_registry, parse_scutil

# macOS, `scutil --proxy`. Source: httptoolkit/mac-system-proxy 1.0.2, test/parse-scutil.spec.ts
_MAC_OFF = """<dictionary> {
    ExceptionsList : <array> {
        0 : localhost
        1 : 127.0.0.1
    }
    ExcludeSimpleHostnames : 1
    HTTPEnable : 0
    HTTPSEnable : 0
}
"""
_MAC_MANUAL = """<dictionary> {
    ExcludeSimpleHostnames : 1
    HTTPEnable : 1
    HTTPPort : 8000
    HTTPProxy : 127.0.0.1
    HTTPSEnable : 1
    HTTPSPort : 8443
    HTTPSProxy : 127.0.0.1
    HTTPSUser : domain\\user
    SOCKSEnable : 0
    SOCKSUser : user
}
"""
_MAC_SCRIPT = """<dictionary> {
    ExceptionsList : <array> {
        0 : localhost
        1 : 127.0.0.1
    }
    ExcludeSimpleHostnames : 1
    HTTPEnable : 0
    HTTPSEnable : 0
    ProxyAutoConfigEnable : 1
    ProxyAutoConfigURLString : http://wpad/wpad.dat
    ProxyAutoDiscoveryEnable : 1
}
"""
_MAC_SOCKS = """<dictionary> {
    ExcludeSimpleHostnames : 1
    HTTPEnable : 0
    HTTPSEnable : 0
    SOCKSEnable : 1
    SOCKSPort : 2020
    SOCKSProxy : 127.0.0.1
    SOCKSUser : user
}
"""
# Windows, `reg query`. Source: usebruno/bruno, tests of its WindowsProxyResolver (windows.spec.ts)
_KEY = "\nHKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\n"
_WINDOWS_ONE = f"""{_KEY}    ProxyEnable    REG_DWORD    0x1
    ProxyServer    REG_SZ    proxy.example:8080
    ProxyOverride    REG_SZ    localhost;127.0.0.1;*.local;192.168.1.0/24
"""
_WINDOWS_EACH = f"""{_KEY}    ProxyEnable    REG_DWORD    0x1
    ProxyServer    REG_SZ    http=proxy.example:8080;https=proxy.example:8443
"""


@pytest.mark.parametrize(
    ("output", "settings"),
    [
        ("", []),
        (_MAC_OFF, []),
        (_MAC_MANUAL, [Setting("system", "http", "127.0.0.1", 8443), Setting("system", "http", "127.0.0.1", 8000)]),
        (_MAC_SCRIPT, [Setting("system", script="http://wpad/wpad.dat", exceptions="localhost,127.0.0.1")]),
        (_MAC_SOCKS, [Setting("system", "socks5", "127.0.0.1", 2020)]),
    ],
)
def test_macos(output: str, settings: list[Setting]) -> None:
    assert parse_scutil(output) == settings


@pytest.mark.parametrize(
    ("output", "settings"),
    [
        (
            _WINDOWS_ONE,
            [Setting("system", "http", "proxy.example", 8080, exceptions="localhost;127.0.0.1;*.local;192.168.1.0/24")],
        ),
        (
            _WINDOWS_EACH,
            [Setting("system", "http", "proxy.example", 8443), Setting("system", "http", "proxy.example", 8080)],
        ),
        (_WINDOWS_ONE.replace("0x1", "0x0"), []),
        (_KEY, []),
    ],
)
def test_windows(output: str, settings: list[Setting]) -> None:
    assert parse_registry(output) == settings
