"""A signature as it stands, as if it were to be built: so that two of one key can be compared.

Sparse and other composite tensors are fed and fetched by component, under the names that
`tf.saved_model.load` gives them: `x_indices`, `x_values`, `x_dense_shape`, and `x_component_0`, ...
"""

from __future__ import annotations

from collections.abc import Iterator

from sigfix.model import SavedModel, SignatureTensor, TensorSpec
from sigfix.planning.edits import (
    AddSignature,
    AliasSignature,
    Component,
    GraphSource,
    InputPlan,
    OutputPlan,
)
from sigfix.planning.signature_parts import signature_parts

SPARSE_PARTS = ("values", "indices", "dense_shape")
"""The order in which `SignatureTensor.components` has them."""


def alias_as_added(model: SavedModel, meta_graph: int, edit: AliasSignature) -> AddSignature:
    """An alias as the signature it is, its source the graph's tensors."""
    signature = model.meta_graphs[meta_graph].signature(edit.of)
    assert signature is not None
    parts = signature_parts(model.meta_graphs[meta_graph], signature)
    inputs = [part for item in signature.inputs for part in _parts(item)]
    outputs = [part for item in signature.outputs for part in _parts(item)]
    return AddSignature(
        edit.key,
        GraphSource(),
        tuple(
            InputPlan(
                name, spec.dtype, spec.shape, spec.name, component=component or parts.get(name)
            )
            for name, spec, component in inputs
        ),
        tuple(OutputPlan(name, spec.dtype, spec.shape, spec.name) for name, spec, _ in outputs),
    )


def _parts(item: SignatureTensor) -> Iterator[tuple[str, TensorSpec, Component | None]]:
    """Name, spec and role of every tensor behind a signature's input or output."""
    if item.encoding == "dense":
        yield item.key, item.spec, None
    elif item.encoding == "sparse":
        for part, spec in zip(SPARSE_PARTS, item.components, strict=True):
            component = Component(item.key, "sparse", part, item.spec.shape)
            yield f"{item.key}_{part}", spec, component
    else:
        for index, spec in enumerate(item.components):
            ragged = item.type_spec == "RaggedTensorSpec"
            part = "values" if index == 0 else f"row_splits_{index - 1}"
            role = Component(item.key, "ragged", part) if ragged else None
            yield f"{item.key}_component_{index}", spec, role
