"""Faults of the web mended by the program itself: applied, verified by measuring again, undone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lab.network.conftest import Breaker
from tests.lab.network.diagnosis import diagnose
from tests.lab.network.lab import Lab

pytestmark = pytest.mark.lab


def _applied(report: dict[str, Any]) -> dict[str, str]:
    return {fix["id"]: fix["result"] for finding in report["findings"] for fix in finding["fixes"] if fix["applied"]}


def _undo(lab: Lab, report: dict[str, Any]) -> None:
    undone = lab.techdoctor("session", "undo", "--yes", report["session"])
    assert undone.code == 0, undone.err


def test_a_dead_proxy_is_taken_out_of_the_session_files(breaking: Breaker) -> None:
    with breaking("proxy_dead") as lab:
        profile = lab.folder / "home/.profile"
        written = "umask 022\nexport http_proxy=http://10.60.1.1:9999\nexport https_proxy=http://10.60.1.1:9999\n"
        profile.write_text(written)
        try:
            report = diagnose(lab, "--playbook", "web.pages", "--fix", "safe")
            assert (report["end"], report["cause"]) == ("solved", "web.pages.proxy_dead")
            assert _applied(report) == {"remove_proxy": "solved"}
            assert report["facts"]["proxy"]["data"]["variables"] == []
            told = subprocess.run(
                ["sh", "-c", '. "$1"; echo "[$http_proxy$https_proxy]"', "sh", str(profile)],
                capture_output=True,
                text=True,
                check=True,
                env={"PATH": "/usr/bin:/bin"},
            )
            assert told.stdout == "[]\n", "a new session has no proxy"
            _undo(lab, report)
            assert profile.read_text() == written
        finally:
            profile.unlink()


@pytest.mark.parametrize("fault", ["proxy_gnome", "proxy_kde"])
def test_a_dead_proxy_is_switched_off_in_the_desktop(breaking: Breaker, fault: str) -> None:
    with breaking(fault) as lab:
        report = diagnose(lab, "--playbook", "web.pages", "--fix", "safe")
        assert (report["end"], _applied(report)) == ("solved", {"remove_proxy": "solved"})
        assert diagnose(lab, "--playbook", "web.pages")["end"] == "not_reproduced"
        _undo(lab, report)
        assert diagnose(lab, "--playbook", "web.pages")["cause"] == "web.pages.proxy_dead"


def test_an_adapter_sends_smaller_packets_and_full_ones_again(breaking: Breaker) -> None:
    with breaking("mtu_blackhole") as lab:
        report = diagnose(lab, "--playbook", "web.pages", "--fix", "safe")
        assert (report["end"], _applied(report)) == ("solved", {"lower_mtu": "solved"})
        assert "mtu 1400 " in lab.client(["ip", "link", "show", "eth0"]).out
        _undo(lab, report)
        assert "mtu 1500 " in lab.client(["ip", "link", "show", "eth0"]).out
        assert diagnose(lab, "--playbook", "web.pages")["cause"] == "web.pages.mtu_blackhole"


def test_smaller_packets_do_not_help_against_a_firewall(breaking: Breaker, tmp_path: Path) -> None:
    """The fix ran, the trouble stays."""
    answers = tmp_path / "answers.yaml"
    answers.write_text("own_firewall: yes\nother_network: no\nrestart_router: yes\ntell_admin: no\n")
    with breaking("https_refused") as lab:
        report = diagnose(lab, "--playbook", "web.pages", "--answers", str(answers))
    assert report["end"] != "solved"
    assert _applied(report) == {"own_firewall": "no_help", "restart_router": "no_help"}


# A private /etc, so that the real one stays as it is.
_OWN_ETC = """
set -e
mkdir "$1/etc" && cp -a /etc/. "$1/etc"
mount --bind "$1/etc" /etc
shift
exec "$@"
"""


def _with_own_etc(lab: Lab, folder: Path, script: str) -> str:
    command = ["unshare", "--mount", "sh", "-c", _OWN_ETC, "sh", str(folder), "sh", "-c", script]
    done = lab.client(command, env={"SSL_CERT_FILE": "", "PYTHON": sys.executable})
    assert done.code == 0, done.err
    return done.out


def test_the_list_of_issuers_is_built_again(lab: Lab, tmp_path: Path) -> None:
    """The lab's own issuer is not in the package, so its sites stay untrusted; but the list is there again."""
    script = """
unset SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS
rm -rf /etc/ssl/certs && mkdir /etc/ssl/certs
# What packages do after each change of the list (Java's writes into dpkg's own records) is not tried here.
rm -rf /etc/ca-certificates/update.d && mkdir /etc/ca-certificates/update.d
"$PYTHON" -m techdoctor diagnose --playbook web.cert --batch --json --fix safe || true
"""
    report = json.loads(_with_own_etc(lab, tmp_path, script))
    assert report["cause"] == "web.cert.ca_store_missing"
    assert _applied(report) == {"rebuild": "helped"}
    assert report["facts"]["tls"]["data"]["ca_store_empty"] is False


def test_a_zone_is_set_and_put_back(lab: Lab, tmp_path: Path) -> None:
    script = """
ln -sfn /usr/share/zoneinfo/America/New_York /etc/localtime
"$PYTHON" -m techdoctor diagnose --playbook sys.clock --set zone=Asia/Tokyo --batch --json --fix safe || true
readlink /etc/localtime >&2
"$PYTHON" -m techdoctor session undo --yes "$("$PYTHON" -m techdoctor session list --json | "$PYTHON" -c '
import json, sys
print(json.load(sys.stdin)["sessions"][0]["session"])')" >&2
readlink /etc/localtime >&2
"""
    command = ["unshare", "--mount", "sh", "-c", _OWN_ETC, "sh", str(tmp_path), "sh", "-c", script]
    done = lab.client(command, env={"PYTHON": sys.executable})
    report = json.loads(done.out)
    assert (report["end"], report["cause"]) == ("solved", "sys.clock.timezone_wrong"), done.err
    assert _applied(report) == {"apply_zone": "solved"}
    links = [line for line in done.err.splitlines() if line.startswith("/usr/share/zoneinfo/")]
    assert links == ["/usr/share/zoneinfo/Asia/Tokyo", "/usr/share/zoneinfo/America/New_York"]
