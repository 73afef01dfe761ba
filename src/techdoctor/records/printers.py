"""printers.json: which printer stood behind each queue, so that a moved or exchanged one is recognised."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from techdoctor.model import Fact
from techdoctor.records.storage import PRIVATE_FILE, guarded, private_folder
from techdoctor.system import read_regular

FILE_NAME = "printers.json"
PROBE = "printer.device"
_FIELDS = ("uuid", "model", "host")
_MOST_BYTES = 1 << 20
_MOST_QUEUES = 500


class KnownPrinters:
    """The file of remembered printers in the state folder.

    Args:
        state: The state folder.
    """

    def __init__(self, state: Path) -> None:
        self._path = state / FILE_NAME

    def load(self) -> dict[str, dict[str, str]]:
        """Queue to {"uuid", "model", "host"}; empty when nothing is kept or the file is damaged.

        Raises:
            StateError: The folder does not answer or may not be read.
        """
        text = guarded("the remembered printers cannot be read", self._text)
        try:
            rows = json.loads(text)
        except (ValueError, RecursionError):
            return {}
        if not isinstance(rows, dict):
            return {}
        return {str(queue): _texts(row) for queue, row in rows.items() if isinstance(row, dict)}

    def _text(self) -> bytes:
        try:
            return read_regular(str(self._path), _MOST_BYTES)
        except (FileNotFoundError, NotADirectoryError):
            return b""  # nothing is kept yet

    def learn(self, facts: Iterable[Fact]) -> None:
        """Remembers printers that answered; one that is another than before is not taken over.

        Raises:
            StateError: It cannot be written.
        """
        seen = {str(fact.data["printer"]): _texts(fact.data) for fact in facts if _answered(fact)}
        if not seen:
            return
        known = self.load()
        new = {
            queue: row for queue, row in seen.items() if known.get(queue, {}).get("uuid", row["uuid"]) == row["uuid"]
        }
        if all(known.get(queue) == row for queue, row in new.items()):
            return
        self._write({**known, **new})

    def forget(self, queue: str) -> bool:
        """Forgets the printer of a queue; False when none was remembered.

        Raises:
            StateError: It cannot be written.
        """
        known = self.load()
        if queue not in known:
            return False
        del known[queue]
        self._write(known)
        return True

    def _write(self, rows: Mapping[str, Mapping[str, str]]) -> None:
        kept = dict(list(rows.items())[-_MOST_QUEUES:])

        def work() -> None:
            folder = private_folder(self._path.parent)
            handle, beside = tempfile.mkstemp(dir=folder, prefix=".printers-")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(kept, file, indent=1, sort_keys=True)
            os.chmod(beside, PRIVATE_FILE)
            os.replace(beside, self._path)

        guarded("the printers cannot be remembered", work)


def _answered(fact: Fact) -> bool:
    told = fact.data
    return fact.probe == PROBE and fact.ok and not told.get("error") and bool(told.get("uuid") and told.get("printer"))


def _texts(row: Mapping[str, object]) -> dict[str, str]:
    return {name: str(row[name]) for name in _FIELDS if row.get(name)}
