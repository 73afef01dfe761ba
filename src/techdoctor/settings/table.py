"""Every setting there is, declared once: the loader, `config show` and the docs read this table."""

from __future__ import annotations

from dataclasses import dataclass

from techdoctor.model import Value

PREFIX = "TECHDOCTOR_"
# Variables that name files and are therefore no settings themselves.
USER_FILE_VARIABLE = "TECHDOCTOR_CONFIG"
SITE_FILE_VARIABLE = "TECHDOCTOR_SITE_CONFIG"

SETTING_TYPES = ("bool", "int", "text", "path", "paths", "table")


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        key: Dotted name as in the file. For a table of free names the part before the names.
        type: One of SETTING_TYPES; a "table" holds names that others declare.
        default: Value when nobody sets it.
        doc: What it does, one sentence.
        example: A line (or lines) of TOML that sets it.
        low: Least value of an "int".
        high: Greatest value of an "int".
        variable: Its environment variable, when it is not the key in capitals.
    """

    key: str
    type: str
    default: Value
    doc: str
    example: str
    low: int = 0
    high: int = 2**31
    variable: str = ""

    @property
    def env(self) -> str:
        """Name of its environment variable; empty for tables, which only files can hold."""
        if self.type == "table":
            return ""
        return self.variable or PREFIX + self.key.upper().replace(".", "_")


TABLE: tuple[Setting, ...] = (
    Setting("offline", "bool", False, "Nothing is sent to any address beyond this machine.", "offline = true"),
    Setting("plain", "bool", False, "Append-only output without cursor movement, for screen readers.", "plain = true"),
    Setting("technician", "bool", False, "Shows details that only a technician needs.", "technician = true"),
    Setting(
        "language",
        "text",
        "",
        "Language of the program's own texts, e.g. de; empty means the system's.",
        'language = "en"',
        variable="TECHDOCTOR_LANG",
    ),
    Setting(
        "retention_days",
        "int",
        90,
        "Sessions older than so many days are deleted from this machine.",
        "retention_days = 30",
        low=1,
        high=36500,
    ),
    Setting("help_desk.name", "text", "", "Who helps when techdoctor cannot.", '[help_desk]\nname = "IT service desk"'),
    Setting(
        "help_desk.contact",
        "text",
        "",
        "How to reach them; shown when a session is escalated.",
        '[help_desk]\ncontact = "extension 4711, help@example.com"',
    ),
    Setting("help_desk.hours", "text", "", "When they can be reached.", '[help_desk]\nhours = "Mon-Fri 8-18"'),
    Setting(
        "paths.state",
        "path",
        "",
        "Folder for sessions and history; empty means the system's usual place.",
        '[paths]\nstate = "/var/lib/techdoctor"',
        variable="TECHDOCTOR_STATE_DIR",
    ),
    Setting(
        "paths.cache",
        "path",
        "",
        "Folder for what can be made again; empty means the system's usual place.",
        '[paths]\ncache = "/var/cache/techdoctor"',
        variable="TECHDOCTOR_CACHE_DIR",
    ),
    Setting(
        "paths.playbooks",
        "paths",
        [],
        "Folders with further playbooks, searched before the shipped ones.",
        '[paths]\nplaybooks = ["/etc/techdoctor/playbooks"]',
        variable="TECHDOCTOR_PLAYBOOKS",
    ),
    Setting(
        "targets",
        "table",
        {},
        "What the network probes ask, by the name of the target; replaces the shipped target of that name.",
        '[targets]\ninternet = ["192.0.2.1", "2001:db8::1"]',
    ),
    Setting(
        "limits",
        "table",
        {},
        "Thresholds of playbooks that this site sets differently, by playbook and limit.",
        '[limits."net.dns"]\nslow_ms = 500',
    ),
)
BY_KEY = {setting.key: setting for setting in TABLE}
