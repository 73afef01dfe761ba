"""Settings from flags, environment, user file, site file and defaults, each value with its origin."""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from techdoctor.errors import UsageError
from techdoctor.model import Value
from techdoctor.settings.paths import site_file, user_file
from techdoctor.settings.table import (
    BY_KEY,
    PREFIX,
    SITE_FILE_VARIABLE,
    TABLE,
    USER_FILE_VARIABLE,
    Setting,
)
from techdoctor.settings.toml import Unreadable, parse, read_settings_file
from techdoctor.settings.values import WrongValue, from_text, from_toml

DEFAULT = "default"
COMMAND_LINE = "command line"


@dataclass(frozen=True)
class Row:
    """One line of `config show`."""

    key: str
    value: Value
    origin: str
    doc: str


@dataclass(frozen=True)
class Settings:
    """All settings in force.

    Attributes:
        values: Key to value; entries of tables as "targets.<name>" and "limits.<playbook>.<limit>".
        origins: Key to where its value comes from; a key that is missing here has its default.
        warnings: What a person should know but nothing fails for, e.g. a file that cannot be read.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def offline(self) -> bool:
        return bool(self.value("offline"))

    @property
    def plain(self) -> bool:
        return bool(self.value("plain"))

    @property
    def technician(self) -> bool:
        return bool(self.value("technician"))

    @property
    def language(self) -> str:
        return str(self.value("language"))

    @property
    def retention_days(self) -> int:
        days = self.value("retention_days")
        assert isinstance(days, int)
        return days

    @property
    def help_desk(self) -> dict[str, str]:
        """Those of name, contact and hours that are set."""
        found = {name: str(self.value(f"help_desk.{name}")) for name in ("name", "contact", "hours")}
        return {name: text for name, text in found.items() if text}

    @property
    def playbook_folders(self) -> list[Path]:
        folders = self.value("paths.playbooks")
        assert isinstance(folders, list)
        return [Path(str(folder)) for folder in folders]

    @property
    def targets(self) -> dict[str, Value]:
        """Target name to value, for ProbeSettings.targets."""
        return self._below("targets")

    @property
    def limits(self) -> dict[str, Value]:
        """Overriding values by "<playbook>.<limit>", for events.Started.limits."""
        return self._below("limits")

    def value(self, key: str) -> Value:
        """The value of a declared key, its default when nobody set it."""
        return self.values[key] if key in self.values else BY_KEY[key].default

    def origin(self, key: str) -> str:
        """Where a value comes from, e.g. "command line" or "/etc/techdoctor/config.toml:3"."""
        return self.origins.get(key, DEFAULT)

    def rows(self) -> list[Row]:
        """Every setting in the table's order; of free tables each entry that somebody set."""
        return [row for setting in TABLE for row in self._rows(setting)]

    def _rows(self, setting: Setting) -> Iterator[Row]:
        if setting.type != "table":
            yield Row(setting.key, self.value(setting.key), self.origin(setting.key), setting.doc)
            return
        for key in sorted(k for k in self.values if k.startswith(setting.key + ".")):
            yield Row(key, self.values[key], self.origin(key), setting.doc)

    def _below(self, table: str) -> dict[str, Value]:
        return {key[len(table) + 1 :]: value for key, value in self.values.items() if key.startswith(table + ".")}


@dataclass
class _Gathered:
    values: dict[str, Value] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def take(self, key: str, value: Value, origin: str) -> None:
        self.values[key] = value
        self.origins[key] = origin


