"""Lint: everything loading refuses, and what is loadable but not fit to be walked by a stranger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path as File
from typing import Any

from techdoctor.errors import PlaybookError
from techdoctor.model import RISKS
from techdoctor.playbooks.checked import examine
from techdoctor.playbooks.declared import Declared
from techdoctor.playbooks.graph import circle_without_answer, reachable
from techdoctor.playbooks.library import SUFFIX, Library, read
from techdoctor.playbooks.problem import ERROR, WARNING, Path, Problem, nearest
from techdoctor.playbooks.strict_yaml import Document
from techdoctor.playbooks.uses import used_names

_NEEDS_UNDO = RISKS[RISKS.index("medium") :]


def lint_files(paths: Iterable[File], library: Library, declared: Declared | None = None) -> list[Problem]:
    """Lints playbook files.

    Args:
        paths: Files, and folders of such files.
        library: The playbooks that the files may call.
        declared: Probes and actions; those of this program when not given.

    Returns:
        All problems, by file and line. Playbooks are fit when none has the level ERROR.
    """
    problems: list[Problem] = []
    trees: dict[str, tuple[Document, dict[str, Any]]] = {}
    for file in _playbook_files(paths):
        try:
            content = read(file)
        except PlaybookError as error:
            problems.append(Problem(str(file), 1, 1, "", error.message.partition(": ")[2]))
            continue
        document, sound = examine(content, str(file), declared)
        if not document.problems:
            _Lint(document, sound).all()
            trees[str(file)] = (document, sound)
        if "id" in sound and file.name != sound["id"] + SUFFIX:
            document.problem(("id",), f"the file must be called {sound['id']}{SUFFIX}, like its id")
        problems += document.problems
    problems += _between_files(trees, library)
    return sorted(problems, key=lambda p: (p.file, p.line, p.column, p.path))


def _playbook_files(paths: Iterable[File]) -> list[File]:
    found: dict[File, None] = {}
    for path in paths:
        inside = sorted(file for file in path.glob("*" + SUFFIX) if file.is_file()) if path.is_dir() else [path]
        found.update(dict.fromkeys(inside))
    return list(found)


class _Lint:
    """The checks that need one file only. Its tree has no errors of loading."""

    def __init__(self, document: Document, tree: Mapping[str, Any]) -> None:
        self._document = document
        self._tree = tree
        self._nodes: Mapping[str, Any] = tree["nodes"]
        self._causes: Mapping[str, Any] = tree.get("causes", {})

    def _note(self, path: Path, message: str, level: str = ERROR, *, at_key: bool = True) -> None:
        self._document.problem(path, message, at_key=at_key, level=level)

    def all(self) -> None:
        self._graph()
        self._unused()
        self._fixes()
        self._titles()
        if not self._tree.get("tests"):
            self._note((), "has no tests", WARNING)
        if not self._tree.get("symptoms"):
            self._note((), "has no symptoms: nobody will find it by their own words", WARNING)

    def _graph(self) -> None:
        reached = reachable(self._tree["start"], self._nodes)
        for name in self._nodes:
            if name not in reached:
                self._note(("nodes", name), "no way leads here from the start")
        circle = circle_without_answer(self._nodes)
        if circle:
            way = " -> ".join([*circle, circle[0]])
            self._note(("nodes", circle[0]), f"goes round without any answer of a person: {way}")

    def _unused(self) -> None:
        listed = {cause for node in self._nodes.values() for cause in (*node.get("causes", ()), node.get("cause", ""))}
        for name in self._causes:
            if name not in listed:
                self._note(("causes", name), "no node names this cause: it is never looked for")
        used = used_names(self._tree)
        for part, what in (("facts", "measured for nothing"), ("inputs", "never used"), ("limits", "never used")):
            for name in self._tree.get(part, {}):
                if (part, name) not in used:
                    self._note((part, name), what, WARNING)

    def _fixes(self) -> None:
        acts = False
        for name, cause in self._causes.items():
            fixes = cause.get("fix", ())
            if not fixes:
                self._note(("causes", name), "has no fix; who can cure it? (a fix with `ends: referred` says so)")
            for index, fix in enumerate(fixes):
                acts = acts or "action" in fix
                if fix.get("risk") in _NEEDS_UNDO and "undo" not in fix and not fix.get("irreversible"):
                    message = f"a fix of risk {fix['risk']} needs `undo`, or `irreversible: true`"
                    self._note(("causes", name, "fix", index), message, at_key=False)
        if acts and "verify" not in self._tree:
            self._note((), "has fixes that act, but no `verify`: nothing would show that they helped")

    def _titles(self) -> None:
        seen: dict[str, str] = {}
        for name, cause in self._causes.items():
            other = seen.setdefault(_folded(cause["title"]), name)
            if other != name:
                message = f"reads like the title of {other}: nobody can tell them apart"
                self._note(("causes", name, "title"), message, WARNING, at_key=False)


def _between_files(trees: Mapping[str, tuple[Document, dict[str, Any]]], library: Library) -> Iterator[Problem]:
    """Ids and titles that collide, and calls and causes of other playbooks that are not there."""
    first_id: dict[str, str] = {}
    first_title: dict[str, str] = {}
    for file, (document, tree) in trees.items():
        before = len(document.problems)
        other = first_id.setdefault(tree["id"], file)
        if other != file:
            document.problem(("id",), f"{other} has the same id")
        else:
            other = first_title.setdefault(_folded(tree["title"]), file)
            if other != file:
                document.problem(("title",), f"{other} has the same title")
        _check_references(document, tree, trees, library)
        yield from document.problems[before:]


def _check_references(
    document: Document,
    tree: Mapping[str, Any],
    trees: Mapping[str, tuple[Document, dict[str, Any]]],
    library: Library,
) -> None:
    together = {other["id"]: other for _, other in trees.values()}
    known = sorted({*library.ids(), *together})
    for path, playbook in _named_playbooks(tree):
        if playbook not in known:
            # `see` only tells a person where to go on; a call would break the walk.
            level = WARNING if path[-1] == "see" else ERROR
            document.problem(path, f"no playbook {playbook}{nearest(playbook, known)}", level=level)
    for name, cause in tree.get("causes", {}).items():
        for index, other in enumerate(cause.get("explains", ())):
            playbook, _, short = other.rpartition(".")
            path = ("causes", name, "explains", index)
            if not playbook:
                continue
            if playbook not in known:
                document.problem(path, f"no playbook {playbook}{nearest(playbook, known)}", level=WARNING)
                continue
            causes = _causes_of(playbook, together, library)
            if causes is not None and short not in causes:
                document.problem(path, f"no cause {short} in {playbook}{nearest(short, causes)}")


def _named_playbooks(tree: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for name, node in tree["nodes"].items():
        for key in ("call", "see"):
            if key in node:
                yield ("nodes", name, key), node[key]
        for index, entry in enumerate(node.get("branch", ())):
            if "call" in entry:
                yield ("nodes", name, "branch", index, "call"), entry["call"]


def _causes_of(playbook: str, together: Mapping[str, Mapping[str, Any]], library: Library) -> Sequence[str] | None:
    """The causes of another playbook; None when that one has mistakes of its own."""
    if playbook in together:
        return list(together[playbook].get("causes", {}))
    try:
        return list(library.load(playbook).causes)
    except PlaybookError:
        return None


def _folded(title: str) -> str:
    return " ".join(title.lower().split()).rstrip(".")
