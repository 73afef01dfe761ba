"""The field table as a JSON Schema (draft-07), for editors with yaml-language-server."""

from __future__ import annotations

from typing import Any

from techdoctor.playbooks.check import NAME_PATTERNS
from techdoctor.playbooks.fields import KINDS, LIST, MAP, Choice, Key, Kind
from techdoctor.playbooks.forms import FORMS

DRAFT = "http://json-schema.org/draft-07/schema#"


def json_schema() -> dict[str, Any]:
    """The schema of a playbook file. It checks what the table says; what parts say of each other only lint sees."""
    definitions = {_name(kind): _definition(kind) for kind in KINDS if kind != "playbook"}
    return {
        "$schema": DRAFT,
        "title": "techdoctor playbook",
        **_mapping(KINDS["playbook"]),
        "definitions": definitions,
    }


def _name(kind: str) -> str:
    return kind.replace(" ", "_")


def _definition(kind_name: str) -> dict[str, Any]:
    return _mapping(KINDS[kind_name])


def _mapping(kind: Kind | Choice) -> dict[str, Any]:
    if isinstance(kind, Choice):
        return {"description": kind.doc, "oneOf": [{"$ref": f"#/definitions/{_name(k)}"} for k in kind.kinds.values()]}
    schema: dict[str, Any] = {
        "type": "object",
        "description": kind.doc,
        "additionalProperties": False,
        "properties": {name: _key(key) for name, key in kind.keys.items()},
    }
    required = [name for name, key in kind.keys.items() if key.required]
    if required:
        schema["required"] = required
    groups = [{"oneOf": [{"required": [name]} for name in group]} for group in kind.one_of]
    if groups:
        schema["allOf"] = groups
    return schema


def _key(key: Key) -> dict[str, Any]:
    single = _single(key)
    if key.shape == LIST:
        schema: dict[str, Any] = {"type": "array", "items": single}
    elif key.shape == MAP:
        names = {"pattern": f"^({NAME_PATTERNS[key.names]})$"}
        schema = {"type": "object", "propertyNames": names, "additionalProperties": single}
    else:
        schema = dict(single)
    # In draft-07 a `$ref` hides what stands beside it: wrap it, so that the hover text is seen.
    if "$ref" in schema:
        schema = {"allOf": [schema]}
    schema["description"] = key.doc + (f" Default: {key.default}." if key.default else "")
    return schema


def _single(key: Key) -> dict[str, Any]:
    if key.type in KINDS:
        return {"$ref": f"#/definitions/{_name(key.type)}"}
    if key.enum:
        return {"enum": list(key.enum)}
    return dict(FORMS[key.type].schema)