def load_settings(flags: Mapping[str, Value] | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """Reads all sources; flags win over the environment, that over the user's file, that over the site's.

    Args:
        flags: Key to value as given on the command line; None means not given.
        env: The environment; that of the process when None.

    Raises:
        UsageError: Unknown settings, wrong values or broken TOML; every error on its own line. A
            default file that cannot be read is only a warning, one named by a variable an error.
    """
    env = os.environ if env is None else env
    gathered = _Gathered()
    _take_file(gathered, site_file(env), named_by=SITE_FILE_VARIABLE if env.get(SITE_FILE_VARIABLE) else "")
    _take_file(gathered, user_file(env), named_by=USER_FILE_VARIABLE if env.get(USER_FILE_VARIABLE) else "")
    _take_environment(gathered, env)
    for key, value in (flags or {}).items():
        if value is not None:
            _take_flag(gathered, key, value)
    if gathered.errors:
        raise UsageError("\n".join(gathered.errors), "see all settings with: techdoctor config show")
    return Settings(gathered.values, gathered.origins, tuple(gathered.warnings))


def _take_file(gathered: _Gathered, path: Path, named_by: str) -> None:
    try:
        text = read_settings_file(path)
    except Unreadable as error:
        if named_by:
            gathered.errors.append(f"{named_by}: {path} {error}")
        else:
            gathered.warnings.append(f"{path} {error}; its settings are not in force")
        return
    if text is None:
        if named_by:
            gathered.errors.append(f"{named_by}: {path} does not exist")
        return
    entries, errors = parse(text, str(path))
    gathered.errors.extend(errors)
    for entry in entries:
        try:
            gathered.take(entry.key, from_toml(_declared(entry.key), entry.value), f"{path}:{entry.line}")
        except WrongValue as error:
            gathered.errors.append(f"{path}:{entry.line}: {entry.key}: {error}")


def _take_environment(gathered: _Gathered, env: Mapping[str, str]) -> None:
    variables = {setting.env: setting for setting in TABLE if setting.env}
    for name in sorted(env):
        setting = variables.get(name)
        if setting is not None and env[name] != "":
            try:
                gathered.take(setting.key, from_text(setting, env[name]), f"environment {name}")
            except WrongValue as error:
                gathered.errors.append(f"{name}: {error}")
        elif setting is None and name.startswith(PREFIX) and name not in (USER_FILE_VARIABLE, SITE_FILE_VARIABLE):
            near = difflib.get_close_matches(name, variables, n=1, cutoff=0.85)
            if near:  # other variables may belong to a wrapper of ours; a slip of the pen must not pass silently
                gathered.errors.append(f"{name}: unknown setting; did you mean {near[0]}?")


def _take_flag(gathered: _Gathered, key: str, value: Value) -> None:
    try:
        gathered.take(key, from_toml(_declared(key), value), COMMAND_LINE)
    except WrongValue as error:
        gathered.errors.append(f"{COMMAND_LINE}: {key}: {error}")


def _declared(key: str) -> Setting:
    """The declaration of a key, or of the free table it lies in.

    Raises:
        WrongValue: There is no such setting.
    """
    table = key.partition(".")[0]
    for name in (key, table):
        if name in BY_KEY and (name == key) != (BY_KEY[name].type == "table"):
            return BY_KEY[name]
    inside = [name for name in BY_KEY if name.startswith(key + ".")]
    if inside or key in BY_KEY:
        names = ", ".join(name[len(key) + 1 :] for name in inside)
        raise WrongValue(f"is a table{' of ' + names if names else ''}; write it as [{key}]")
    near = difflib.get_close_matches(key, BY_KEY, n=1) or difflib.get_close_matches(table, BY_KEY, n=1)
    raise WrongValue("unknown setting" + (f"; did you mean {near[0]}?" if near else ""))


def check_limits(settings: Settings, playbooks: Mapping[str, Mapping[str, Value] | None]) -> None:
    """Checks the overridden limits against the playbooks there are.

    Args:
        settings: What was loaded.
        playbooks: Playbook id to its limits with their own values; None for a playbook that is
            known but not loaded, of which only the id is checked.

    Raises:
        UsageError: A playbook or limit does not exist, or the value is of another type.
    """
    errors = []
    for name, value in settings.limits.items():
        owner = next((p for p in sorted(playbooks, key=len, reverse=True) if name.startswith(p + ".")), "")
        problem = _limit_problem(name, value, owner, playbooks)
        if problem:
            errors.append(f"{settings.origin('limits.' + name)}: limits.{name}: {problem}")
    if errors:
        raise UsageError("\n".join(errors), "a playbook's limits are shown by: techdoctor playbook show ID")


def _limit_problem(name: str, value: Value, owner: str, playbooks: Mapping[str, Mapping[str, Value] | None]) -> str:
    if not owner:
        return "unknown playbook" + _did_you_mean(name.rpartition(".")[0], playbooks)
    limits = playbooks[owner]
    if limits is None:
        return ""
    limit = name[len(owner) + 1 :]
    if limit not in limits:
        return f"{owner} has no limit '{limit}'" + _did_you_mean(limit, limits)
    if _sort(value) != _sort(limits[limit]):
        return f"must be {_sort(limits[limit])}, as in the playbook ({limits[limit]!r})"
    return ""


def check_targets(settings: Settings, known: Collection[str]) -> None:
    """Checks the names under `targets`.

    Raises:
        UsageError: A target that no probe asks for.
    """
    errors = [
        f"{settings.origin('targets.' + name)}: targets.{name}: unknown target{_did_you_mean(name, known)}"
        for name in settings.targets
        if name not in known
    ]
    if errors:
        raise UsageError("\n".join(errors))


def _did_you_mean(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _sort(value: Value) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    return "text" if isinstance(value, str) else "a list"
