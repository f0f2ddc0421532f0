"""Leave out of a graph's JSON what TensorFlow.js does not read.

A GraphDef says the element type of every node, and every attribute though it has its default.
TF.js reads an attribute only where its own operator list (which the tensorflowjs package carries)
names it as supported, and takes that list's default where it is absent. Shapes and values of
constants come from the weights manifest.
"""

from __future__ import annotations

import base64
import functools
from typing import Any

from sigfix.exporting.tensorflowjs_parts import operator_lists

Attributes = dict[str, Any]


def compact(topology: dict[str, Any]) -> dict[str, Any]:
    """A GraphDef as JSON, each node with the attributes that TF.js reads and could not assume."""
    return {**topology, "node": [_compact_node(node) for node in topology["node"]]}


def _compact_node(node: dict[str, Any]) -> dict[str, Any]:
    known = _attributes().get(node["op"])
    if "attr" not in node:
        return node
    if known is None:
        return {**node, "attr": in_order(node["attr"])}
    kept = {
        name: value
        for name, value in node["attr"].items()
        if name in known and not ("defaultValue" in known[name] and _is_default(value, known[name]))
    }
    rest = {key: value for key, value in node.items() if key != "attr"}
    return {**rest, "attr": in_order(kept)} if kept else rest


def in_order(value: Any) -> Any:
    """JSON with the keys of every object sorted: protobuf gives those of maps in any order."""
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value)}
    return [in_order(item) for item in value] if isinstance(value, list) else value


@functools.cache
def _attributes() -> dict[str, dict[str, Attributes]]:
    """Operator -> attribute -> what TF.js's operator list says of it, the supported ones."""
    found: dict[str, dict[str, Attributes]] = {"Const": {"dtype": {}}}
    for operator in operator_lists():
        attributes = operator.get("attrs") or []
        # A deprecated name stands for the same parameter.
        supported = {a["tfName"]: a for a in attributes if not a.get("notSupported")}
        supported |= {
            a["tfDeprecatedName"]: a for a in supported.values() if "tfDeprecatedName" in a
        }
        found.setdefault(operator["tfOpName"], supported)
    return found


def _is_default(value: Attributes, attribute: Attributes) -> bool:
    """Whether a protobuf AttrValue as JSON is the default of the operator list."""
    default, kind = attribute["defaultValue"], attribute["type"]
    if kind == "bool":
        return bool(value.get("b", False) == default)
    if kind == "number":
        return "i" in value and bool(int(value["i"]) == default)
    if kind == "string":
        return base64.b64decode(value.get("s", "")) == str(default).encode()
    if kind == "number[]":
        return bool([int(item) for item in value.get("list", {}).get("i", [])] == default)
    return False
