"""Changing how a print queue is set up: its address, or the whole queue anew without a driver. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Tuple

from techdoctor import system
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.actions.printing import may_manage, subject_of
from techdoctor.errors import CannotMeasure
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter, Probing
from techdoctor.probes.network.bounded_http import exchange
from techdoctor.probes.network.bounded_socket import ExchangeFailed
from techdoctor.probes.printing.cups_queues import PrintService, chosen_existing
from techdoctor.probes.printing.cups_server import chosen_server
from techdoctor.probes.printing.printer_uri import read_device_uri
from techdoctor.text import clean_line

_ANSWER_S = 10.0
# A driverless queue asks the printer for what it can do; CUPS does so after lpadmin has ended.
_DRIVER_WITHIN_S = 8.0
_MOST_PPD = 1 << 19
# Characters of a URI (RFC 3986, section 2); nothing that a command could take for an option or a second word.
_URI = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")


@dataclass(frozen=True)
class Setting:
    """How a queue is set up now.

    Attributes:
        name: Of the queue.
        uri: Its device URI.
        words: Its description and place, as options of lpadmin.
        is_default: It is the server's default.
        waiting: Jobs that are not finished.
        driver: Its printer description (PPD); empty when it has none.
    """

    name: str
    uri: str
    words: Tuple[str, ...]
    is_default: bool
    waiting: int
    driver: str


def read_setting(acting: Acting, queue: str) -> Setting:
    """Reads how a queue is set up.

    Raises:
        CannotMeasure: There is no such queue, or the print service gives no answer.
    """
    probing = Probing({"printer": queue}, acting.platform, time.monotonic() + _ANSWER_S)
    service, name, group = chosen_existing(probing)
    words: List[str] = []
    for option, attribute in (("-D", "printer-info"), ("-L", "printer-location")):
        if group.text(attribute):
            words += [option, clean_line(group.text(attribute))]
    default = service.default({name: group})
    waiting = group.number("queued-job-count") or 0
    return Setting(
        name, group.text("device-uri"), tuple(words), default.server == name, waiting, _driver(service, name)
    )


def _driver(service: PrintService, queue: str) -> str:
    target = service.target(queue)
    until = time.monotonic() + _ANSWER_S
    try:
        answer = exchange(target.endpoint, f"{target.path}.ppd", b"", headers={}, deadline=until, method="GET")
    except ExchangeFailed:
        return ""
    fits = answer.status == 200 and len(answer.body) <= _MOST_PPD
    return answer.body.decode("utf-8", "replace") if fits else ""


def lpadmin(acting: Acting, *arguments: str) -> Tuple[str, ...]:
    """The command that changes queues; empty when it is not installed."""
    if not shutil.which("lpadmin", path=system.command_environment().get("PATH")):
        return ()
    server = chosen_server(acting.platform, os.environ)
    argv = ("lpadmin", *(("-h", server.shown) if server.setting else ()), *arguments)
    return argv if may_manage(server) else acting.elevated(argv)


def _asked(acting: Acting) -> Tuple[Optional[Setting], str, str]:
    """The queue, the address it should have, and what is wrong with either."""
    queue, problem = subject_of(acting)
    if problem:
        return None, "", problem
    if not lpadmin(acting):
        return None, "", "the program lpadmin is not installed"
    try:
        setting = read_setting(acting, queue)
    except CannotMeasure as error:
        return None, "", error.reason
    uri = acting.text("uri") or setting.uri
    if not is_network_address(uri):
        return None, "", f"'{clean_line(uri)}' is not the address of a network printer"
    return setting, uri, ""


def is_network_address(uri: str) -> bool:
    """Whether a text is the device URI of a network printer and nothing else."""
    return bool(_URI.fullmatch(uri)) and read_device_uri(uri).kind in ("ipp", "network", "dnssd")


def needs_rights(acting: Acting) -> bool:
    """Whether queues can only be changed by an administrator."""
    return not may_manage(chosen_server(acting.platform, os.environ))


def _preview_address(acting: Acting) -> ActionPreview:
    setting, uri, problem = _asked(acting)
    title = "Change the address of a printer"
    if setting is None:
        return ActionPreview(title, problem=problem)
    command = lpadmin(acting, "-p", setting.name, "-v", uri)
    return ActionPreview(f"{title}: {setting.name}", (shown(command),), needs_rights(acting), "The old address is set.")


def _apply_address(acting: Acting) -> ActionOutcome:
    setting, uri, problem = _asked(acting)
    if setting is None:
        return ActionOutcome(False, problem)
    token: Dict[str, Value] = {"printer": setting.name, "uri": setting.uri}
    done = f"{setting.name} now prints to {clean_line(uri)}"
    return outcome_of(acting.run(lpadmin(acting, "-p", setting.name, "-v", uri)), done, token)


def _undo_address(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    queue, uri = str(token["printer"]), str(token["uri"])
    return outcome_of(acting.run(lpadmin(acting, "-p", queue, "-v", uri)), f"{queue} has its old address again")


def _steps(acting: Acting, setting: Setting, uri: str, driver: Tuple[str, str]) -> List[Tuple[str, ...]]:
    """The commands that delete a queue and make it anew with another driver."""
    made = lpadmin(acting, "-p", setting.name, "-E", "-v", uri, *setting.words, *driver)
    default = [lpadmin(acting, "-d", setting.name)] if setting.is_default else []
    return [lpadmin(acting, "-x", setting.name), made, *default]


def _preview_again(acting: Acting) -> ActionPreview:
    setting, uri, problem = _asked(acting)
    title = "Set a printer up again without a driver of its own (IPP Everywhere)"
    if setting is None:
        return ActionPreview(title, problem=problem)
    lost = f" ({setting.waiting} waiting jobs are lost)" if setting.waiting else ""
    commands = tuple(shown(argv) for argv in _steps(acting, setting, uri, ("-m", "everywhere")))
    undo = "The queue is made as it was, with its old driver file."
    return ActionPreview(f"{title}: {setting.name}{lost}", commands, needs_rights(acting), undo)


def _apply_again(acting: Acting) -> ActionOutcome:
    setting, uri, problem = _asked(acting)
    if setting is None:
        return ActionOutcome(False, problem)
    token: Dict[str, Value] = {
        "printer": setting.name,
        "uri": setting.uri,
        "words": list(setting.words),
        "is_default": setting.is_default,
        "driver": setting.driver,
    }
    for argv in _steps(acting, setting, uri, ("-m", "everywhere")):
        outcome = outcome_of(acting.run(argv), "")
        if not outcome.ok:
            _undo_again(acting, token)
            return ActionOutcome(False, f"{outcome.text}; the queue is as it was, without its jobs")
    if not has_driver_soon(acting, setting.name):
        _undo_again(acting, token)
        return ActionOutcome(False, "the printer did not say what it can do; the queue is as it was, without its jobs")
    return ActionOutcome(True, f"{setting.name} is set up again, without a driver of its own", token)


def has_driver_soon(acting: Acting, queue: str) -> bool:
    """Whether CUPS gets a printer description within some seconds.

    Lpadmin ends well for dead printers too; only the printer description tells (CUPS 2.4).
    """
    service = PrintService(Probing({}, acting.platform, time.monotonic() + _DRIVER_WITHIN_S + _ANSWER_S))
    until = time.monotonic() + _DRIVER_WITHIN_S
    while time.monotonic() < until:
        if _driver(service, queue):
            return True
        time.sleep(0.1)
    return False


def _undo_again(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    words = token["words"] if isinstance(token["words"], list) else []
    name, driver = str(token["printer"]), str(token["driver"])
    setting = Setting(name, str(token["uri"]), tuple(map(str, words)), bool(token["is_default"]), 0, driver)
    with tempfile.NamedTemporaryFile("w", suffix=".ppd", encoding="utf-8") as stream:
        stream.write(driver)
        stream.flush()
        choice = ("-P", stream.name) if driver else ("-m", "raw")
        acting.run(lpadmin(acting, "-x", name))
        for argv in _steps(acting, setting, setting.uri, choice)[1:]:
            outcome = outcome_of(acting.run(argv), f"{name} is set up as it was")
            if not outcome.ok:
                return outcome
    return ActionOutcome(True, f"{name} is set up as it was")


_PARAMETERS = {
    "printer": Parameter("text", "Name of the printer queue.", required=True),
    "uri": Parameter("text", "The address it should have; default: the one it has.", ""),
}
_TOUCHES = ("cups.*", "printer.*", "print.*")
ACTIONS = (
    Action(
        name="print.set_address",
        title="Change the address of a printer",
        doc="lpadmin -p QUEUE -v URI; options and driver of the queue stay as they are (lpadmin(8)).",
        preview=_preview_address,
        apply=_apply_address,
        parameters=_PARAMETERS,
        touches=_TOUCHES,
        undo_name="print.restore_address",
        undo=_undo_address,
        platforms=("linux", "macos"),
    ),
    Action(
        name="print.set_up_again",
        title="Set a printer up again without a driver of its own",
        doc="lpadmin -x, then lpadmin -m everywhere with the same address, description and place; asking CUPS for a "
        "new driver without deleting the queue first does not mend a broken one (CUPS 2.4). Waiting jobs are lost.",
        preview=_preview_again,
        apply=_apply_again,
        parameters=_PARAMETERS,
        touches=_TOUCHES,
        undo_name="print.restore_queue",
        undo=_undo_again,
        platforms=("linux", "macos"),
        least_risk="medium",
    ),
)
