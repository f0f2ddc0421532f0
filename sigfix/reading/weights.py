"""Whether a model's weights are numbers: NaN and infinity, wherever a format keeps them."""

from __future__ import annotations

from collections.abc import Iterator

from sigfix.errors import UnreadableModelError
from sigfix.model import NonFinite, OtherModel, SavedModel, VariableStore
from sigfix.reading.elsewhere import lies_elsewhere
from sigfix.reading.folder import mapped
from sigfix.reading.graph_constants import large_constants, parsed_constants
from sigfix.reading.locating import saved_model_file
from sigfix.reading.onnx_tensors import onnx_tensors
from sigfix.reading.stored_values import Span, StoredValues, non_finite
from sigfix.reading.tfjs_tensors import not_finite_scales, tfjs_tensors

MOST = 128 << 20
"""Bytes that are looked at unasked: in 0.06 s where the files are in memory, in 0.4 s where all of
it is NaN."""


def find_non_finite(
    model: SavedModel | OtherModel, most: int | None = MOST
) -> tuple[NonFinite, ...]:
    """The tensors with NaN or infinity in a model that was read; masks and bounds are none.

    Of the model's weights the smallest tensors are looked at, up to `most` bytes together (all
    with None): where training went wrong, biases and statistics show it as the large ones do.
    A file that cannot be read is left out; others say that it is missing. Variables in an archive,
    the weights of Keras files, and models that lie elsewhere are not looked at.
    """
    if lies_elsewhere(model.path):
        return ()
    try:
        if isinstance(model, SavedModel):
            return _of_saved_model(model, most)
        if model.kind == "onnx":
            with mapped(model.path) as data:
                return _search(onnx_tensors(data, model.path.parent), most)
        if model.kind == "tfjs":
            found = _search(tfjs_tensors(model.path), most)
            return (*found, *not_finite_scales(model.path))
    except (OSError, ValueError, UnreadableModelError):
        pass  # damaged: reading has said so, or says it next time
    return ()


def _of_saved_model(model: SavedModel, most: int | None) -> tuple[NonFinite, ...]:
    parsed = [item for meta in model.meta_graphs for item in parsed_constants(meta.graph)]
    variables = list(_variables(model))
    file = model.path if model.encoding == "graph" else saved_model_file(model.path)
    if file is None or not file.is_file() or file.suffix == ".pbtxt":
        return _search([*parsed, *variables], most)
    with mapped(file) as data:
        large = large_constants(data, "GraphDef" if model.encoding == "graph" else "SavedModel")
        return _search([*parsed, *large, *variables], most)


def _variables(model: SavedModel) -> Iterator[StoredValues]:
    store = model.variables or VariableStore()
    folder = model.path / "variables"
    shards = {shard.number: shard for shard in store.shards}
    for tensor in store.tensors:
        shard = shards.get(tensor.shard)
        if shard is None:
            continue
        path = folder / shard.filename
        if (shard.size or 0) < tensor.offset + tensor.size or not path.is_file():
            continue
        span = Span(path, tensor.offset, tensor.size)
        name = tensor.name.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE")
        yield StoredValues(name, tensor.dtype, (span,), tensor.shape, is_constant=False)


def _search(
    tensors: Iterator[StoredValues] | list[StoredValues], most: int | None
) -> tuple[NonFinite, ...]:
    left = most
    found: dict[NonFinite, None] = {}
    for values in sorted(tensors, key=lambda item: item.size):
        if left is not None:
            if values.size > left:
                break
            left -= values.size
        result = non_finite(values)
        if result is not None:
            found[result] = None
    return tuple(sorted(found, key=lambda item: item.name))
