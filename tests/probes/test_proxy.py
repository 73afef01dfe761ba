"""Where a proxy is named, and that passwords stay out."""

from __future__ import annotations

import pytest

from techdoctor.probes.network.proxy_setting import Setting, setting_of
from techdoctor.probes.network.proxy_settings import from_environment, parse_gsettings

# Lines as gsettings(1) prints them: schema, key, value in GVariant text form.
_MANUAL = """org.gnome.system.proxy autoconfig-url ''
org.gnome.system.proxy mode 'manual'
org.gnome.system.proxy.http host 'proxy.example'
org.gnome.system.proxy.http port 3128
org.gnome.system.proxy.https host ''
org.gnome.system.proxy.https port 0
"""


@pytest.mark.parametrize(
    ("url", "setting"),
    [
        ("http://user:secret@proxy.example:3128/", Setting("environment", "http", "proxy.example", 3128)),
        ("proxy.example:8888", Setting("environment", "http", "proxy.example", 8888)),
        ("http://proxy.example", Setting("environment", "http", "proxy.example", 8080)),
        ("socks5h://[2001:db8::1]", Setting("environment", "socks5h", "2001:db8::1", 1080)),
        ("http://", None),
        ("http://proxy.example:port", None),
    ],
)
def test_urls(url: str, setting: Setting | None) -> None:
    assert setting_of("environment", url) == setting


def test_the_proxy_for_secure_pages_comes_first() -> None:
    found = from_environment({"http_proxy": "http://a.example:1", "https_proxy": "http://b.example:2"})
    assert found == [Setting("environment", "http", host, port) for host, port in (("b.example", 2), ("a.example", 1))]


def test_an_empty_variable_names_nothing() -> None:
    assert from_environment({"https_proxy": "", "no_proxy": "*"}) == []


def test_desktop_settings() -> None:
    assert parse_gsettings(_MANUAL) == Setting("gnome", "http", "proxy.example", 3128)
    assert parse_gsettings(_MANUAL.replace("'manual'", "'none'")) is None
    auto = _MANUAL.replace("'manual'", "'auto'").replace(
        "autoconfig-url ''", "autoconfig-url 'http://wpad.example/p.pac'"
    )
    assert parse_gsettings(auto) == Setting("gnome", script="http://wpad.example/p.pac")
    assert parse_gsettings("") is None


def test_passwords_of_a_desktop_s_proxy_stay_out() -> None:
    manual = _MANUAL.replace("'proxy.example'", "'ann:s3cret@proxy.example'")
    assert parse_gsettings(manual) == Setting("gnome", "http", "proxy.example", 3128)
    assert parse_gsettings(manual.replace("3128", "99999")) is None
    script = Setting("gnome", script="http://ann:s3cret@wpad.example/p.pac?key=s3cret#s3cret")
    assert script.shown_script == "http://wpad.example/p.pac"
    assert Setting("gnome", script="file:///home/ann/p@x.pac").shown_script == "file:///home/ann/p@x.pac"
