"""Which hosts a list of exceptions covers, KDE's file, scripts, and where variables are set."""

from __future__ import annotations

from pathlib import Path

import pytest

from techdoctor.probes.network import proxy_settings
from techdoctor.probes.network.pac import proxies_of
from techdoctor.probes.network.proxy_setting import Setting
from techdoctor.probes.network.proxy_settings import SetLine, excepted, lines_that_set, parse_kioslaverc


@pytest.mark.parametrize(
    ("host", "exceptions", "covered"),
    [
        ("www.example.com", "*", True),
        ("www.example.com", "example.com", True),
        ("www.example.com", ".example.com,localhost", True),
        ("www.example.com", "*.example.com", True),
        ("www.example.com", "example.com:443", True),
        ("WWW.EXAMPLE.COM.", "localhost example.com", True),
        ("notexample.com", "example.com", False),
        ("www.example.com", "localhost,127.0.0.1,.corp", False),
        ("192.168.3.4", "192.168.0.0/16", True),
        ("2001:db8::5", "2001:db8::5", True),
        ("www.example.com", "", False),
    ],
)
def test_exceptions(host: str, exceptions: str, covered: bool) -> None:
    assert excepted(host, exceptions) is covered


def test_kde_settings() -> None:
    manual = (
        "[Proxy Settings]\nNoProxyFor=.corp\nProxyType=1\nhttpsProxy=http://proxy.example 3128\n\n[A]\nProxyType=0\n"
    )
    assert parse_kioslaverc(manual) == Setting("kde", "http", "proxy.example", 3128, exceptions=".corp")
    assert parse_kioslaverc(manual.replace("ProxyType=1", "ProxyType=0", 1)) is None
    script = "[Proxy Settings]\nProxyType=2\nProxy Config Script=http://wpad.example/p.pac\n"
    assert parse_kioslaverc(script) == Setting("kde", script="http://wpad.example/p.pac")
    assert parse_kioslaverc("[General]\nkey=value\n") is None


def test_the_proxies_a_script_names() -> None:
    script = """function FindProxyForURL(url, host) {
      // "PROXY old.example:1"
      if (isPlainHostName(host)) return "DIRECT";
      return "PROXY a.example:8080; SOCKS5 b.example:1080; DIRECT";
    }"""
    named, direct = proxies_of(script)
    assert [(setting.scheme, setting.host, setting.port) for setting in named] == [
        ("http", "a.example", 8080),
        ("socks5", "b.example", 1080),
    ]
    assert direct is True
    assert proxies_of('return "PROXY [2001:db8::1]:3128";')[0][0].host == "2001:db8::1"


def test_the_lines_that_set_a_variable(tmp_path: Path) -> None:
    profile, environment = tmp_path / "profile", tmp_path / "environment"
    profile.write_text("umask 022\n  export https_proxy='http://user:secret@proxy.example:3128'\n# http_proxy=x\n")
    environment.write_text("HTTP_PROXY=http://other.example:1\nALL_PROXY=http://proxy.example:3128\n")
    setting = Setting("environment", "http", "proxy.example", 3128)
    found = lines_that_set(setting, [str(profile), str(environment)])
    assert [(line.path, line.number) for line in found] == [(str(environment), 2), (str(profile), 2)]
    assert isinstance(found[0], SetLine)
    assert lines_that_set(Setting("gnome", "http", "proxy.example", 3128), [str(profile)]) == []


def test_passwords_of_exceptions_and_urls_stay_out() -> None:
    [setting] = proxy_settings.from_environment(
        {"https_proxy": "http://user:secret@proxy.example:3128", "NO_PROXY": "a"}
    )
    assert "secret" not in repr(setting)
    assert setting.exceptions == "a"


def test_a_script_of_comments_without_an_end_is_read_at_once() -> None:
    """A megabyte of them once took minutes, during which nothing else could run."""
    assert proxies_of("PROXY proxy.example:80; " + "/* " * 300_000 + "PROXY other.example:80") == (
        [Setting("script", "http", "proxy.example", 80)],
        False,
    )
