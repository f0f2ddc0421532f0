"""Every foreign model reads as what TensorFlow's own classes found in it."""

from __future__ import annotations

from typing import Any

import pytest

from sigfix.model import (
    CompositeSpec,
    DictValue,
    Literal,
    MetaGraph,
    NamedTupleValue,
    Shape,
    SignatureTensor,
    TensorSpec,
    TupleValue,
    Value,
)
from sigfix.reading import read
from tests.corpus import CORPUS, facts, needs_corpus, saved_models

FACTS = facts()
pytestmark = needs_corpus
PROTO_NAMES = {"float32": "float", "float64": "double", "float16": "half"}


def shape_text(shape: Shape) -> str:
    if shape is None:
        return "?"
    return "[" + ",".join("-" if size is None else str(size) for size in shape) + "]"


def signature_text(tensor: SignatureTensor) -> str:
    base = tensor.spec.dtype.removesuffix("_ref")
    dtype = PROTO_NAMES.get(base, base) + tensor.spec.dtype[len(base) :]
    name = {"dense": tensor.spec.name, "sparse": "coo_sparse", "composite": "composite_tensor"}
    return f"{dtype}{shape_text(tensor.spec.shape)}@{name[tensor.encoding]}"


def value_text(value: Value) -> str:
    if isinstance(value, TensorSpec):
        return f"{value.dtype}{shape_text(value.shape)}"
    if isinstance(value, TupleValue):
        return "(" + ", ".join(map(value_text, value.items)) + ")"
    if isinstance(value, DictValue):
        return "{" + ", ".join(f"{key}:{value_text(item)}" for key, item in value.items) + "}"
    if isinstance(value, NamedTupleValue):
        inner = ", ".join(f"{key}:{value_text(item)}" for key, item in value.items)
        return f"{value.type_name}({inner})"
    if isinstance(value, Literal):
        return str(value.value)
    assert not isinstance(value, CompositeSpec)
    return str(value)


def unordered(text: str) -> list[str]:
    """A spec as a multiset of characters: the facts list dicts in the file's order."""
    return sorted(text)


@pytest.mark.parametrize("name", saved_models())
def test_meta_graphs_equal_the_facts(name: str) -> None:
    model = read(CORPUS / name)
    expected = FACTS[name]
    assert model.encoding == expected["kind"]
    assert model.size_bytes - (CORPUS / name / "ORIGIN.txt").stat().st_size == expected["size"]
    assert len(model.meta_graphs) == len(expected["meta"])
    for meta, fact in zip(model.meta_graphs, expected["meta"], strict=True):
        assert list(meta.tags) == fact["tags"]
        assert meta.tensorflow_version == fact["tf"]
        assert sorted(meta.collections) == fact["collections"]
        assert len(meta.graph.nodes) == fact["nodes"]
        assert len(meta.graph.functions) == fact["fns"]
        assert len(meta.objects.nodes if meta.objects else ()) == fact["og_nodes"]
        # The facts write a missing `shape` attribute as a scalar; it means an unknown rank.
        placeholders = [
            f"{node.name}:{signature_dtype(node.attributes['dtype'])}"
            f"{shape_text(dict(node.attributes).get('shape', ()))}"
            for node in meta.graph.nodes
            if node.op == "Placeholder"
        ]
        assert placeholders[:12] == fact["placeholders"]
        if meta.objects and meta.objects.root:
            assert meta.objects.root.kind == fact["root_kind"]
            assert meta.objects.root.identifier == fact["root_id"]
        assert {asset.filename for asset in meta.assets} == set(expected["assets_wanted"])
        assert [asset.filename for asset in meta.assets if not asset.exists] == (
            expected["assets_missing"]
        )


def signature_dtype(dtype: str) -> str:
    return PROTO_NAMES.get(dtype, dtype)


@pytest.mark.parametrize("name", saved_models())
def test_signatures_equal_the_facts(name: str) -> None:
    for meta, fact in zip(read(CORPUS / name).meta_graphs, FACTS[name]["meta"], strict=True):
        found = {
            signature.key: {
                "in": {tensor.key: signature_text(tensor) for tensor in signature.inputs},
                "out": {tensor.key: signature_text(tensor) for tensor in signature.outputs},
                "method": signature.method_name,
            }
            for signature in meta.signatures
        }
        assert found == fact["sigs"]


def described(meta: MetaGraph) -> dict[str, dict[str, Any]]:
    """The functions as the facts list them: two levels deep, no bare concrete functions."""
    return {
        function.path: {
            "n_concrete": len(function.traces),
            "specs": [
                f"({value_text(trace.args)}, {value_text(trace.kwargs)})"
                f" -> {value_text(trace.output)}"
                for trace in function.traces[:3]
            ],
        }
        for function in (meta.objects.functions if meta.objects else ())
        if not function.is_bare and function.path.count(".") <= 1
    }


@pytest.mark.parametrize("name", saved_models())
def test_functions_and_traces_equal_the_facts(name: str) -> None:
    for meta, fact in zip(read(CORPUS / name).meta_graphs, FACTS[name]["meta"], strict=True):
        found = described(meta)
        expected = {item["path"]: item for item in fact["functions"]}
        assert sorted(found) == sorted(expected)
        for path, function in found.items():
            assert function["n_concrete"] == expected[path]["n_concrete"]
            for ours, theirs in zip(function["specs"], expected[path]["specs"], strict=True):
                if theirs.endswith("..."):
                    continue
                assert unordered(ours) == unordered(theirs), path


@pytest.mark.parametrize("name", saved_models())
def test_variables_equal_the_facts(name: str) -> None:
    model = read(CORPUS / name)
    expected = FACTS[name]["vars"]
    if expected == "none needed":
        assert model.variables is None
        return
    store = model.variables
    assert store is not None and not store.error
    assert expected == f"complete ({len(store.tensors)} tensors)"
    assert all(shard.size is not None and shard.size >= shard.needed for shard in store.shards)
