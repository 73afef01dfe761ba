"""What a probe is: its declaration, what it reads (raw sources) and what it makes of them.

A probe either parses text (`parsed`: raw sources per platform and a pure parser, which also serves
remote hosts, bundles and recorded cases) or measures in Python (`measured`). CPython 3.9 syntax.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import Callable, Dict, Mapping, Optional, Sequence, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED, MISSING_TOOL, NOT_APPLICABLE, TIMEOUT, Value

# How private a field's value is; a bundle redacts by it (issue: bundle).
PRIVATE_KINDS = ("", "host_name", "ip", "mac", "user", "path", "ssid", "serial", "text", "secret")
FIELD_TYPES = ("bool", "int", "float", "text", "list", "record")
PARAMETER_TYPES = ("text", "hostname", "int", "float", "bool", "path", "list")
# Units a field may have; `text.quantity` shows them.
UNITS = ("", "count", "ms", "s", "bytes", "bytes_per_s", "percent", "celsius", "dbm", "mbit_s", "per_s")

RUN_HERE = "run here"
UNDER_WINE = "exercised under Wine"
RECORDED = "recorded output only"
UNTRIED = "portable code, not run there"
UNSUPPORTED = "not supported"


@dataclass(frozen=True)
class Field:
    """One output field.

    Attributes:
        type: One of FIELD_TYPES.
        doc: What it says, one sentence.
        unit: One of UNITS.
        of: For a list: type of its elements ("text", "int", "float", "record").
        fields: For a record, or a list of records: the fields of the record.
        private: One of PRIVATE_KINDS.
    """

    type: str
    doc: str
    unit: str = ""
    of: str = ""
    fields: Mapping[str, Field] = field(default_factory=dict)
    private: str = ""


def boolean(doc: str) -> Field:
    return Field("bool", doc)


def integer(doc: str, unit: str = "") -> Field:
    return Field("int", doc, unit)


def number(doc: str, unit: str = "") -> Field:
    return Field("float", doc, unit)


def text(doc: str, private: str = "") -> Field:
    return Field("text", doc, private=private)


def texts(doc: str, private: str = "") -> Field:
    return Field("list", doc, of="text", private=private)


def records(doc: str, **fields: Field) -> Field:
    return Field("list", doc, of="record", fields=fields)


@dataclass(frozen=True)
class Parameter:
    """One declared parameter of a probe or action.

    Attributes:
        type: One of PARAMETER_TYPES.
        doc: What it means, one sentence.
        default: Value when it is not given; None together with `required` means it must be.
        choices: The only values allowed, when not empty.
        required: True when a call without it is an error.
    """

    type: str
    doc: str
    default: Value = None
    choices: Tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class Source:
    """One named raw source of a parsed probe: a file, a set of files or a command.

    Attributes:
        name: Key in the mapping that the parser gets.
        path: A file, or a pattern with `*` (then Raw.files holds path -> text, at most 512 files).
        argv: A command; path and argv exclude each other.
        timeout_s: Deadline of a command.
        cap_bytes: Most bytes read (for a pattern: of each file).
        at_s: Seconds after the probe's start at which to read: two sources on one path make a rate.
    """

    name: str
    path: str = ""
    argv: Tuple[str, ...] = ()
    timeout_s: float = 3.0
    cap_bytes: int = 1 << 20
    at_s: float = 0.0


@dataclass(frozen=True)
class Raw:
    """What a source gave.

    Attributes:
        status: "ok", "absent", "denied", "missing_tool" or "timeout". A command that ended by
            itself is "ok" whatever its exit code.
        text: File content or standard output (on a timeout: what had come by then).
        err: Standard error of a command.
        exit_code: Exit code of a command.
        files: Path to text, for a pattern.
        taken_s: Monotonic seconds when it was read; only differences mean something.
        truncated: True when the cap cut it.
    """

    status: str
    text: str = ""
    err: str = ""
    exit_code: Optional[int] = None
    files: Mapping[str, str] = field(default_factory=dict)
    taken_s: float = 0.0
    truncated: bool = False

    def need(self, what: str) -> str:
        """Returns the text.

        Args:
            what: What could not be read, in words, for the reason.

        Raises:
            CannotMeasure: The source gave nothing.
        """
        if self.status == "ok":
            return self.text
        status, reason = {
            "absent": (NOT_APPLICABLE, f"{what} is not there"),
            "denied": (DENIED, f"{what} may not be read (needs administrator rights)"),
            "missing_tool": (MISSING_TOOL, f"{what}: the tool is not installed"),
            "timeout": (TIMEOUT, f"{what} did not answer in time"),
        }[self.status]
        raise CannotMeasure(status, reason)


@dataclass(frozen=True)
class Reading:
    """What a probe found: values by field name, and reasons for fields it could not measure."""

    data: Mapping[str, Value]
    gaps: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ProbeSettings:
    """What a site may set for probes (see config show).

    Attributes:
        offline: True when nothing may be sent beyond this machine.
        targets: Probe targets by name, e.g. {"internet": [...]}; see probes/network/targets.py.
        known_printers: What is remembered of the printers behind queues: queue -> {"uuid", "model", "uri"}.
    """

    offline: bool = False
    targets: Mapping[str, Value] = field(default_factory=dict)
    known_printers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass
class Probing:
    """The surroundings of one running probe call.

    Attributes:
        params: Declared parameters with their values.
        platform: "linux", "macos" or "windows".
        deadline: Monotonic time at which the answer is no longer awaited.
        settings: What the site or user has set.
        cancelled: Set when nobody waits for the answer any more.
    """

    params: Mapping[str, Value]
    platform: str
    deadline: float
    settings: ProbeSettings = field(default_factory=ProbeSettings)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def left_s(self, most: float = 3600.0) -> float:
        """Seconds until the deadline, at least 0 and at most `most`."""
        return max(0.0, min(most, self.deadline - time.monotonic()))

    def text(self, name: str) -> str:
        """A parameter as text; empty when it is not set."""
        value = self.params.get(name)
        return "" if value is None else str(value)


Params = Mapping[str, Value]
Raws = Mapping[str, Raw]


@dataclass(frozen=True)
class Method:
    """How a probe measures on one platform: `sources` and `parse`, or `measure`.

    With both, `measure` serves this machine and the sources serve hosts without Python.

    Attributes:
        level: Support level: RUN_HERE, UNDER_WINE, RECORDED, UNTRIED or UNSUPPORTED.
        reason: For UNSUPPORTED: why, in words; else where the recordings come from, if any.
    """

    level: str
    sources: Optional[Callable[[Params], Sequence[Source]]] = None
    parse: Optional[Callable[[Raws, Params], Reading]] = None
    measure: Optional[Callable[[Probing], Reading]] = None
    reason: str = ""


def parsed(
    sources: Callable[[Params], Sequence[Source]],
    parse: Callable[[Raws, Params], Reading],
    level: str = RUN_HERE,
    reason: str = "",
) -> Method:
    return Method(level, sources=sources, parse=parse, reason=reason)


def measured(measure: Callable[[Probing], Reading], level: str = RUN_HERE, reason: str = "") -> Method:
    return Method(level, measure=measure, reason=reason)


def under_wine(method: Method) -> Method:
    """A method that was seen at work in a Windows Python under Wine (make windows-check)."""
    return replace(method, level=UNDER_WINE, reason="run by a Windows Python under Wine, which is not Windows")


def unsupported(reason: str) -> Method:
    return Method(UNSUPPORTED, reason=reason)


@dataclass(frozen=True)
class Probe:
    """The declaration of a probe.

    Attributes:
        name: Dotted lower case, e.g. "dns.lookup"; never renamed.
        title: Two or three plain words for the row on screen, e.g. "Name lookup (DNS)".
        doc: What it measures, for a technician; with `Source:` of anything that is a threshold.
        fields: Output fields.
        methods: Platform to method; every one of PLATFORMS is present.
        parameters: Declared parameters.
        timeout_s: Default deadline in seconds.
        needs: "" or what it needs for a full answer: "admin".
        cost: "cheap" starts at once; "slow" starts when a node needs it.
        alone: True when no other network probe may run at the same time.
        network: True when it uses the network (an `alone` probe waits for these).
        routine: False for what a check-up leaves out because it takes longer than all of a check-up
            together; `alone` probes are left out anyway.
        settled_by: Files and folders that alone decide what it says (Linux): while none of them changed, a
            check-up may use what the last one measured.
        reach: "none" sends no packet beyond this machine; "beyond" does, so it is skipped
            offline; "decides" looks at settings.offline itself.
        summary: Turns good data into a short line for the row; optional.
    """

    name: str
    title: str
    doc: str
    fields: Mapping[str, Field]
    methods: Mapping[str, Method]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    timeout_s: float = 5.0
    needs: str = ""
    cost: str = "cheap"
    alone: bool = False
    network: bool = False
    routine: bool = True
    settled_by: Tuple[str, ...] = ()
    reach: str = "none"
    summary: Optional[Callable[[Mapping[str, Value]], str]] = None


def everywhere(method: Method) -> Dict[str, Method]:
    """The same method on every platform."""
    return {"linux": method, "macos": method, "windows": method}


def portable(measure: Callable[[Probing], Reading]) -> Dict[str, Method]:
    """The same Python measurement on every platform, run on Linux, not tried on the others."""
    elsewhere = measured(measure, UNTRIED, "sockets and psutil only, documented as portable")
    return {"linux": measured(measure), "macos": elsewhere, "windows": elsewhere}
