"""The IPP codec: what is encoded comes back, and no bytes whatever can do harm."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from techdoctor.probes.printing import ipp_wire as wire
from techdoctor.probes.printing.ipp_wire import Attribute, Group, Message, WireError, decode, encode

_INT = st.integers(-(2**31), 2**31 - 1)
_NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12)
_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def _values(tag: int, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Attribute]:
    return st.lists(values, min_size=1, max_size=3).map(lambda found: Attribute(tag, tuple(found)))


_SIMPLE = st.one_of(
    _values(wire.INTEGER, _INT),
    _values(wire.ENUM, _INT),
    _values(wire.BOOLEAN, st.booleans()),
    _values(wire.RANGE, st.tuples(_INT, _INT)),
    _values(wire.RESOLUTION, st.tuples(_INT, _INT, st.integers(-128, 127))),
    _values(wire.OCTETS, st.binary(max_size=20)),
    _values(wire.KEYWORD, _WORDS),
    _values(wire.URI, _WORDS),
    _values(wire.TEXT_IN_LANGUAGE, _WORDS),
    _values(wire.NO_VALUE, st.none()),
)
_ATTRIBUTES = st.recursive(
    _SIMPLE,
    lambda inner: _values(wire.COLLECTION, st.dictionaries(_NAMES, inner, min_size=1, max_size=3)),
    max_leaves=6,
)
_MESSAGES = st.builds(
    Message,
    code=st.integers(0, 0x7FFF),
    groups=st.lists(
        st.builds(Group, st.sampled_from([1, 2, 4, 5]), st.dictionaries(_NAMES, _ATTRIBUTES, max_size=4)), max_size=3
    ).map(tuple),
    request_id=_INT,
    version=st.sampled_from([(1, 1), (2, 0)]),
)


@given(_MESSAGES, st.binary(max_size=8))
@settings(max_examples=150, deadline=None)
def test_round_trip(message: Message, document: bytes) -> None:
    assert decode(encode(message) + document) == (message, document)


@given(st.binary(max_size=400))
@settings(max_examples=400, deadline=None)
@example(b"\x02\x00\x00\x00\x00\x00\x00\x01\x04\x34\x00\x01a\x00\x00\x03")
@example(b"\x02\x00\x00\x00\x00\x00\x00\x01\x04\x37\x00\x00\x00\x00\x03")
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    try:
        message, _ = decode(data)
    except WireError:
        return
    assert all(isinstance(group, Group) for group in message.groups)


@given(_MESSAGES, st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_messages_are_refused_or_read(message: Message, data: st.DataObject) -> None:
    raw = bytearray(encode(message))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    try:
        decoded, rest = decode(cut)
    except WireError:
        return
    assert len(rest) < len(cut)
    assert all(isinstance(group, Group) for group in decoded.groups)


def test_deep_nesting_is_refused() -> None:
    nested = Attribute(wire.INTEGER, (1,))
    for _ in range(wire.MOST_NESTED):
        nested = Attribute(wire.COLLECTION, ({"m": nested},))
    assert decode(encode(Message(0, (Group(4, {"deep": nested}),))))[0].groups[0].attributes["deep"] == nested
    deeper = Attribute(wire.COLLECTION, ({"m": nested},))
    with pytest.raises(WireError, match="nested too deep"):
        decode(encode(Message(0, (Group(4, {"deep": deeper}),))))


def test_too_many_values_are_refused() -> None:
    many = Attribute(wire.INTEGER, tuple(range(wire.MOST_VALUES + 1)))
    with pytest.raises(WireError, match="too many"):
        decode(encode(Message(0, (Group(4, {"many": many}),))))


def test_one_odd_value_loses_only_itself() -> None:
    # printer-state as an enum of three bytes, then a good boolean
    raw = b"\x02\x00\x00\x00\x00\x00\x00\x01\x04\x23\x00\x01a\x00\x03abc\x22\x00\x01b\x00\x01\x01\x03"
    printer = decode(raw)[0].groups[0]
    assert (printer.number("a"), printer.flag("b")) == (None, True)


def test_accessors_never_confuse_kinds() -> None:
    printer = Group(4, {"flag": Attribute(wire.BOOLEAN, (True,)), "word": Attribute(wire.KEYWORD, ("x", "y"))})
    assert printer.number("flag") is None
    assert printer.flag("word") is None
    assert printer.texts("word") == ["x", "y"]
    assert (printer.text("flag"), printer.text("absent"), printer.first("absent")) == ("", "", None)


@pytest.mark.parametrize("data", [b"", b"\x02\x00", b"\x02\x00\x00\x00\x00\x00\x00\x01", b"<html>sign in</html>"])
def test_short_or_foreign(data: bytes) -> None:
    with pytest.raises(WireError):
        decode(data)
