"""The package managers of other systems for real: dnf, zypper and pacman, each with a repository of our own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="mount namespaces need root"),
]
_ADVISORY = """<?xml version="1.0"?>
<updates><update from="lab" status="final" type="security" version="1"><id>LAB-2026:1</id><title>a hole</title>
<issued date="2026-01-01 00:00:00"/><severity>Important</severity><description>a hole is mended</description>
<pkglist><collection><package name="tdlab-rpm" version="1.1" release="1" epoch="0" arch="noarch">
<filename>tdlab-rpm-1.1-1.noarch.rpm</filename></package></collection></pkglist></update></updates>
"""
# Two versions of a package; the older one is installed in a database of the namespace's own.
_RPM = """
for v in 1.0 1.1; do
  printf 'Name: tdlab-rpm\\nVersion: %s\\nRelease: 1\\nSummary: x\\nLicense: MIT\\nBuildArch: noarch\\n' $v > $v.spec
  printf '%%%%description\\nmade up\\n%%%%files\\n' >> $v.spec
  rpmbuild -bb --quiet --define "_topdir $PWD/build" --define "_rpmdir $PWD" $v.spec 2>/dev/null
done
mkdir repo; cp noarch/tdlab-rpm-1.1-*.rpm repo/; createrepo_c -q repo
printf '%s' "$ADVISORY" > updateinfo.xml; modifyrepo_c updateinfo.xml repo/repodata >/dev/null
own /var/lib/rpm
for base in /var/lib/rpm "$HOME/.rpmdb"; do
  rpm --dbpath "$base" -i --nodeps --ignorearch noarch/tdlab-rpm-1.0-*.rpm 2>/dev/null
done
"""
_DNF = """
own /etc/yum.repos.d; own /var/cache/dnf
printf '[lab]\\nname=lab\\nbaseurl=file://%s/repo\\ngpgcheck=0\\n' "$PWD" > /etc/yum.repos.d/lab.repo
dnf -q makecache 2>/dev/null
hide apt
"""
_ZYPPER = """
own /etc/zypp/repos.d; own /var/cache/zypp; own /var/lib/zypp
zypper -q --non-interactive --no-gpg-checks addrepo -t rpm-md "file://$PWD/repo" lab >/dev/null
zypper -q --non-interactive --no-gpg-checks refresh >/dev/null
hide apt; hide dnf
"""
_PACMAN = """
mkdir older; printf 'pkgname = tdlab-arch\\npkgver = 1.0-1\\npkgdesc = x\\narch = any\\nsize = 1\\n' > older/.PKGINFO
tar -C older -czf tdlab-arch-1.0-1-any.pkg.tar.gz .PKGINFO
own /var/lib/pacman; mkdir /var/lib/pacman/sync /var/lib/pacman/local
mkdir -p newer/tdlab-arch-1.1-1
printf '%%%%%s%%%%\\n%s\\n\\n' FILENAME x NAME tdlab-arch VERSION 1.1-1 ARCH any > newer/tdlab-arch-1.1-1/desc
tar -C newer -czf /var/lib/pacman/sync/lab.db tdlab-arch-1.1-1
printf '[options]\\nArchitecture = auto\\nSigLevel = Never\\n[lab]\\nServer = file://%s\\n' "$PWD" > pacman.conf
mount --bind pacman.conf /etc/pacman.conf
pacman --noconfirm -U tdlab-arch-1.0-1-any.pkg.tar.gz >/dev/null 2>&1
hide apt; hide dnf; hide zypper
"""
_COMMON = """
set -e
own() { mkdir -p "$1"; mount -t tmpfs lab "$1"; }
hide() { if [ -e "/usr/bin/$1" ]; then mount --bind /dev/null "/usr/bin/$1"; fi; }
"""


def _probed(folder: Path, *parts: str) -> dict[str, Any]:
    """What updates.pending says in a mount namespace made by these parts of a script."""
    (folder / "home").mkdir()
    script = _COMMON + "".join(parts) + 'exec "$@"'
    ran = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh",
         sys.executable, "-m", "techdoctor", "probe", "updates.pending", "--json"],
        cwd=folder,
        env={**os.environ, "HOME": str(folder / "home"), "TECHDOCTOR_OFFLINE": "1", "ADVISORY": _ADVISORY},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ran.stdout.startswith("{"), ran.stderr
    fact: dict[str, Any] = json.loads(ran.stdout)["facts"]["updates.pending"]
    assert fact["status"] == "ok", fact
    return fact


@pytest.mark.parametrize(
    ("tools", "parts", "name", "security"),
    [
        (("dnf", "rpmbuild", "createrepo_c"), (_RPM, _DNF), "tdlab-rpm", 1),
        (("zypper", "rpmbuild", "createrepo_c"), (_RPM, _ZYPPER), "tdlab-rpm", None),
        (("pacman",), (_PACMAN,), "tdlab-arch", None),
    ],
    ids=["dnf", "zypper", "pacman"],
)
def test_one_update_waits(
    tmp_path: Path, tools: tuple[str, ...], parts: tuple[str, ...], name: str, security: int | None
) -> None:
    if not all(map(shutil.which, tools)):
        pytest.skip(f"needs {', '.join(tools)}")
    data = _probed(tmp_path, *parts)["data"]
    assert (data["manager"], data["count"], data["names"]) == (tools[0], 1, [name])
    assert data["security"] == security


@pytest.mark.parametrize("manager", ["dnf", "zypper", "pacman"])
def test_nothing_waits_when_the_newest_is_installed(tmp_path: Path, manager: str) -> None:
    if not shutil.which(manager) or not (manager == "pacman" or shutil.which("createrepo_c")):
        pytest.skip(f"needs {manager}")
    rpm = _RPM.replace("noarch/tdlab-rpm-1.0-", "noarch/tdlab-rpm-1.1-")
    arch = _PACMAN.replace("1.1-1", "1.0-1")
    parts = {"dnf": (rpm, _DNF), "zypper": (rpm, _ZYPPER), "pacman": (arch,)}[manager]
    assert _probed(tmp_path, *parts)["data"]["count"] == 0
