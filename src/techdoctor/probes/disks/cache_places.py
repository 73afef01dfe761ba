"""The named places that hold what can be spared: caches, the bin, old logs, crash dumps. CPython 3.9 syntax.

One list for the probe that sizes them and the action that empties them, so that nothing else can be emptied.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Dict, List, Mapping, Tuple

CACHE, PACKAGES, TRASH, JOURNAL, LOGS, DUMPS = "cache", "packages", "trash", "journal", "logs", "dumps"
JOURNAL_KEPT = "200M"

# Folders of the user's cache folder that their programs make anew when they are gone. Left out although they lie there:
# downloaded models and browsers for tests (hours to fetch again), mail kept for reading offline.
# Source: XDG Base Directory Specification, "user-specific non-essential data files".
_USER_CACHES: Dict[str, str] = {
    "BraveSoftware": "Brave's web pages",
    "JetBrains": "JetBrains' indexes",
    "bazel": "Bazel's build results",
    "ccache": "compiled code (ccache)",
    "chromium": "Chromium's web pages",
    "composer": "PHP packages (composer)",
    "deno": "Deno's modules",
    "electron": "Electron's downloads",
    "fontconfig": "the list of fonts",
    "go-build": "Go's build results",
    "google-chrome": "Chrome's web pages",
    "mesa_shader_cache": "compiled graphics programs",
    "microsoft-edge": "Edge's web pages",
    "mozilla": "Firefox's web pages",
    "node-gyp": "Node's headers",
    "opera": "Opera's web pages",
    "pip": "Python packages (pip)",
    "pnpm": "JavaScript packages (pnpm)",
    "pre-commit": "pre-commit's tools",
    "pypoetry": "Python packages (poetry)",
    "spotify": "Spotify's songs",
    "thumbnails": "small previews of pictures",
    "thunderbird": "Thunderbird's pages",
    "tracker3": "the search index",
    "typescript": "TypeScript's types",
    "uv": "Python packages (uv)",
    "vivaldi": "Vivaldi's web pages",
    "yarn": "JavaScript packages (yarn)",
}
_HOME_CACHES: Tuple[Tuple[str, str, str], ...] = (
    ("npm", "JavaScript packages (npm)", ".npm/_cacache"),
    ("cargo", "Rust packages (cargo)", ".cargo/registry/cache"),
    ("gradle", "Java packages (gradle)", ".gradle/caches"),
    ("nvidia", "compiled graphics programs (NVIDIA)", ".nv/ComputeCache"),
    ("thumbnails_old", "small previews of pictures (older programs)", ".thumbnails"),
)
_MAC_CACHES: Tuple[Tuple[str, str, str], ...] = (
    ("homebrew", "downloads of Homebrew", "Library/Caches/Homebrew"),
    ("pip", "Python packages (pip)", "Library/Caches/pip"),
    ("yarn", "JavaScript packages (yarn)", "Library/Caches/Yarn"),
    ("go-build", "Go's build results", "Library/Caches/go-build"),
    ("mozilla", "Firefox's web pages", "Library/Caches/Firefox"),
    ("google-chrome", "Chrome's web pages", "Library/Caches/Google/Chrome"),
)
_PACKAGE_CACHES: Tuple[Tuple[str, str, Tuple[str, ...]], ...] = (
    ("apt", "/var/cache/apt/archives", ("apt-get", "clean")),
    ("dnf", "/var/cache/dnf", ("dnf", "-q", "clean", "all")),
    ("dnf5", "/var/cache/libdnf5", ("dnf5", "-q", "clean", "all")),
    ("pacman", "/var/cache/pacman/pkg", ("pacman", "-Sc", "--noconfirm")),
    ("zypper", "/var/cache/zypp/packages", ("zypper", "-nq", "clean")),
)


@dataclass(frozen=True)
class Place:
    """One named place.

    Attributes:
        name: Dotless id, e.g. "pip"; what the action takes.
        title: What is in it, in plain words.
        kind: CACHE, PACKAGES, TRASH, JOURNAL, LOGS or DUMPS.
        paths: Its folders; they need not exist.
        command: What empties it, run as administrator; () when its content is deleted by us, as this user.
        spared: True when it may be emptied (LOGS are only sized).
    """

    name: str
    title: str
    kind: str
    paths: Tuple[str, ...]
    command: Tuple[str, ...] = ()
    spared: bool = True


def cache_home(environment: Mapping[str, str], home: str) -> str:
    """The user's cache folder. Source: XDG Base Directory Specification: an absolute path, else ~/.cache."""
    named = environment.get("XDG_CACHE_HOME", "")
    return named if os.path.isabs(named) else os.path.join(home, ".cache")


def places(platform: str, environment: Mapping[str, str], home: str, mount: str = "") -> List[Place]:
    """All named places of a platform.

    Args:
        platform: "linux" or "macos"; others have none.
        environment: Variables that move folders.
        home: The user's home folder.
        mount: A file system whose own bin is meant too; "" for none.
    """
    if platform == "macos":
        return [
            *(Place(name, title, CACHE, (os.path.join(home, path),)) for name, title, path in _MAC_CACHES),
            *(Place(name, title, CACHE, (os.path.join(home, path),)) for name, title, path in _HOME_CACHES[:3]),
            Place("trash", "the bin", TRASH, (os.path.join(home, ".Trash"),)),
        ]
    if platform != "linux":
        return []
    cache = cache_home(environment, home)
    return [
        *(Place(name, title, CACHE, (os.path.join(cache, name),)) for name, title in _USER_CACHES.items()),
        *(Place(name, title, CACHE, (os.path.join(home, path),)) for name, title, path in _HOME_CACHES),
        Place("trash", "the bin", TRASH, _bins(environment, home, mount)),
        *_of_the_system(),
    ]


def _bins(environment: Mapping[str, str], home: str, mount: str) -> Tuple[str, ...]:
    """Folders of bins. Source: FreeDesktop.org Trash Specification 1.0, home bin and $topdir/.Trash-$uid."""
    named = environment.get("XDG_DATA_HOME", "")
    share = named if os.path.isabs(named) else os.path.join(home, ".local/share")
    tops = [os.path.join(share, "Trash")]
    if mount and hasattr(os, "getuid"):
        tops.append(os.path.join(mount, f".Trash-{os.getuid()}"))
    return tuple(os.path.join(top, part) for top in tops for part in ("files", "info", "expunged"))


def _of_the_system() -> List[Place]:
    dumps = "/var/lib/systemd/coredump"
    return [
        *(
            Place(name, f"packages kept after installing ({name})", PACKAGES, (path,), command)
            for name, path, command in _PACKAGE_CACHES
        ),
        Place(
            "journal",
            "old system logs",
            JOURNAL,
            ("/var/log/journal", "/run/log/journal"),
            ("journalctl", "-q", f"--vacuum-size={JOURNAL_KEPT}"),
        ),
        Place(
            "coredumps",
            "dumps of crashed programs",
            DUMPS,
            (dumps,),
            ("find", dumps, "-xdev", "-type", "f", "-delete"),
        ),
        Place("crash_reports", "reports of crashed programs", DUMPS, ("/var/crash",), spared=False),
        Place("logs", "other system logs", LOGS, ("/var/log",), spared=False),
    ]
