"""Changing which scanners programs find: a driver switched on, a scanner entered by its address. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
from typing import Callable, Mapping, Tuple

from techdoctor import system
from techdoctor.actions import text_file
from techdoctor.actions.base import Acting, Action
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter
from techdoctor.probes.scanning.escl import read_address
from techdoctor.probes.scanning.sane_setup import folders, lines_of
from techdoctor.text import clean_line

_BACKEND = "airscan"
# path, text before, text after, what is wrong
Change = Tuple[str, str, str, str]


def with_backend(dll_conf: str) -> str:
    """A dll.conf that has the driverless backend, uncommented where it stood as a comment."""
    if _BACKEND in lines_of(dll_conf):
        return dll_conf
    uncommented = re.sub(rf"^[ \t]*#[ \t]*{_BACKEND}[ \t]*$", _BACKEND, dll_conf, count=1, flags=re.MULTILINE)
    if uncommented != dll_conf:
        return uncommented
    return f"{dll_conf.rstrip()}\n{_BACKEND}\n" if dll_conf.strip() else f"{_BACKEND}\n"


def with_device(airscan_conf: str, name: str, url: str) -> str:
    """An airscan.conf with a scanner under [devices]."""
    line = f'"{name}" = {url}, eSCL'
    heading = re.search(r"^\[devices\][ \t]*$", airscan_conf, re.MULTILINE)
    if heading:
        return f"{airscan_conf[: heading.end()]}\n{line}{airscan_conf[heading.end() :]}"
    return f"{airscan_conf.rstrip()}\n\n[devices]\n{line}\n".lstrip("\n")


def _backend_change(acting: Acting) -> Change:
    del acting
    path = os.path.join(folders(os.environ)[0], "dll.conf")
    before, problem = text_file.content_of(path)
    return path, before, with_backend(before), problem


def _device_change(acting: Acting) -> Change:
    path = os.path.join(folders(os.environ)[0], "airscan.conf")
    address = read_address(acting.text("url"))
    if not address.host or not re.fullmatch(r"[\w.:/\[\]-]{3,200}", address.url):
        return path, "", "", f"'{clean_line(acting.text('url'))}' is not the address of a scanner"
    before, problem = text_file.content_of(path)
    return path, before, with_device(before, f"Scanner at {address.host}", address.url), problem


def _preview(title: str, change: Callable[[Acting], Change]) -> Callable[[Acting], ActionPreview]:
    def preview(acting: Acting) -> ActionPreview:
        path, before, after, problem = change(acting)
        if problem:
            return ActionPreview(title, problem=problem)
        needs = not (system.is_admin() or os.access(path if os.path.exists(path) else os.path.dirname(path), os.W_OK))
        return ActionPreview(title, text_file.shown_change(path, before, after), needs, "The file is put back.")

    return preview


def _apply(done: str, change: Callable[[Acting], Change]) -> Callable[[Acting], ActionOutcome]:
    def apply(acting: Acting) -> ActionOutcome:
        path, before, after, problem = change(acting)
        if problem:
            return ActionOutcome(False, problem)
        if after == before:
            return ActionOutcome(True, "nothing had to be changed")
        return text_file.replace(acting, path, before, after, done)

    return apply


def _undo(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    return text_file.restore(acting, token, "the file is as it was")


_ENABLE, _ADD = "Switch the driver for driverless scanners on", "Enter the scanner by its address"
ACTIONS = (
    Action(
        name="scan.add_by_address",
        title=_ADD,
        doc="A line under [devices] of airscan.conf (sane-airscan(5)): for networks where scanners are not announced.",
        preview=_preview(_ADD, _device_change),
        apply=_apply("the scanner is entered by its address", _device_change),
        parameters={"url": Parameter("text", "Address of its eSCL service, as scan.device gives it.", required=True)},
        touches=("scan.*",),
        undo_name="scan.restore_settings",
        undo=_undo,
        platforms=("linux",),
    ),
    Action(
        name="scan.enable_backend",
        title=_ENABLE,
        doc="The line airscan in dll.conf (sane-dll(5)).",
        preview=_preview(_ENABLE, _backend_change),
        apply=_apply("the driver is switched on", _backend_change),
        touches=("scan.*",),
        undo_name="scan.restore_backends",
        undo=_undo,
        platforms=("linux",),
    ),
)
