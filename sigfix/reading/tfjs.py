"""A TensorFlow.js `model.json` -> `model.OtherModel`, its weight files by size only."""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path
from typing import Any

from sigfix.errors import UnreadableModelError
from sigfix.model import Graph, Node, OtherModel, Problem, Shape, TensorSpec
from sigfix.reading.protos import dtype_name

CARD_KEY = "sigfix"
"""Where sigfix keeps its card in `userDefinedMetadata`."""
_LARGEST = 512 << 20
_BYTES = {"float32": 4, "int32": 4, "bool": 1, "uint8": 1, "uint16": 2, "float16": 2,
          "complex64": 8, "string": 0}  # fmt: skip


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
    for dimension in value.get("dim") or ():
        size = int(dimension.get("size", 0)) if isinstance(dimension, dict) else -1
        sizes.append(size if size >= 0 else None)
    return tuple(sizes)


def _attribute(value: Any) -> Any:
    """An AttrValue in JSON as a plain value."""
    if not isinstance(value, dict) or not value:
        return None
    kind, content = next(iter(value.items()))
    if kind == "list" and isinstance(content, dict):
        items = next(iter(content.items()), ("", ()))
        return tuple(_attribute({items[0]: item}) for item in items[1] or ())
    if kind == "type":
        return _dtype(content)
    if kind == "shape":
        return _shape(content)
    if kind == "s":
        try:
            return base64.b64decode(str(content)).decode("utf-8", "replace")
        except binascii.Error:
            return str(content)
    if kind == "i":
        return int(content)
    return content


def _node(value: dict[str, Any]) -> Node:
    attributes = value.get("attr")
    return Node(
        name=str(value.get("name", "")),
        op=str(value.get("op", "")),
        inputs=tuple(map(str, value.get("input") or ())),
        attributes={
            key: _attribute(item)
            for key, item in (attributes.items() if isinstance(attributes, dict) else ())
        },
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
    for size in weight.get("shape") or ():
        count *= max(int(size), 0)
    return count * _BYTES.get(str(dtype), 4)


def _weights(manifest: Any, folder: Path) -> tuple[dict[str, str], list[Problem]]:
    """What the manifest lists, and which of its files are missing or too short."""
    problems: list[Problem] = []
    quantized: set[str] = set()
    tensors = stored = 0
    for group in manifest if isinstance(manifest, list) else ():
        if not isinstance(group, dict):
            continue
        weights = [item for item in group.get("weights") or () if isinstance(item, dict)]
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
        for name in map(str, group.get("paths") or ()):
            if Path(name).is_absolute() or ".." in Path(name).parts:
                problems.append(Problem("CON209", f"{name!r} leads out of the model's directory"))
                missing = True
            elif not (folder / name).is_file():
                problems.append(Problem("CON204", f"the weight file {name} is missing", name))
                missing = True
            else:
                present += (folder / name).stat().st_size
        if not missing and present < needed:
            problems.append(
                Problem("CON205", f"the weight files have {present:,} of {needed:,} bytes")
            )
    facts = {"weights": f"{tensors} tensors, {stored:,} bytes"}
    if quantized:
        facts["quantised to"] = ", ".join(sorted(quantized))
    return facts, problems


def is_tfjs(document: Any) -> bool:
    """Whether a JSON document is a TensorFlow.js model."""
    return isinstance(document, dict) and "modelTopology" in document


def read_tfjs(path: Path) -> OtherModel:
    """Describe a model.json. Raises `UnreadableModelError` where it is none."""
    size = path.stat().st_size
    if size > _LARGEST:
        raise UnreadableModelError(f"{path} is too large for a model.json.", code="CON214")
    try:
        document = json.loads(path.read_bytes(), parse_constant=str)
    except (ValueError, OSError) as error:
        raise UnreadableModelError(f"{path} is not JSON: {error}.", code="CON214") from error
    if not is_tfjs(document):
        raise UnreadableModelError(
            f"{path} is JSON, but no TensorFlow.js model: it has no modelTopology.", code="CON212"
        )
    try:
        return _described(path, size, document)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        reason = f"it lacks {error}" if isinstance(error, LookupError) else str(error)
        raise UnreadableModelError(
            f"{path} is no TensorFlow.js model: {reason}.", code="CON214"
        ) from error


def _described(path: Path, size: int, document: dict[str, Any]) -> OtherModel:
    facts, problems = _weights(document.get("weightsManifest"), path.parent)
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
    signature = document.get("signature") or (metadata or {}).get("signature") or {}
    shards = [name for group in document.get("weightsManifest") or () for name in group["paths"]]
    present = [path.parent / str(name) for name in shards if (path.parent / str(name)).is_file()]
    return OtherModel(
        path=path,
        kind="tfjs",
        title="TensorFlow.js layers model" if layers else "TensorFlow.js graph model",
        size_bytes=size + sum(item.stat().st_size for item in present),
        inputs=_tensors(signature.get("inputs")),
        outputs=_tensors(signature.get("outputs")),
        operators=dict(sorted(graph.op_counts.items())) if graph else {},
        facts=tuple(facts.items()),
        graph=graph,
        problems=tuple(problems),
        card=card if isinstance(card, dict) else None,
    )
