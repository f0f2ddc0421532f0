"""A TensorFlow.js `model.json` -> `model.OtherModel`, its weight files by size only."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path
from typing import Any

from sigfix.errors import UnreadableModelError
from sigfix.model import Graph, Node, OtherModel, Problem, Shape, TensorSpec
from sigfix.reading.cards import checked_card
from sigfix.reading.files import companion_problem, read_bytes
from sigfix.reading.protos import dtype_name
from sigfix.wording import plural

CARD_KEY = "sigfix"
"""Where sigfix keeps its card in `userDefinedMetadata`."""
REGIONS_KEY = "regions"
"""Beside the values of a card, or alone: what sigfix/web/kernels computes at once."""
CALL_KEY = "call"
"""Likewise: that the model needs `executeAsync`, and how many loops it has."""
STATE_KEY = "state"
"""Likewise: which output feeds which input of the next call."""
_NO_CARDS = (REGIONS_KEY, CALL_KEY, STATE_KEY)
LARGEST = 512 << 20
_MOST_ELEMENTS = 1 << 53
"""JavaScript counts no further."""
_BYTES = {"float32": 4, "int32": 4, "bool": 1, "uint8": 1, "uint16": 2, "float16": 2,
          "complex64": 8, "string": 0}  # fmt: skip


def as_list(value: Any) -> list[Any]:
    """A list of JSON; an empty one for anything else."""
    return value if isinstance(value, list) else []


def as_object(value: Any) -> dict[str, Any]:
    """An object of JSON; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_integer(value: Any) -> int:
    """A whole number of JSON, where text and whole floats stand for one too. Raises ValueError."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} where a number belongs")
    return int(value) if isinstance(value, (int, float, str)) else 0


def _dtype(value: Any) -> str:
    """`DT_FLOAT` or its number as TensorFlow's Python name."""
    if isinstance(value, int):
        return dtype_name(value)
    name = str(value).removeprefix("DT_").lower()
    return {"float": "float32", "double": "float64", "half": "float16"}.get(name, name)


def _shape(value: Any) -> Shape:
    if not isinstance(value, dict) or value.get("unknownRank"):
        return None
    sizes: list[int | None] = []
    for dimension in as_list(value.get("dim")):
        size = as_integer(dimension.get("size", 0)) if isinstance(dimension, dict) else -1
        if size > _MOST_ELEMENTS:
            raise ValueError("a dimension is larger than any tensor")
        sizes.append(size if size >= 0 else None)
    return tuple(sizes)


def _attribute(value: Any) -> Any:
    """An AttrValue in JSON as a plain value."""
    if not isinstance(value, dict) or not value:
        return None
    kind, content = next(iter(value.items()))
    if kind == "list" and isinstance(content, dict):
        item_kind, items = next(iter(content.items()), ("", []))
        return tuple(_attribute({item_kind: item}) for item in as_list(items))
    if kind == "type":
        return _dtype(content)
    if kind == "shape":
        return _shape(content)
    if kind == "s":
        try:
            return base64.b64decode(str(content)).decode("utf-8", "replace")
        except ValueError:  # no base64, or no ASCII
            return str(content)
    if kind == "i":
        return as_integer(content)
    return content if isinstance(content, (bool, int, float, str)) else None


def _node(value: dict[str, Any]) -> Node:
    attributes = value.get("attr")
    return Node(
        name=str(value.get("name", "")),
        op=str(value.get("op", "")),
        inputs=tuple(map(str, as_list(value.get("input")))),
        attributes={key: _attribute(item) for key, item in as_object(attributes).items()},
    )


def _tensors(value: Any) -> tuple[TensorSpec, ...]:
    if not isinstance(value, dict):
        return ()
    return tuple(
        TensorSpec(_dtype(info.get("dtype")), _shape(info.get("tensorShape")), str(name))
        for name, info in value.items()
        if isinstance(info, dict)
    )


def weight_bytes(weight: dict[str, Any]) -> int:
    """The stored size of an entry of the manifest."""
    quantization = weight.get("quantization")
    dtype = weight.get("dtype", "float32")
    if isinstance(quantization, dict):
        dtype = quantization.get("dtype", dtype)
    count = 1
    for size in as_list(weight.get("shape")):
        count *= max(as_integer(size), 0)
    if count > _MOST_ELEMENTS:
        raise ValueError("a weight has more elements than any file could hold")
    return count * _BYTES.get(str(dtype), 4)


