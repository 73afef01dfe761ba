"""Changes to name lookup: which server is asked first, the cache, the hosts file. CPython 3.9 syntax."""

from __future__ import annotations

import os
from typing import List, Mapping, Optional, Sequence, Tuple

from techdoctor import system
from techdoctor.actions import name_servers, text_file
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.actions.name_servers import RESOLV_CONF, Keeper
from techdoctor.errors import CannotMeasure
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter
from techdoctor.probes.names import hosts_file, resolver_config
from techdoctor.text import clean_line

_PREFER = "Ask another name server first"
_FLUSH = "Empty the name cache"
_HOSTS = "Remove the name from the hosts file"
_LOOK_S = 3.0


def _look(argv: Sequence[str]) -> system.Ran:
    return system.run(argv, _LOOK_S)


def _wanted(acting: Acting) -> Tuple[Optional[Keeper], str]:
    """The keeper, and why nothing can be done."""
    server = acting.text("server")
    if not name_servers.is_address(server):
        return None, f"'{clean_line(server)}' is not the address of a name server"
    keeper = name_servers.keeper(acting.platform, _look)
    return keeper, "" if keeper else "no network service leads out of this computer"


def _in_front(acting: Acting, keeper: Keeper) -> List[str]:
    server = acting.text("server")
    return [server, *(s for s in keeper.servers if s != server)]


def _prefer_preview(acting: Acting) -> ActionPreview:
    keeper, problem = _wanted(acting)
    if keeper is None:
        return ActionPreview(_PREFER, problem=problem)
    if keeper.kind == "file":
        before, problem = text_file.content_of(RESOLV_CONF)
        lines = text_file.shown_change(RESOLV_CONF, before, name_servers.preferring(before, acting.text("server")))
    else:
        lines = tuple(shown(acting.elevated(argv)) for argv in keeper.commands(_in_front(acting, keeper)))
    return ActionPreview(
        _PREFER,
        lines,
        needs_admin=not system.is_admin(),
        undo="The list of name servers is put back as it was.",
        discloses=_disclosure(acting),
        problem=problem,
    )


def _disclosure(acting: Acting) -> str:
    """A server that is not in use yet will see the names that are looked up."""
    server = acting.text("server")
    try:
        known = resolver_config.current(acting.platform, deadline=float("inf"))
    except CannotMeasure:
        known = None
    if known is not None and server in (*known.servers, *known.listed):
        return ""
    return f"From then on {server} is sent every host name that this computer looks up."


def _prefer(acting: Acting) -> ActionOutcome:
    keeper, problem = _wanted(acting)
    if keeper is None:
        return ActionOutcome(False, problem)
    done = f"{acting.text('server')} is asked first now"
    if keeper.kind == "file":
        before, problem = text_file.content_of(RESOLV_CONF)
        if problem:
            return ActionOutcome(False, problem)
        after = name_servers.preferring(before, acting.text("server"))
        return text_file.replace(acting, RESOLV_CONF, before, after, done)
    token: Mapping[str, Value] = {
        "kind": keeper.kind,
        "link": keeper.link,
        "interface": keeper.interface,
        "servers": list(keeper.servers),
    }
    return _run_all(acting, keeper.commands(_in_front(acting, keeper)), done, token)


