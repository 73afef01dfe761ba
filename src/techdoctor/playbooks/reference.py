"""The reference part of docs/playbooks.md, made from the field table."""

from __future__ import annotations

from collections.abc import Iterator

from techdoctor.playbooks.fields import KINDS, LIST, MAP, Choice, Key, Kind
from techdoctor.playbooks.forms import FORMS

BEGIN = "<!-- reference: made by techdoctor.playbooks.reference; do not edit below -->"
END = "<!-- end of reference -->"


def reference_page() -> str:
    """Every key of every kind as Markdown tables, one section a kind."""
    return "\n".join(line for name, kind in KINDS.items() for line in _section(name, kind)).rstrip() + "\n"


def with_reference(page: str) -> str:
    """The page with its part between the markers made anew.

    Raises:
        ValueError: A marker is missing.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs the lines {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n\n{reference_page()}\n{END}{after}"


def _section(kind_name: str, kind: Kind | Choice) -> Iterator[str]:
    yield f"### {kind_name}"
    yield ""
    yield kind.doc
    yield ""
    if isinstance(kind, Choice):
        for telling, inner in kind.kinds.items():
            yield f"- with `{telling}`: [{inner}](#{inner.replace(' ', '-')})"
        yield ""
        return
    for group in kind.one_of:
        yield f"Exactly one of {', '.join(f'`{one}`' for one in group)}."
        yield ""
    yield "| key | value | default | meaning | example |"
    yield "| --- | --- | --- | --- | --- |"
    for key_name, key in kind.keys.items():
        yield f"| `{key_name}` | {_value(key)} | {_default(key)} | {_cell(key.doc)} | `{_cell(key.example)}` |"
    yield ""


def _value(key: Key) -> str:
    if key.type in KINDS:
        words = f"[{key.type}](#{key.type.replace(' ', '-')})"
    elif key.enum:
        words = " or ".join(f"`{option}`" for option in key.enum)
    else:
        words = FORMS[key.type].words
    if key.shape == LIST:
        return f"list: {words}"
    return f"mapping: name to {words}" if key.shape == MAP else words


def _default(key: Key) -> str:
    return "required" if key.required else _cell(key.default) or "none"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Writes the reference into docs/playbooks.md of a source checkout."""
    from pathlib import Path

    page = Path(__file__).parents[3] / "docs" / "playbooks.md"
    page.write_text(with_reference(page.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{page}: made anew")


if __name__ == "__main__":
    main()