def _weights(manifest: Any, folder: Path) -> tuple[dict[str, str], list[Problem], int]:
    """What the manifest lists, which of its files are missing or too short, and their bytes."""
    problems: list[Problem] = []
    quantized: set[str] = set()
    tensors = stored = in_files = 0
    for group in as_list(manifest):
        if not isinstance(group, dict):
            continue
        weights = [item for item in as_list(group.get("weights")) if isinstance(item, dict)]
        needed = sum(map(weight_bytes, weights))
        tensors += len(weights)
        stored += needed
        quantized |= {
            str(item["quantization"].get("dtype"))
            for item in weights
            if isinstance(item.get("quantization"), dict)
        }
        present = 0
        missing = False
        for name in map(str, as_list(group.get("paths"))):
            problem = companion_problem(folder, name, "weight file")
            if problem is not None:
                problems.append(problem)
                missing = True
            else:
                present += (folder / name).stat().st_size
        in_files += present
        if not missing and present < needed:
            problems.append(
                Problem("CON205", f"the weight files have {present:,} of {needed:,} bytes")
            )
    facts = {"weights": f"{plural(tensors, 'tensor')}, {plural(stored, 'byte')}"}
    if quantized:
        facts["quantised to"] = ", ".join(sorted(quantized))
    return facts, problems, in_files


def is_tfjs(document: Any) -> bool:
    """Whether a JSON document is a TensorFlow.js model."""
    return isinstance(document, dict) and "modelTopology" in document


def read_tfjs(path: Path) -> OtherModel:
    """Describe a model.json. Raises `UnreadableModelError` where it is none."""
    data = read_bytes(path, LARGEST)
    try:
        document = json.loads(data, parse_constant=str)
    except ValueError as error:
        raise UnreadableModelError(f"{path} is not JSON: {error}.", code="CON214") from error
    if not is_tfjs(document):
        raise UnreadableModelError(
            f"{path} is JSON, but no TensorFlow.js model: it has no modelTopology.", code="CON212"
        )
    try:
        return _described(path, len(data), document)
    except ValueError as error:
        raise UnreadableModelError(
            f"{path} is no TensorFlow.js model: {error}.", code="CON214"
        ) from error


def _card_alone(card: Any) -> Any:
    """A card as it was; None where there was none, and only what lies beside cards is there."""
    if not isinstance(card, dict) or not card.keys() & _NO_CARDS:
        return card
    return {key: value for key, value in card.items() if key not in _NO_CARDS} or None


def _described(path: Path, size: int, document: dict[str, Any]) -> OtherModel:
    facts, problems, in_files = _weights(document.get("weightsManifest"), path.parent)
    made_by = str(document.get("generatedBy") or "")
    if made_by[:1].isdigit():
        made_by = f"TensorFlow {made_by}"
    if made_by:
        facts["producer"] = made_by
    if document.get("convertedBy"):
        facts["converter"] = str(document["convertedBy"])
    metadata = document.get("userDefinedMetadata")
    card = metadata.get(CARD_KEY) if isinstance(metadata, dict) else None
    if isinstance(metadata, dict):
        others = sorted(str(key) for key in metadata if key != CARD_KEY)
        facts |= {"metadata": ", ".join(others)} if others else {}
    topology = document["modelTopology"]
    nodes = topology.get("node") if isinstance(topology, dict) else None
    layers = document.get("format") == "layers-model" or nodes is None
    graph = None
    if not layers and isinstance(nodes, list):
        graph = Graph(tuple(_node(item) for item in nodes if isinstance(item, dict)))
    older = as_object(as_object(metadata).get("signature"))
    signature = as_object(document.get("signature")) or older
    return OtherModel(
        path=path,
        kind="tfjs",
        title="TensorFlow.js layers model" if layers else "TensorFlow.js graph model",
        size_bytes=size + in_files,
        inputs=_tensors(signature.get("inputs")),
        outputs=_tensors(signature.get("outputs")),
        operators=dict(sorted(graph.op_counts.items())) if graph else {},
        facts=tuple(facts.items()),
        graph=graph,
        problems=tuple(problems),
        card=checked_card(_card_alone(card)),
    )
