from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from techdoctor.probes.updates import package_lock, package_state
from techdoctor.probes.updates.package_lock import Lock

STATUS = """Package: bad
Status: install ok half-configured
Architecture: all
Depends: libc6 (>= 2.3), python3:any | python2

Package: libc6
Status: install ok installed

Package: python3
Status: hold ok installed
Depends: libnowhere3 (>= 1) | other
Provides: python2 (= 2)

Package: gone
Status: deinstall ok config-files
"""


def test_unfinished_held_and_missing() -> None:
    data = package_state.reading(list(package_state.parse_status(STATUS)), False, "").data
    assert (data["broken_count"], data["first_broken"]) == (1, "bad (half-configured)")
    assert (data["held"], data["held_count"]) == (["python3"], 1)
    assert (data["missing"], data["missing_count"]) == (["python3 needs libnowhere3"], 1)


def test_log_tells_what_the_set_up_said() -> None:
    log = "Setting up bad ...\nno licence server\ndpkg: error processing package bad (--configure):\n exit status 7\n"
    assert "no licence server" in package_state.why_it_failed(log, "bad")
    assert package_state.why_it_failed(log, "other") == ""


_HOLD = (
    "import fcntl, sys\nf = open(sys.argv[1], 'w')\nfcntl.{how}(f, fcntl.LOCK_EX)\nprint(flush=True)\nsys.stdin.read()"
)


def _held(path: Path, how: str) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-c", _HOLD.replace("{how}", how), str(path)]
    holder = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    return holder


def test_lock_by_fcntl_is_seen_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with _held(path, "lockf") as holder:
        assert package_lock.kernel_lock(str(path), "") == Lock(str(path), holder.pid)
        data = package_lock.reading([Lock(str(path), holder.pid)], 2e9).data
        assert (data["locked"], data["pid"]) == (True, holder.pid)
        holder.communicate()
    assert package_lock.kernel_lock(str(path), "") is None


def test_lock_by_flock_keeps_no_package_manager_out(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with _held(path, "flock") as holder:
        assert package_lock.kernel_lock(str(path), "") is None
        holder.communicate()


def test_table_of_locks_serves_ordinary_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock"
    path.touch()
    table = (
        f"1: POSIX  ADVISORY  WRITE 153 fe:00:{path.stat().st_ino} 0 EOF\n2: FLOCK  ADVISORY  WRITE 9 fe:00:1 0 EOF\n"
    )

    def refused(*_: object) -> int:
        raise PermissionError

    monkeypatch.setattr("techdoctor.probes.updates.package_lock.os.open", refused)
    assert package_lock.kernel_lock(str(path), table) == Lock(str(path), 153)
    assert package_lock.kernel_lock(str(path), table.replace("POSIX", "FLOCK")) is None


def test_lock_left_behind_and_lock_of_a_container(tmp_path: Path) -> None:
    mark = tmp_path / "db.lck"
    assert package_lock.mark(str(mark), ("no such program",)) is None
    mark.touch()
    assert package_lock.mark(str(mark), ("no such program",)) == Lock(str(mark), 0)
    stale = package_lock.reading([Lock(str(mark), 0)], 0.0).data
    assert (stale["locked"], stale["stale"]) == (False, True)
    elsewhere = package_lock.reading([Lock(package_lock.KERNEL_LOCKS[0], 0)], 0.0)
    assert elsewhere.data["locked"] is True
    assert "container" in elsewhere.gaps["process"]


def test_process_id_file(tmp_path: Path) -> None:
    path = tmp_path / "zypp.pid"
    path.write_text("999999999\n")
    assert package_lock.pid_file(str(path)) == Lock(str(path), 0)
    path.write_text("")  # what zypper leaves when it ends well
    assert package_lock.pid_file(str(path)) is None
    assert fcntl.LOCK_EX  # the tests above need Linux' locks
