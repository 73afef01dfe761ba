"""Reading YAML: scalars by YAML 1.2, places, and everything that is refused."""

from __future__ import annotations

import time

import pytest
import yaml

from techdoctor.model import Value
from techdoctor.playbooks.strict_yaml import Mark, parse
from tests.playbooks.sample import DNS, edited, messages


@pytest.fixture(params=["C loader", "pure loader"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "pure loader":
        monkeypatch.delattr(yaml, "CSafeLoader")


# (written, value): https://yaml.org/spec/1.2.2/#1032-tag-resolution, and what PyYAML by itself gets wrong.
SCALARS: list[tuple[str, Value]] = [
    ("no", "no"),
    ("yes", "yes"),
    ("on", "on"),
    ("y", "y"),
    ("12:30", "12:30"),
    ("12:30:45", "12:30:45"),
    ("2024-01-01", "2024-01-01"),
    ("1.0.0", "1.0.0"),
    ("1_000", "1_000"),
    ("3.10", 3.1),
    ("1e3", 1000.0),
    ("0755", 755),
    ("0o17", 15),
    ("0x1F", 31),
    ("-7", -7),
    ("+7", 7),
    (".5", 0.5),
    ("5.", 5.0),
    ("true", True),
    ("FALSE", False),
    ("~", None),
    ("null", None),
    ("", None),
    ("'5'", "5"),
    ('"true"', "true"),
    (".inf", ".inf"),
    (".nan", ".nan"),
    ("1e999", "1e999"),
    ("9" * 30, "9" * 30),
    ("--", "--"),
    ("10.0.0.2", "10.0.0.2"),
]


@pytest.mark.parametrize(("written", "value"), SCALARS)
def test_scalars_are_those_of_yaml_1_2(loader: None, written: str, value: Value) -> None:
    document = parse(f"a: {written}\n".encode(), "x.yaml")
    assert not document.problems
    assert document.tree == {"a": value}
    assert isinstance(document.tree, dict)
    assert type(document.tree["a"]) is type(value)


def test_keys_are_text_as_written(loader: None) -> None:
    assert parse(b"{no: 1, 404: 2, true: 3, null: 4}", "x").tree == {"no": 1, "404": 2, "true": 3, "null": 4}


def test_every_path_has_its_place(loader: None) -> None:
    document = parse(b"a:\n  - {b: 'c d', e: [f]}\n", "x")
    assert document.mark(("a", 0, "b"), at_key=True) == Mark(2, 6, 0, True)
    assert document.mark(("a", 0, "b")) == Mark(2, 9, 1, True)
    assert document.mark(("a", 0, "e", 0)) == Mark(2, 20, 0, True)
    assert document.mark(("a", 1)) is None


REFUSED: list[tuple[bytes, str]] = [
    (b"a: 1\nb: 2\na: 3\n", "x.yaml:3:1: a: the key 'a' stands twice; first in line 1"),
    (b"a: &x 1\n", "x.yaml:1:4: a: anchors (&x) are not allowed"),
    (b"a: *x\n", "x.yaml:1:4: a: aliases (*x) are not allowed; write the value out"),
    (
        b"a: !!python/object/apply:os.system [ls]\n",
        "x.yaml:1:4: a: tags (tag:yaml.org,2002:python/object/apply:os.system)",
    ),
    (b"a: !mine 1\n", "x.yaml:1:4: a: tags (!mine) are not allowed"),
    (b"a: 1\n---\nb: 2\n", "a second document in one file is not allowed"),
    (b"[a]: 1\n", "a key must be plain text"),
    (b'a: "x\\x1b[31m"\n', "x.yaml:1:4: a: control characters are not allowed"),
    (b"a: [1\n", "not YAML: "),
    (b"a: '\n", "not YAML: "),
    (b"\xff\xfe\xff", "not UTF-8 text"),
    (b"a: \x00\n", "not YAML: "),
    (b"\ta: 1\n", "not YAML: "),
]


@pytest.mark.parametrize(("content", "message"), REFUSED)
def test_what_is_not_plain_data_is_refused_with_its_place(loader: None, content: bytes, message: str) -> None:
    shown = [str(problem) for problem in parse(content, "x.yaml").problems]
    assert any(message in line for line in shown), shown
    assert all(line.startswith("x.yaml:") for line in shown)


def test_all_refusals_are_reported_at_once(loader: None) -> None:
    document = parse(b"a: &x 1\nb: *x\na: 2\nc: !t 3\n", "x")
    assert [problem.line for problem in document.problems] == [1, 2, 3, 4]


BOMB = b"a: &a [x, x]\n" + b"".join(
    b"%c: &%c [*%c, *%c, *%c]\n" % (98 + i, 98 + i, 97 + i, 97 + i, 97 + i) for i in range(24)
)
MONSTERS = {
    "bomb": BOMB,
    "10 MiB": b"a: b\n" * (2 << 20),
    "1 MiB of duplicate keys": b"a: b\n" * (200 << 10),
    "deep flow lists": b"[" * 900_000,
    "deep flow maps": b"{a: " * 200_000,
    "deep blocks": b"".join(b" " * i + b"a:\n" for i in range(1000)),
    "long condition": edited(("not link.up", "'" + "not " * 25_000 + "link.up'")),
    "deep condition": edited(("not link.up", "'" + "(" * 240 + "link.up" + ")" * 240 + "'")),
}


@pytest.mark.parametrize("name", MONSTERS)
def test_monsters_are_refused_within_a_second(loader: None, name: str) -> None:
    started = time.process_time()
    lines = messages(MONSTERS[name])
    assert time.process_time() - started < 1.0
    assert lines
    assert all(len(line) < 500 for line in lines)


def test_an_ordinary_file_has_no_problems(loader: None) -> None:
    # The pure loader takes an unquoted `?` inside braces for the sign of a key; libyaml does not.
    content = edited(("Which address does not open?", "'Which address does not open?'"))
    assert parse(content, "x").problems == []


def test_the_design_example_is_read_by_the_c_loader() -> None:
    assert yaml.__with_libyaml__
    assert parse(DNS.encode(), "x").problems == []
