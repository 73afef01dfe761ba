"""A real systemd, booted in seconds over a throw-away overlay of this machine: every write is lost at its end.

Units, timers, journal, apt, dpkg, cron, ssh, accounts and locales in there are real and may be broken freely. It has
process, mount, network and host name spaces of its own; from its network nothing can leave.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.lab.host.breakage import Outcome

REPOSITORY = Path(__file__).parents[3]
HOME = "/home/ann"
_READY_S = 120.0
# What starts in there beside systemd's own services; whatever else this machine starts is left out.
_KEPT = ("apt-daily.timer", "apt-daily-upgrade.timer", "cron.service", "dbus.service", "dbus.socket", "ssh.service")
# PackageKit looks at the packages whenever apt has worked.
_MASKED = ("tmp.mount", "console-getty.service", "getty.target", "packagekit.service")


class Booted:
    """A machine with a systemd of its own.

    Args:
        leader: Its first process, as this machine numbers it.
        root: Its root, as this machine sees it.
    """

    def __init__(self, leader: int, root: Path) -> None:
        self.leader, self.root = leader, root
        self._inside = ("nsenter", "-t", str(leader), "-a", "--")

    def run(self, *argv: str, timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Runs a command in there as root."""
        clean = ("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C", "TERM=dumb")
        return subprocess.run(
            [*self._inside, *clean, *argv],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def sh(self, script: str) -> str:
        """Runs a shell script in there as root; a failing command fails the test."""
        ran = self.run("sh", "-ec", script)
        assert ran.returncode == 0, f"{script}\n{ran.stdout}{ran.stderr}"
        return ran.stdout.strip()

    def holds(self, script: str) -> bool:
        """True when a shell script in there ends well."""
        return self.run("sh", "-ec", script).returncode == 0

    def wait_for(self, script: str, seconds: float = 20.0) -> None:
        until = time.monotonic() + seconds
        while not self.holds(script):
            assert time.monotonic() < until, f"did not come about: {script}"
            time.sleep(0.1)

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Writes a file in there; the text may be indented."""
        inside = self.root / path.lstrip("/")
        inside.parent.mkdir(parents=True, exist_ok=True)
        inside.write_text(textwrap.dedent(text).lstrip("\n"))
        inside.chmod(mode)

    def unit(self, name: str, text: str, folder: str = "/etc/systemd/system") -> None:
        """Writes a unit and lets systemd read it."""
        self.write(f"{folder}/{name}", text)
        self.sh("systemctl daemon-reload")

    def start(self, *argv: str) -> subprocess.Popen[bytes]:
        """Starts a process in there that is left running; the caller ends it."""
        return subprocess.Popen([*self._inside, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def techdoctor(self, *argv: str, user: str = "", env: Mapping[str, str] | None = None) -> tuple[int, str, float]:
        """Runs the command line in there, offline, as root or as a user with no rights.

        Returns:
            Exit code, standard output, seconds.
        """
        home = HOME if user else "/root"
        lines = {"HOME": home, "XDG_STATE_HOME": f"{home}/.td-state", "XDG_CONFIG_HOME": f"{home}/.td-config"}
        lines |= {"PATH": "/usr/bin:/bin", "TECHDOCTOR_OFFLINE": "1", **(env or {})}
        settings = [f"{key}={value}" for key, value in lines.items()]
        rights = ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups") if user else ()
        begun = time.monotonic()
        program = (sys.executable, "-m", "techdoctor", *argv)
        ran = subprocess.run(
            [*self._inside, *rights, "env", "-i", *settings, *program],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.stdout.startswith("{"), f"exit {ran.returncode}: {ran.stdout[:500]}{ran.stderr[-2000:]}"
        return ran.returncode, ran.stdout, time.monotonic() - begun

    def python(self, code: str, *arguments: str) -> str:
        """Runs Python code in there as root, with techdoctor to import; a failure fails the test."""
        ran = self.run(sys.executable, "-c", code, *arguments)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout.strip()

    def diagnose(
        self, words: str, *options: str, user: str = "", env: Mapping[str, str] | None = None, yes: tuple[str, ...] = ()
    ) -> Outcome:
        """Asks about a complaint; the fixes named in `yes` are consented to."""
        if yes:
            self.write("/root/answers.yaml", "".join(f"{fix}: 'yes'\n" for fix in yes))
            options = (*options, "--answers", "/root/answers.yaml")
        code, out, seconds = self.techdoctor(
            "diagnose", *words.split(), "--batch", "--json", *options, user=user, env=env
        )
        return Outcome(code, json.loads(out), seconds, "")


@functools.cache
def shared() -> Booted:
    """The one machine of this run of the tests, with packages to update; ended with the run."""
    stack = ExitStack()
    machine = stack.enter_context(booted())
    atexit.register(stack.close)
    machine.write("/root/package", _PACKAGE, 0o755)
    machine.write("/root/publish", _PUBLISH, 0o755)
    try:
        machine.sh("for name in tool safe; do /root/package $name 1.0 /srv/packages/stable; done; /root/publish")
        machine.sh("apt-get install -y tool safe 2>&1")
    except AssertionError:
        stack.close()
        raise
    return machine


# package NAME VERSION FOLDER [POSTINST] [FIELD]: builds a package with nothing in it.
_PACKAGE = r"""
    #!/bin/sh
    set -e
    work=$(mktemp -d)
    mkdir -p "$work/DEBIAN" "$3"
    printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: lab <lab@example.com>\nDescription: lab\n' \
        "$1" "$2" > "$work/DEBIAN/control"
    [ -z "$5" ] || printf '%s\n' "$5" >> "$work/DEBIAN/control"
    if [ -n "$4" ]; then
        printf '#!/bin/sh\n%s\n' "$4" > "$work/DEBIAN/postinst"
        chmod 755 "$work/DEBIAN/postinst"
    fi
    dpkg-deb --root-owner-group -b "$work" "$3/$1_$2_all.deb" >/dev/null
    rm -r "$work"
"""
# Makes the folders of packages a source of apt, one of them for security, and fetches its lists.
_PUBLISH = r"""
    #!/bin/sh
    set -e
    cd /srv/packages
    : > /etc/apt/sources.list
    for suite in stable stable-security; do
        mkdir -p $suite
        dpkg-scanpackages -m $suite > $suite/Packages 2>/dev/null
        sum=$(sha256sum < $suite/Packages | cut -d' ' -f1)
        size=$(stat -c %s $suite/Packages)
        printf 'Suite: %s\nArchitectures: all\nSHA256:\n %s %s Packages\n' $suite $sum $size > $suite/Release
        echo "deb [trusted=yes] file:/srv/packages $suite/" >> /etc/apt/sources.list
    done
    apt-get update -qq
"""


@contextmanager
def booted(prepare: Callable[[Path], None] | None = None) -> Iterator[Booted]:
    """Boots it; skips with the reason where that is impossible.

    Args:
        prepare: Called with its root before it starts.
    """
    if os.geteuid() != 0 or not shutil.which("systemd-nspawn") or not Path("/sys/fs/cgroup").exists():
        pytest.skip("needs root, systemd-nspawn (package systemd-container) and control groups")
    place = Path(tempfile.mkdtemp(prefix="techdoctor-booted-", dir="/dev/shm"))
    console = place / "console"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2g", "techdoctor-lab", str(place)], check=False)
    if mounted.returncode != 0:
        place.rmdir()
        pytest.skip("may not mount anything here")
    try:
        root = _overlay(place)
        _prepare(root)
        if prepare is not None:
            prepare(root)
        groups = _groups(place.name)
        with console.open("wb") as log:
            outer = subprocess.Popen(
                [
                    *_into(groups),
                    *("systemd-nspawn", "-q", "-D", str(root), "--register=no", "--keep-unit", "--private-network"),
                    *("-M", place.name[-24:].replace("_", "x"), "--console=pipe", "-b"),
                    # Read live: what changes below an overlay is not seen reliably.
                    *(f"--bind-ro={folder}" for folder in {str(REPOSITORY), sys.prefix}),
                ],
                env={**os.environ, "SYSTEMD_NSPAWN_TMPFS_TMP": "0"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield Booted(_leader(outer, console), root)
        finally:
            _power_off(outer, groups)
    finally:
        subprocess.run(["umount", "-l", str(place / "root")], check=False)
        subprocess.run(["umount", "-l", str(place)], check=False)
        place.rmdir()


def _overlay(place: Path) -> Path:
    for name in ("upper", "work", "root"):
        (place / name).mkdir()
    layers = f"lowerdir=/,upperdir={place}/upper,workdir={place}/work"
    ran = subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, str(place / "root")], check=False)
    if ran.returncode != 0:
        subprocess.run(["umount", "-l", str(place)], check=False)
        place.rmdir()
        pytest.skip("no overlay file system over this root")
    return place / "root"


def _prepare(root: Path) -> None:
    """Leaves only what a plain server starts, a package source of its own, and one ordinary user."""
    units = root / "etc/systemd/system"
    (root / "etc/fstab").write_text("")
    for wants in units.glob("*.wants"):
        for link in wants.iterdir():
            if link.name not in _KEPT:
                link.unlink()
    native = {path.stem for folder in ("lib", "usr/lib") for path in (root / folder / "systemd/system").glob("*")}
    for script in (root / "etc/init.d").glob("*"):
        if script.name not in native:
            _mask(units / f"{script.name}.service")
    for name in _MASKED:
        _mask(units / name)
    target = units / "default.target"
    target.unlink(missing_ok=True)
    target.symlink_to("/lib/systemd/system/multi-user.target")
    for file in [root / "etc/apt/sources.list", *(root / "etc/apt/sources.list.d").glob("*")]:
        file.unlink(missing_ok=True)
    shutil.rmtree(root / "var/lib/apt/lists", ignore_errors=True)
    if (root / "var/lib/dpkg/status").exists():
        _finish_packages(root / "var/lib/dpkg/status")
    (root / "var/lib/apt/lists/partial").mkdir(parents=True)
    (root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)
    (root / "var/log/journal").mkdir(parents=True, exist_ok=True)
    (root / "root").chmod(0o755)  # the Python of a laboratory often lies there
    with (root / "etc/passwd").open("a") as stream:
        stream.write(f"ann:x:1500:1500:Ann:{HOME}:/bin/bash\n")
    with (root / "etc/group").open("a") as stream:
        stream.write("ann:x:1500:\n")
    with (root / "etc/shadow").open("a") as stream:
        stream.write("ann:$y$j9T$abcdefghijklmnop$abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq:20000:0:99999:7:::\n")
    home = root / HOME.lstrip("/")
    home.mkdir(parents=True, mode=0o700)
    os.chown(home, 1500, 1500)


def _finish_packages(status: Path) -> None:
    """What an installation has just left half done on this machine is not the laboratory's fault."""
    blocks = status.read_text().split("\n\n")
    for number, block in enumerate(blocks):
        rows = block.splitlines()
        states = [row.split()[-1] for row in rows if row.startswith("Status:")]
        if states and states[0] not in ("installed", "config-files", "not-installed"):
            kept = [row for row in rows if not row.startswith(("Config-Version:", "Triggers-"))]
            blocks[number] = "\n".join("Status: install ok installed" if r.startswith("Status:") else r for r in kept)
    status.write_text("\n\n".join(blocks))


def _mask(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/null")


def _leader(outer: subprocess.Popen[bytes], console: Path) -> int:
    """Waits until systemd has started everything."""
    children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
    until = time.monotonic() + _READY_S
    state = "no systemd"
    while time.monotonic() < until:
        if outer.poll() is not None:
            pytest.skip(f"systemd-nspawn does not run here: {console.read_text(errors='replace').strip()[-300:]}")
        for word in children.read_text().split():
            if Path(f"/proc/{word}/comm").read_text().strip() != "systemd":
                continue
            asked = ["nsenter", "-t", word, "-a", "systemctl", "is-system-running"]
            state = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
            if state in ("running", "degraded"):
                return int(word)
        time.sleep(0.05)
    raise AssertionError(f"systemd did not come up: {state}")


def _groups(name: str) -> list[Path]:
    """Control groups of its own: two systemds in one would end each other's services."""
    top = Path("/sys/fs/cgroup")
    trees = [top] if (top / "cgroup.controllers").exists() else [top / "systemd", top / "unified"]
    made = [tree / name for tree in trees if tree.is_dir()]
    for folder in made:
        folder.mkdir()
    return made


def _into(groups: list[Path]) -> list[str]:
    joins = "".join(f"echo 0 > {folder}/cgroup.procs; " for folder in groups)
    return ["sh", "-ec", f'{joins}exec "$@"', "sh"]


def _power_off(outer: subprocess.Popen[bytes], groups: list[Path]) -> None:
    """Kills it: there is nothing in it that is worth a tidy end."""
    for word in Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split():
        os.kill(int(word), signal.SIGKILL)
    try:
        outer.wait(10)
    except subprocess.TimeoutExpired:
        outer.kill()
        outer.wait(10)
    for group in groups:
        for folder in sorted(group.rglob("*/"), key=lambda path: -len(path.parts)):
            folder.rmdir()
        group.rmdir()
