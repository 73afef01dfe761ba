"""What every command needs: settings, playbooks, host, terminal; made once from the options."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from techdoctor.messages import say
from techdoctor.model import Value
from techdoctor.settings import Settings, cache_folder, load_settings, state_folder

if TYPE_CHECKING:
    from techdoctor.console.terminal import Terminal
    from techdoctor.hosts.local import LocalHost
    from techdoctor.playbooks.library import Library
    from techdoctor.probes.base import ProbeSettings
    from techdoctor.records.sessions import SessionStore


class Context:
    """The surroundings of one command.

    Args:
        offline, plain, technician: As given on the command line; None when not given.

    Raises:
        UsageError: The settings are wrong.
    """

    def __init__(self, offline: bool | None = None, plain: bool | None = None, technician: bool | None = None) -> None:
        flags: Mapping[str, Value] = {"offline": offline, "plain": plain, "technician": technician}
        self.settings: Settings = load_settings(flags)

    @cached_property
    def terminal(self) -> Terminal:
        from techdoctor.console.terminal import Terminal

        return Terminal.of_process(self.settings.plain)

    @cached_property
    def library(self) -> Library:
        from techdoctor.playbooks.cache import Cache
        from techdoctor.playbooks.library import Library, shipped_folder

        for folder in self.settings.playbook_folders:
            if not folder.is_dir():
                origin = self.settings.origin("paths.playbooks")
                self.terminal.progress(say("cli.no_folder", folder=folder, origin=origin))
        return Library([shipped_folder(), *self.settings.playbook_folders], Cache(cache_folder(self.settings)))

    @cached_property
    def state_folder(self) -> Path:
        return state_folder(self.settings)

    @cached_property
    def store(self) -> SessionStore:
        from techdoctor.records.sessions import SessionStore

        return SessionStore(self.state_folder)

    def priors(self, playbook: str, platform: str) -> dict[str, Value]:
        """Counts from history for the order of causes; none when the history cannot be read."""
        from techdoctor.errors import StateError

        try:
            counts = self.store.history.counts(playbook, platform)
        except StateError:
            return {}
        return {cause: [hits, sessions] for cause, (hits, sessions) in counts.items()}

    def probe_settings(self) -> ProbeSettings:
        from techdoctor.probes.asked import asked
        from techdoctor.probes.base import ProbeSettings
        from techdoctor.settings import check_targets

        if self.settings.targets:
            check_targets(self.settings, asked({}))
        return ProbeSettings(self.settings.offline, self.settings.targets, self._known_printers())

    def _known_printers(self) -> Mapping[str, Mapping[str, str]]:
        from techdoctor.errors import StateError
        from techdoctor.records.printers import KnownPrinters

        try:
            return KnownPrinters(self.state_folder).load()
        except StateError:
            return {}  # a diagnosis without memory is still one; that nothing can be saved is said elsewhere

    def local_host(self, may_prompt: bool = False) -> LocalHost:
        from techdoctor.hosts.local import LocalHost

        return LocalHost(self.probe_settings(), may_prompt)


def help_desk_line(context: Context) -> str:
    """Who helps, in one line; empty when the site has not said."""
    desk = context.settings.help_desk
    return ", ".join(desk[name] for name in ("name", "contact", "hours") if name in desk)
