"""Checks what the parts of a playbook say of each other, and of probes and actions: all at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from techdoctor.model import RISKS
from techdoctor.playbooks.calls import check_parameters, check_text, reference
from techdoctor.playbooks.declared import Declared
from techdoctor.playbooks.problem import Path, nearest
from techdoctor.playbooks.recorded import check_test
from techdoctor.playbooks.scope import RESERVED, Scope, sort_of_value
from techdoctor.playbooks.sorts import check_condition
from techdoctor.playbooks.strict_yaml import Document

UNKNOWN = "unknown"
NONE_NEEDED = "none_needed"
# Five times a long playbook. More would keep a machine busy with measuring, or pass engine.step.MOST_STEPS.
MOST = {"facts": 200, "nodes": 900, "causes": 300, "tests": 500}


def cross_check(document: Document, sound: Mapping[str, Any], declared: Declared) -> None:
    """Notes every mistake between parts in the document's problems.

    Args:
        document: The file.
        sound: What check.py found sound of its tree.
        declared: The probes and actions there are.
    """
    too_many = [name for name, most in MOST.items() if len(sound.get(name, ())) > most]
    for name in too_many:
        document.problem((name,), f"{len(sound[name])} {name}; at most {MOST[name]} are allowed", at_key=True)
    if too_many:
        return
    checker = _CrossCheck(document, sound, declared)
    checker.inputs()
    checker.facts()
    checker.nodes()
    checker.causes()
    checker.verify()
    for index, test in enumerate(sound.get("tests", ())):
        if test is not None:
            check_test(document, test, ("tests", index), checker.scope)


class _CrossCheck:
    def __init__(self, document: Document, sound: Mapping[str, Any], declared: Declared) -> None:
        self._document = document
        self._sound = sound
        self._declared = declared
        self._questions: set[str] = set()
        self.scope = Scope(sound, document.tree, declared)

    def _name(self, path: Path, name: str, options: Iterable[str], what: str) -> None:
        """The name at a path must be one of the options."""
        options = list(options)
        if name not in options:
            self._document.problem(path, f"no {what} {name}{nearest(name, options)}")

    def _names(self, path: Path, names: Iterable[str | None], options: Iterable[str], what: str) -> None:
        options, seen = list(options), set[str]()
        for index, name in enumerate(names):
            if name is None:
                continue
            self._name((*path, index), name, options, what)
            if name in seen:
                self._document.problem((*path, index), f"{name} stands twice in the list")
            seen.add(name)

    def _texts(self, raw: Mapping[str, Any], path: Path, *names: str) -> None:
        for name in names:
            if name in raw:
                self._text(raw[name], (*path, name))

    def _text(self, text: str, path: Path) -> None:
        check_text(text, self.scope, lambda message, offset: self._document.problem(path, message, offset=offset))

    def _condition(self, raw: Mapping[str, Any], path: Path, name: str) -> None:
        if name in raw:
            place = (*path, name)
            check_condition(raw[name], self.scope, lambda m, offset: self._document.problem(place, m, offset=offset))

    def inputs(self) -> None:
        for name, entry in self._sound.get("inputs", {}).items():
            wanted = self.scope.input(name)
            if "default" in entry and sort_of_value(entry["default"]) != wanted:
                message = f"the default is {sort_of_value(entry['default']).word}, the type {entry.get('type', 'text')}"
                self._document.problem(("inputs", name, "default"), message)

    def facts(self) -> None:
        for name, fact in self._sound.get("facts", {}).items():
            path: Path = ("facts", name)
            if name in RESERVED:
                self._document.problem(path, f"a fact may not be called {name}", at_key=True)
            self._names((*path, "after"), fact.get("after", ()), self.scope.facts, "fact")
            self._names((*path, "discloses"), fact.get("discloses", ()), self.scope.inputs, "input")
            probe = self.scope.facts[name]
            if probe is None and "probe" in fact:
                suggestion = nearest(fact["probe"], self._declared.probe_names())
                self._document.problem((*path, "probe"), f"unknown probe '{fact['probe']}'{suggestion}")
            elif probe is not None:
                self._parameters(fact, path, probe.parameters, probe.name)
        self._no_circle()

    def _parameters(self, raw: Mapping[str, Any], path: Path, declared: Mapping[str, Any], callee: str) -> None:
        def report(name: str, message: str) -> None:
            self._document.problem((*path, "with", name) if name else path, message)

        check_parameters(raw.get("with", {}), declared, callee, self.scope, report)

    def _no_circle(self) -> None:
        """Facts that wait for each other would never be measured."""
        waits = {name: _waits_for(fact) for name, fact in self._sound.get("facts", {}).items()}
        for name, first in waits.items():
            reached, todo = set[str](), list(first)
            while todo:
                fact = todo.pop()
                if fact not in reached:
                    reached.add(fact)
                    todo += waits.get(fact, ())
            if name in reached:
                message = "waits for itself, through `after` or `$fact.field`"
                self._document.problem(("facts", name), message, at_key=True)

    def nodes(self) -> None:
        self._target(self._sound, (), "start")
        for name, node in self._sound.get("nodes", {}).items():
            path: Path = ("nodes", name)
            self._texts(node, path, "say", "why")
            if "branch" in node:
                self._branch(node["branch"], (*path, "branch"))
            if "ask" in node:
                self._ask(node["ask"], (*path, "ask"), node["ask"].get("id", name))
            if "causes" in node:
                self._names((*path, "causes"), node["causes"], self.scope.causes, "cause")
            if "cause" in node:
                self._name((*path, "cause"), node["cause"], self.scope.causes, "cause")
            self._target(node, path, "then")

    def _target(self, raw: Mapping[str, Any], path: Path, key: str) -> None:
        if key in raw:
            self._name((*path, key), raw[key], self.scope.nodes, "node")

    def _branch(self, entries: list[Any], path: Path) -> None:
        for index, entry in enumerate(entries):
            if entry is None:
                continue
            place = (*path, index)
            self._condition(entry, place, "when")
            self._texts(entry, place, "why")
            self._target(entry, place, "goto")
            self._target(entry, place, "then")
            if "then" in entry and "call" not in entry:
                self._document.problem((*place, "then"), "'then' goes with 'call' only", at_key=True)
            if "else" in entry and index < len(entries) - 1:
                self._document.problem(place, "nothing after `else: true` is ever reached; put it last")
        if not any(entry is None or "else" in entry for entry in entries):
            self._document.problem(path, "the branch needs a last entry `else: true`")

    def _ask(self, ask: Mapping[str, Any], path: Path, question: str) -> None:
        self._question(ask, path, question)
        if "on" not in ask or "choices" not in ask:
            return
        for choice in ask["on"]:
            self._name((*path, "on", choice), choice, (*ask["choices"], UNKNOWN), "choice")
            self._target(ask["on"], (*path, "on"), choice)
        missing = [choice for choice in (*ask["choices"], UNKNOWN) if choice not in ask["on"]]
        if missing:
            self._document.problem((*path, "on"), f"no node for the answer {', '.join(missing)}")

    def _question(self, ask: Mapping[str, Any], path: Path, question: str) -> None:
        self._texts(ask, path, "text", "why")
        choices = ask.get("choices", {})
        self._texts(choices, (*path, "choices"), *choices)
        if UNKNOWN in choices:
            self._document.problem((*path, "choices", UNKNOWN), '"I don\'t know" is added by itself', at_key=True)
        if question and question in self._questions:
            self._document.problem((*path, "id"), f"two questions are called {question}")
        self._questions.add(question)

    def causes(self) -> None:
        for name, cause in self._sound.get("causes", {}).items():
            path: Path = ("causes", name)
            self._condition(cause, path, "confirm")
            self._condition(cause, path, "rule_out")
            self._texts(cause, path, "title", "detail")
            if "ask" in cause:
                self._question(cause["ask"], (*path, "ask"), cause["ask"].get("id", ""))
            for index, other in enumerate(cause.get("explains", ())):
                owner, _, local = (other or "").rpartition(".")
                if local and owner in ("", self._sound.get("id", "")):
                    self._name((*path, "explains", index), local, self.scope.causes, "cause")
            seen: set[str] = set()
            for index, fix in enumerate(cause.get("fix", ())):
                if fix is None:
                    continue
                self._fix(fix, (*path, "fix", index))
                if fix.get("id") in seen:
                    self._document.problem((*path, "fix", index, "id"), f"two fixes are called {fix['id']}")
                seen.update([fix["id"]] if "id" in fix else [])

    def _fix(self, fix: Mapping[str, Any], path: Path) -> None:
        self._condition(fix, path, "when")
        self._texts(fix, path, "instruct")
        if "action" not in fix:
            if "with" in fix:
                self._document.problem((*path, "with"), "'with' goes with 'action' only", at_key=True)
            return
        action = self._declared.action(fix["action"])
        if action is None:
            suggestion = nearest(fix["action"], self._declared.action_names())
            self._document.problem((*path, "action"), f"unknown action '{fix['action']}'{suggestion}")
            return
        self._parameters(fix, path, action.parameters, action.name)
        risk = fix.get("risk", action.least_risk)
        if risk in RISKS and RISKS.index(risk) < RISKS.index(action.least_risk):
            message = f"{action.name} is never less than a {action.least_risk} risk"
            self._document.problem((*path, "risk"), message)
        known = [undo for undo in (action.undo_name, NONE_NEEDED) if undo]
        if "undo" in fix and fix["undo"] not in known:
            message = f"{action.name} has no undo {fix['undo']}{nearest(fix['undo'], known)}"
            self._document.problem((*path, "undo"), message)

    def verify(self) -> None:
        verify = self._sound.get("verify")
        if verify is not None:
            if "fact" in verify:
                self._name(("verify", "fact"), verify["fact"], self.scope.facts, "fact")
            self._condition(verify, ("verify",), "until")


def _waits_for(fact: Mapping[str, Any]) -> list[str]:
    waits = [name for name in fact.get("after", ()) if name]
    for value in fact.get("with", {}).values():
        try:
            named = reference(value) if isinstance(value, str) else None
        except ValueError:  # reported where parameters are checked
            continue
        if named is not None and named[0] != "inputs":
            waits.append(named[0])
    return waits
