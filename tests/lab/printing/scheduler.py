"""A real cupsd with its own folders, socket and port: no root, no namespaces, up in a fraction of a second."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from techdoctor.system import command_environment

_CUPSD_CONF = """LogLevel info
Listen {folder}/cups.sock
Listen 127.0.0.1:{port}
Browsing No
WebInterface No
DefaultShared No
ErrorPolicy retry-job
JobRetryInterval 1
DirtyCleanInterval 0
<Location />
Order allow,deny
Allow all
</Location>
<Policy default>
JobPrivateAccess all
JobPrivateValues none
SubscriptionPrivateAccess all
SubscriptionPrivateValues none
<Limit All>
Order allow,deny
Allow all
</Limit>
</Policy>
"""
_FILES_CONF = """ServerRoot {folder}/root
StateDir {folder}/run
CacheDir {folder}/cache
RequestRoot {folder}/spool
TempDir {folder}/spool/temp
AccessLog {folder}/log/access_log
ErrorLog {folder}/log/error_log
PageLog {folder}/log/page_log
User {user}
Group {group}
SystemGroup {group}
FileDevice Yes
Sandboxing relaxed
"""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens at just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Scheduler:
    """One cupsd; a context manager that leaves nothing behind.

    Args:
        network: Name of the network namespace it runs in (needs root); empty for this one.

    Attributes:
        folder: Everything of it is in here.
        socket: Path of its Unix socket; CUPS_SERVER for its clients.
        env: The environment in which every CUPS program talks to it and to nobody else.
    """

    def __init__(self, network: str = "") -> None:
        self._network = network
        self.folder = Path(tempfile.mkdtemp(prefix="td-cups-"))
        self.socket = str(self.folder / "cups.sock")
        self.home = self.folder / "home"
        self.env = {
            **command_environment(),
            "CUPS_SERVER": self.socket,
            "HOME": str(self.home),
            "CUPS_SERVERROOT": str(self.folder / "client"),
            "TECHDOCTOR_OFFLINE": "1",
        }
        for name in ("LPDEST", "PRINTER", "IPP_PORT"):
            self.env.pop(name, None)
        self._process: subprocess.Popen[bytes] | None = None
        nobody = pwd.getpwnam("nobody")
        self._uid, self._gid = (os.getuid(), os.getgid()) if os.getuid() else (nobody.pw_uid, nobody.pw_gid)

    def __enter__(self) -> Scheduler:
        for part in ("root/ppd", "root/ssl", "cache/rss", "spool/temp", "run/certs", "log", "home", "client"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        names = {
            "folder": self.folder,
            "port": free_port(),
            "user": pwd.getpwuid(self._uid).pw_name,
            "group": grp.getgrgid(self._gid).gr_name,
        }
        (self.folder / "root/cupsd.conf").write_text(_CUPSD_CONF.format(**names))
        (self.folder / "root/cups-files.conf").write_text(_FILES_CONF.format(**names))
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, self._uid, self._gid)
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Starts cupsd and waits for its socket.

        Raises:
            RuntimeError: It did not come up; the message holds its log.
        """
        configuration = ["-c", str(self.folder / "root/cupsd.conf"), "-s", str(self.folder / "root/cups-files.conf")]
        inside = ["ip", "netns", "exec", self._network] if self._network else []
        # cupsd refuses to run its filters as root, so under root it runs as nobody.
        demoted = ["setpriv", f"--reuid={self._uid}", f"--regid={self._gid}", "--clear-groups"]
        argv = [*inside, *(demoted if os.getuid() == 0 else []), "cupsd", "-f", *configuration]
        with (self.folder / "cupsd.out").open("wb") as out:
            self._process = subprocess.Popen(argv, stdout=out, stderr=out, env=self.env)
        until = time.monotonic() + 10
        while not Path(self.socket).exists() or self.run("lpstat", "-r").stdout.find("is running") < 0:
            if self._process.poll() is not None or time.monotonic() > until:
                log = self.folder / "log/error_log"
                raise RuntimeError((self.folder / "cupsd.out").read_text() + (log.read_text() if log.exists() else ""))
            time.sleep(0.01)

    def stop(self, *, kill: bool = False) -> None:
        """Ends cupsd: cleanly (the socket goes) or by force (a stale socket stays)."""
        if self._process is not None and self._process.poll() is None:
            if kill:
                self._process.kill()
            else:
                self._process.terminate()
            self._process.wait(10)
        self._process = None

    def run(
        self, *argv: str, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Runs a CUPS program against this cupsd."""
        return subprocess.run(
            argv, env={**self.env, **(env or {})}, input=stdin, capture_output=True, text=True, timeout=30, check=False
        )

    def add_queue(self, name: str, uri: str, model: str = "everywhere") -> None:
        """Sets up a queue, as a person would, and waits for its driver."""
        made = self.run("lpadmin", "-p", name, "-E", "-v", uri, "-m", model)
        assert made.returncode == 0, made.stderr
        ppd, until = self.folder / f"root/ppd/{name}.ppd", time.monotonic() + 5
        while model == "everywhere" and not ppd.exists() and time.monotonic() < until:
            time.sleep(0.02)

    def add_default(self, name: str, uri: str, model: str = "everywhere") -> None:
        """Sets up a queue and makes it the default."""
        self.add_queue(name, uri, model)
        assert self.run("lpadmin", "-d", name).returncode == 0

    def submit(self, queue: str, text: str = "hello from the laboratory\n", *options: str) -> int:
        """Sends a job.

        Returns:
            Its number.
        """
        sent = self.run("lp", "-d", queue, *options, stdin=text)
        assert sent.returncode == 0, sent.stderr
        return int(sent.stdout.split("request id is ")[1].split()[0].rpartition("-")[2])

    def wait_for(self, words: str, *argv: str, seconds: float = 8.0) -> bool:
        """Waits until the output of a CUPS program holds `words`."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if words in self.run(*argv).stdout:
                return True
            time.sleep(0.05)
        return False
