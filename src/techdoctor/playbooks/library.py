"""The playbooks there are: found in folders, listed from an index, loaded when they are walked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from techdoctor.errors import PlaybookError, UsageError
from techdoctor.playbooks.cache import Cache
from techdoctor.playbooks.forms import MAX_FILE_BYTES
from techdoctor.playbooks.index import Entry
from techdoctor.playbooks.load import build, packed
from techdoctor.playbooks.problem import ERROR, Problem, nearest
from techdoctor.playbooks.tree import BranchNode, CallNode, Playbook
from techdoctor.text import clean_line

SUFFIX = ".yaml"


def shipped_folder() -> Path:
    """Where the shipped playbooks are: beside this module when installed, else in the source checkout."""
    beside = Path(__file__).parent
    if any(beside.glob("*" + SUFFIX)):
        return beside
    return beside.parents[2] / "playbooks"


class Library:
    """Playbooks of some folders; a later folder's file stands in for an earlier one of the same name.

    Args:
        folders: Folders with `<id>.yaml` files. One that is not there counts as empty.
        cache: Where checked trees are kept; None = everything is read afresh.

    Attributes:
        unusable: Id to what is wrong with its file, as far as `index` has come across it.
    """

    def __init__(self, folders: Sequence[Path], cache: Cache | None = None) -> None:
        self._files = {file.name.removesuffix(SUFFIX): file for folder in folders for file in _files(folder)}
        self._cache = cache
        self._loaded: dict[str, Playbook] = {}
        self.unusable: dict[str, str] = {}

    def with_folder(self, folder: Path) -> Library:
        """These playbooks and those of one more folder, which stand in for ones of the same name."""
        both = Library([folder], self._cache)
        both._files = {**self._files, **both._files}
        return both

    def ids(self) -> list[str]:
        """All playbook ids, sorted."""
        return sorted(self._files)

    def path(self, playbook: str) -> Path:
        """The file of a playbook.

        Raises:
            UsageError: There is no such playbook; the message names the nearest one.
        """
        if playbook not in self._files:
            raise UsageError(
                f"unknown playbook '{playbook[:80]}'{nearest(playbook, self._files)}", "see: techdoctor playbook list"
            )
        return self._files[playbook]

    def index(self) -> list[Entry]:
        """What lists and the search need of every playbook, sorted by id. Loads no playbook it has an entry of.

        A file that cannot be read or has no usable head is left out; `unusable` says why.
        """
        kept = self._cache.index() if self._cache else {}
        entries: dict[str, Entry] = {}
        for name in self.ids():
            try:
                content = read(self._files[name])
                sha256 = hashlib.sha256(content).hexdigest()
                entry = Entry.from_json(kept.get(sha256))
                if entry is None:
                    from techdoctor.playbooks.checked import head_of

                    entry = head_of(content, str(self._files[name]))
                    if self._cache:
                        entry = entry.with_analysis()
                _named_like(self._files[name], entry.id)
            except PlaybookError as error:
                self.unusable[name] = error.message
                continue
            entries[sha256] = entry
        if self._cache and entries.keys() - kept.keys():
            self._cache.keep_index({sha256: entry.to_json() for sha256, entry in entries.items()})
        return list(entries.values())

    def load(self, playbook: str) -> Playbook:
        """One playbook, checked.

        Raises:
            UsageError: There is no such playbook.
            PlaybookError: The file has mistakes; the message has each on its own line.
        """
        if playbook not in self._loaded:
            file = self.path(playbook)
            loaded = self.load_file(file)
            _named_like(file, loaded.id)
            self._loaded[playbook] = loaded
        return self._loaded[playbook]

    def with_callees(self, playbook: str) -> dict[str, Playbook]:
        """A playbook and all it may call, and so on.

        Raises:
            UsageError: There is no such playbook.
            PlaybookError: A file has mistakes, or calls a playbook that is not there.
        """
        found: dict[str, Playbook] = {}
        waiting = [playbook]
        self.path(playbook)
        while waiting:
            name = waiting.pop(0)
            if name in found:
                continue
            found[name] = self.load(name)
            for callee in callees(found[name]):
                if callee not in self._files:
                    raise PlaybookError(
                        f"{found[name].path}:1:1: calls the unknown playbook '{callee}'{nearest(callee, self._files)}"
                    )
                waiting.append(callee)
        return found

    def load_file(self, path: Path) -> Playbook:
        """The playbook of one file, whatever the file is called.

        Raises:
            PlaybookError: The file cannot be read or has mistakes.
        """
        content = read(path)
        sha256 = hashlib.sha256(content).hexdigest()
        tree = self._cache.tree(sha256) if self._cache else None
        if tree is None:
            from techdoctor.playbooks.checked import checked_tree

            tree, problems = checked_tree(content, str(path))
            errors = [problem for problem in problems if problem.level == ERROR]
            if errors or tree is None:
                raise playbook_error(errors)
            if self._cache:
                self._cache.keep_tree(sha256, {**tree, "tests": packed(tree.get("tests", ()))})
        return build(tree, str(path), sha256)


def _named_like(file: Path, playbook: str) -> None:
    """A file that claims another's id must not stand in a list under it.

    Raises:
        PlaybookError: The file is not called like its id.
    """
    if file.name != playbook + SUFFIX:
        raise PlaybookError(f"{file}:1:1: id: the file must be called {clean_line(playbook)}{SUFFIX}, like its id")


def callees(playbook: Playbook) -> list[str]:
    """Ids of the playbooks that a playbook may call, in node order."""
    called: dict[str, None] = {}
    for node in playbook.nodes.values():
        if isinstance(node, CallNode):
            called.setdefault(node.call)
        elif isinstance(node, BranchNode):
            called.update(dict.fromkeys(entry.call for entry in node.entries if entry.call))
    return list(called)


def playbook_error(problems: Iterable[Problem]) -> PlaybookError:
    """One error with every problem on its own line, in file order."""
    ordered = sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column))
    return PlaybookError("\n".join(dict.fromkeys(str(problem) for problem in ordered)))


def read(path: Path) -> bytes:
    """A file's bytes; of an oversized file only so many as show that it is.

    Raises:
        PlaybookError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise PlaybookError(f"{path}:1:1: cannot be read: {error.strerror}") from None


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.glob("*" + SUFFIX) if path.is_file())
    except OSError:
        return []
