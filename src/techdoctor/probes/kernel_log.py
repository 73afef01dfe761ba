"""The kernel's log, with seconds since boot in front of each line. CPython 3.9 syntax."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from techdoctor import system
from techdoctor.model import MISSING_TOOL

TIME = re.compile(r"^\s*(?:<\d+>)?\[\s*(\d+\.\d+)\]")
_CAP_BYTES = 8 << 20


def read(timeout_s: float) -> Tuple[Optional[str], str]:
    """The log of this boot, or None and why it cannot be seen: an empty log is never taken for "no errors".

    Args:
        timeout_s: Deadline of each of the two ways to it.
    """
    ran = system.run(["dmesg"], timeout_s, _CAP_BYTES)
    if ran.out and (ran.worked or ran.truncated):
        return ran.out, ""
    # The journal's readers (groups adm, systemd-journal) may see what dmesg_restrict keeps from them.
    argv = ["journalctl", "-k", "-b", "-o", "short-monotonic", "--no-pager", "-q", "-n", "20000"]
    journal = system.run(argv, timeout_s, _CAP_BYTES)
    if journal.worked and TIME.search(journal.out):
        return journal.out, ""
    if ran.status == MISSING_TOOL:
        return None, "the program dmesg is not installed"
    return None, "the kernel's log may not be read (needs administrator rights)"
