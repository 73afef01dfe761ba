"""Looking a name up the way programs do, in a child that can be ended. CPython 3.9 syntax.

getaddrinfo cannot be given a deadline: with a dead name server it takes 10 s, with TCP 53 blocked
more than 60 s (cpython#112169), and a thread inside it holds up the end of the program.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Optional, Tuple

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import MISSING_TOOL

TIMEOUT = "timeout"
NO_NAME = "no_name"
NO_ADDRESS = "no_address"
TRY_AGAIN = "try_again"
FAILED = "failed"

# The child prints one JSON line. It imports as little as possible: it is started with -I -S.
_CHILD = """
import json, socket, sys, time
begun = time.monotonic()
found, error = [], ""
try:
    for entry in socket.getaddrinfo(sys.argv[1], None, 0, socket.SOCK_STREAM):
        if entry[4][0] not in found:
            found.append(entry[4][0])
except UnicodeError:
    error = "no_name"
except socket.gaierror as problem:
    names = {"EAI_NONAME": "no_name", "EAI_NODATA": "no_address", "EAI_AGAIN": "try_again"}
    error = next((word for name, word in names.items() if getattr(socket, name, None) == problem.errno), "failed")
except OSError:
    error = "failed"
print(json.dumps([found, error, (time.monotonic() - begun) * 1000]))
"""


@dataclass(frozen=True)
class SystemAnswer:
    """What the system said of a name.

    Attributes:
        addresses: Addresses, in the system's order.
        error: "" or one of the words above; "timeout" when it had not answered in time.
        ms: Milliseconds the system took; None when it did not answer.
    """

    addresses: Tuple[str, ...]
    error: str
    ms: Optional[float]


def look_up(name: str, wait_s: float) -> SystemAnswer:
    """Asks the system for the addresses of a name.

    Args:
        name: Host name; a final dot keeps the search list out of it.
        wait_s: Seconds after which the child is ended.

    Raises:
        CannotMeasure: No child could be started, or it died.
    """
    ran = system.run([sys.executable, "-I", "-S", "-c", _CHILD, name], wait_s, cap_bytes=1 << 16)
    if ran.status == "timeout":
        return SystemAnswer((), TIMEOUT, None)
    try:
        found, error, ms = json.loads(ran.out)
    except ValueError:
        raise CannotMeasure(MISSING_TOOL, "the lookup could not be started in a child of its own") from None
    return SystemAnswer(tuple(str(a) for a in found), str(error), float(ms))
