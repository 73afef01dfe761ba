"""What `bundle show` says of a bundle: its members, what was hidden, and its summary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from techdoctor.bundle.read import read_bundle
from techdoctor.errors import BundleError
from techdoctor.model import Value
from techdoctor.text import clean, clean_line


@dataclass(frozen=True)
class Listing:
    """A bundle as it is shown; all text is cleaned.

    Attributes:
        path: Where it came from.
        session: Session id.
        created: When it was made, ISO 8601.
        techdoctor: Version that made it.
        complete: False when something had to be left out.
        members: (name, bytes, sha256), sorted by name.
        redactions: Kind -> how many values were hidden.
        summary: summary.txt.
    """

    path: Path
    session: str
    created: str
    techdoctor: str
    complete: bool
    members: tuple[tuple[str, int, str], ...]
    redactions: dict[str, int]
    summary: str

    def to_json(self) -> dict[str, Value]:
        return {
            "path": str(self.path),
            "session": self.session,
            "created": self.created,
            "techdoctor": self.techdoctor,
            "complete": self.complete,
            "members": [{"name": name, "bytes": size, "sha256": digest} for name, size, digest in self.members],
            "redactions": dict(self.redactions),
            "summary": self.summary,
        }


def show_bundle(path: Path) -> Listing:
    """Reads a bundle and lists it.

    Raises:
        BundleError: It is damaged, hostile, or of an unknown version.
        UsageError: There is no such file, or it may not be read.
    """
    bundle = read_bundle(path)
    manifest = bundle.manifest
    items = manifest.get("items")
    members = [
        (str(item["name"]), int(str(item["bytes"])), str(item["sha256"]))
        for item in (items if isinstance(items, list) else [])
        if isinstance(item, dict)
    ]
    try:
        counts = bundle.tree("redaction.json").get("counts")
    except BundleError:
        counts = None  # a bundle without the account of what was hidden can still be listed
    hidden = counts.items() if isinstance(counts, dict) else ()
    return Listing(
        path=path,
        session=clean_line(str(manifest.get("session", ""))),
        created=clean_line(str(manifest.get("created", ""))),
        techdoctor=clean_line(str(manifest.get("techdoctor", ""))),
        complete=manifest.get("complete") is True,
        members=tuple(sorted(members)),
        redactions={clean_line(kind): count for kind, count in hidden if isinstance(count, int)},
        summary=clean(bundle.text("summary.txt"), 10_000),
    )