def _restore(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    done = "the list of name servers is as it was"
    if "path" in token:
        return text_file.restore(acting, token, done)
    held = token["servers"]
    servers = [str(server) for server in held] if isinstance(held, list) else []
    keeper = Keeper(str(token["kind"]), str(token["link"]), (), str(token["interface"]))
    return _run_all(acting, keeper.commands(servers), done, None)


def _run_all(
    acting: Acting, commands: Sequence[Sequence[str]], done: str, token: Optional[Mapping[str, Value]]
) -> ActionOutcome:
    for argv in commands:
        ran = acting.run(acting.elevated(argv))
        if not ran.worked:
            return outcome_of(ran, done)
    return ActionOutcome(True, done, dict(token) if token is not None else None)


def _caches(acting: Acting) -> List[Tuple[str, ...]]:
    """The commands that empty the caches that are here; Windows and macOS always have one."""
    if acting.platform == "windows":
        return [("ipconfig", "/flushdns")]
    if acting.platform == "macos":
        return [("dscacheutil", "-flushcache"), ("killall", "-HUP", "mDNSResponder")]
    commands: List[Tuple[str, ...]] = []
    if os.path.exists("/run/systemd/resolve/io.systemd.Resolve"):
        commands.append(("resolvectl", "flush-caches"))
    if os.path.exists("/run/nscd/socket"):
        commands.append(("nscd", "-i", "hosts"))
    return commands


def _flush_preview(acting: Acting) -> ActionPreview:
    commands = _caches(acting)
    return ActionPreview(
        _FLUSH,
        tuple(shown(acting.elevated(argv)) for argv in commands),
        needs_admin=acting.platform != "windows" and not system.is_admin(),
        problem="" if commands else "this computer keeps no cache of names",
    )


def _flush(acting: Acting) -> ActionOutcome:
    commands = _caches(acting)
    if not commands:
        return ActionOutcome(False, "this computer keeps no cache of names")
    return _run_all(acting, commands, "the name cache is empty", None)


def without_name(content: str, name: str) -> str:
    """The text of a hosts file without this name; lines with other names keep those."""
    wanted = name.rstrip(".").lower()
    marked = {number for number, _, _ in hosts_file.entries_for(content, name)}
    kept: List[str] = []
    for number, line in enumerate(content.splitlines(), 1):
        if number not in marked:
            kept.append(line)
            continue
        entry, mark, comment = line.partition("#")
        address, *names = entry.split()
        rest = [word for word in names if word.rstrip(".").lower() != wanted]
        if rest:
            kept.append(" ".join([address, *rest]) + (f" {mark}{comment}" if mark else ""))
    return "\n".join(kept) + "\n"


def _hosts_preview(acting: Acting) -> ActionPreview:
    path = hosts_file.path_of(acting.platform)
    before, problem = text_file.content_of(path)
    if not problem and not hosts_file.entries_for(before, acting.text("name")):
        problem = f"{path} does not have {clean_line(acting.text('name'))}"
    return ActionPreview(
        _HOSTS,
        text_file.shown_change(path, before, without_name(before, acting.text("name"))),
        needs_admin=not system.is_admin(),
        undo="The line is put back.",
        problem=problem,
    )


def _remove_hosts_entry(acting: Acting) -> ActionOutcome:
    path = hosts_file.path_of(acting.platform)
    before, problem = text_file.content_of(path)
    if problem:
        return ActionOutcome(False, problem)
    after = without_name(before, acting.text("name"))
    if after == before:
        return ActionOutcome(False, f"{path} has no entry for {clean_line(acting.text('name'))}")
    done = f"{clean_line(acting.text('name'))} is no longer in {path}"
    return text_file.replace(acting, path, before, after, done)


def _put_back(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    return text_file.restore(acting, token, "the hosts file is as it was")


_TOUCHES = ("dns.*", "web.*")
ACTIONS = (
    Action(
        name="dns.prefer_server",
        title=_PREFER,
        doc="Puts a name server in front of the list, where the list is kept: nmcli for NetworkManager, resolvectl dns "
        "for systemd-resolved, else /etc/resolv.conf; networksetup on macOS. A new lease may bring the old list back.",
        parameters={"server": Parameter("text", "Numeric address of the server.", required=True)},
        preview=_prefer_preview,
        apply=_prefer,
        touches=_TOUCHES,
        undo_name="dns.restore_servers",
        undo=_restore,
        platforms=("linux", "macos"),
    ),
    Action(
        name="dns.flush_cache",
        title=_FLUSH,
        doc="resolvectl flush-caches and nscd -i hosts where they run; dscacheutil, mDNSResponder; ipconfig /flushdns.",
        preview=_flush_preview,
        apply=_flush,
        touches=_TOUCHES,
    ),
    Action(
        name="dns.remove_hosts_entry",
        title=_HOSTS,
        doc="Takes one name out of the hosts file (hosts(5)); other names and comments stay.",
        parameters={"name": Parameter("hostname", "The name to take out.", required=True)},
        preview=_hosts_preview,
        apply=_remove_hosts_entry,
        touches=_TOUCHES,
        undo_name="dns.restore_hosts_entry",
        undo=_put_back,
    ),
)
