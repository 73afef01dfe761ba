"""Taking a proxy setting out of the session: files that set variables, GNOME, KDE, the Windows registry.

What another program holds in its own environment cannot be changed from here: the exact command is shown, and the
variables are left out of this program's own measurements from then on. CPython 3.9 syntax.
"""

from __future__ import annotations

import os
import re
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor.actions import text_file
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter
from techdoctor.probes.network import proxy_settings
from techdoctor.probes.network.proxy_setting import Setting, setting_of
from techdoctor.probes.network.proxy_settings import ENVIRONMENT, GNOME, KDE, VARIABLES

_TITLE = "Take the proxy out"
# In front of a line that was taken out; the undo takes it away again, so no password is kept anywhere else.
_MARK = "#techdoctor-took-out "
_GNOME_MODE = (proxy_settings.GNOME_SCHEMA, "mode")
_INTERNET_SETTINGS = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings"


def _settings(acting: Acting) -> List[Setting]:
    """The settings that name the wanted proxy; all when none is given."""
    wanted = acting.text("host")
    everything = proxy_settings.everything(acting.platform)
    return [setting for setting in everything if not wanted or wanted in (setting.host, setting.shown_script)]


def _variables(settings: Sequence[Setting]) -> List[str]:
    hosts = {setting.host for setting in settings if setting.source == ENVIRONMENT}
    named = ((name, setting_of(ENVIRONMENT, os.environ.get(name, ""))) for name in VARIABLES)
    return [name for name, setting in named if setting is not None and setting.host in hosts]


def _lines(settings: Sequence[Setting]) -> Dict[str, List[int]]:
    """Path to the numbers of the lines that set it."""
    found: Dict[str, List[int]] = {}
    for setting in settings:
        for line in proxy_settings.lines_that_set(setting):
            if line.number not in found.setdefault(line.path, []):
                found[line.path].append(line.number)
    return found


def _without(text: str, numbers: Sequence[int]) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(_MARK + line if at in numbers else line for at, line in enumerate(lines, 1))


def _switch_kde(text: str, kind: str) -> str:
    return re.sub(r"(?m)^ProxyType=.*$", f"ProxyType={kind}", text)


def _commands(settings: Sequence[Setting], platform: str) -> List[Tuple[str, ...]]:
    if platform == "windows":
        key = ("reg", "add", _INTERNET_SETTINGS, "/v", "ProxyEnable", "/t", "REG_DWORD")
        return [(*key, "/d", "0", "/f")] if any(s.source != ENVIRONMENT for s in settings) else []
    return [("gsettings", "set", *_GNOME_MODE, "none")] if any(s.source == GNOME for s in settings) else []


def _unset(variables: Sequence[str]) -> str:
    return f"unset {' '.join(variables)}"


def _preview(acting: Acting) -> ActionPreview:
    settings = _settings(acting)
    lines, variables = _lines(settings), _variables(settings)
    steps = [shown(argv) for argv in _commands(settings, acting.platform)]
    for path, numbers in lines.items():
        steps.append(f"write {path}: line {', '.join(map(str, numbers))} becomes a comment")
    if any(setting.source == KDE for setting in settings):
        steps.append(f"write {proxy_settings.kioslaverc()}: ProxyType=0")
    if variables and acting.platform != "windows":
        steps.append(f"{_unset(variables)}   (here only; type it yourself in other open terminals)")
    if not steps:
        return ActionPreview(_TITLE, problem="no proxy is set any more, or not in a place that is known here")
    admin = any(not os.access(path, os.W_OK) for path in lines)
    return ActionPreview(_TITLE, tuple(steps), needs_admin=admin, undo="the settings are put back as they were")


def _apply(acting: Acting) -> ActionOutcome:
    settings = _settings(acting)
    lines, variables = _lines(settings), _variables(settings)
    token: Dict[str, Value] = {"files": [], "commands": [], "kde": ""}
    done: List[Value] = []
    for argv in _commands(settings, acting.platform):
        before = acting.run(("gsettings", "get", *_GNOME_MODE)).out.strip().strip("'")
        outcome = outcome_of(acting.run(argv), "")
        if not outcome.ok:
            return ActionOutcome(False, outcome.text, token)
        token["commands"] = [*argv[:-1], before] if acting.platform != "windows" else [*argv[:-2], "1", "/f"]
    for path, numbers in lines.items():
        text, problem = text_file.content_of(path)
        failed = ActionOutcome(False, problem) if problem else text_file.write(acting, path, _without(text, numbers))
        if failed is not None:
            return ActionOutcome(False, failed.text, token)
        done.append(path)
        token["files"] = list(done)
    failed = _apply_kde(acting, settings, token)
    if failed is not None:
        return failed
    for name in variables:
        os.environ.pop(name, None)
    told = f"; in terminals that are open, type: {_unset(variables)}" if variables else ""
    return ActionOutcome(True, f"the proxy is taken out{told}", token)


def _apply_kde(acting: Acting, settings: Sequence[Setting], token: Dict[str, Value]) -> Optional[ActionOutcome]:
    if not any(setting.source == KDE for setting in settings):
        return None
    path = proxy_settings.kioslaverc()
    text, problem = text_file.content_of(path)
    kind = re.search(r"(?m)^ProxyType=(.*)$", text)
    failed = ActionOutcome(False, problem) if problem else text_file.write(acting, path, _switch_kde(text, "0"))
    if failed is None and kind is not None:
        token["kde"] = kind.group(1).strip()
    return failed


def _undo(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    commands, files, kind = token.get("commands"), token.get("files"), str(token.get("kde") or "")
    if isinstance(commands, list) and commands:
        outcome = outcome_of(acting.run([str(word) for word in commands]), "")
        if not outcome.ok:
            return outcome
    changes = [(str(path), "") for path in files] if isinstance(files, list) else []
    changes += [(proxy_settings.kioslaverc(), kind)] if re.fullmatch(r"\d", kind) else []
    for path, proxy_type in changes:
        text, problem = text_file.content_of(path)
        back = _switch_kde(text, proxy_type) if proxy_type else re.sub(rf"(?m)^{re.escape(_MARK)}", "", text)
        failed = ActionOutcome(False, problem) if problem else text_file.write(acting, path, back)
        if failed is not None:
            return failed
    return ActionOutcome(True, "the proxy is set again as it was")


ACTIONS = (
    Action(
        name="web.remove_proxy",
        title=_TITLE,
        doc="Turns lines of session files that set a proxy variable into comments, switches GNOME's (gsettings mode "
        "none), KDE's (ProxyType=0) and Windows' (ProxyEnable 0) proxy off. Variables of programs that already run "
        "stay; this program measures without them.",
        preview=_preview,
        apply=_apply,
        parameters={"host": Parameter("text", "Only settings that name this proxy or script.")},
        touches=("web.*",),
        undo_name="web.restore_proxy",
        undo=_undo,
        platforms=("linux", "windows"),
    ),
)
