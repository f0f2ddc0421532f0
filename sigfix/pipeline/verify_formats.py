"""`verify` where at least one model is no SavedModel: one callable of each, in any format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

from sigfix.errors import BlockedError, NotVerifiedError
from sigfix.model import DEFAULT_SERVING_KEY, OtherModel, SavedModel, TensorSpec
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.changing import refuse_undecided
from sigfix.pipeline.keras_file import export_keras, keras_side, refuse_untrusted
from sigfix.pipeline.progress import silent
from sigfix.planning import Choices
from sigfix.planning.edits import InputPlan
from sigfix.planning.keras_file import plan_keras
from sigfix.planning.meta_graphs import choose_meta_graph
from sigfix.planning.signatures import require
from sigfix.quoting import quote_path
from sigfix.reading import read
from sigfix.verifying.arrays import Arrays
from sigfix.verifying.checking import Check, Side, not_comparable, verify
from sigfix.verifying.feeding import AsTheyAre, Renamed
from sigfix.verifying.inputs.cases import Case, Given, made_up
from sigfix.verifying.inputs.contents import picks_the_best
from sigfix.verifying.inputs.given import fit_inputs
from sigfix.verifying.matching import Pair, narrowed, pair_tensors, turned_back
from sigfix.verifying.runnable import Runnable
from sigfix.verifying.runners import onnx, saved_model
from sigfix.verifying.runners.tensor_files import in_tfjs_dtypes
from sigfix.verifying.runners.tfjs_model import tfjs_model
from sigfix.verifying.tolerances import REPAIRED, TFJS, Tolerance
from sigfix.verifying.verdict import Verification


@dataclass(frozen=True)
class Chosen:
    """What is compared of a model; `key` is a SavedModel's signature, `tfjs` its format."""

    runnable: Runnable
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    key: str = ""
    tfjs: bool = False
    operators: frozenset[str] = frozenset()


def chosen(
    model: SavedModel | OtherModel,
    signature: str | None,
    tags: tuple[str, ...] | None,
    options: RepairOptions,
    folder: Path,
) -> Chosen:
    """The callable of a model: its only one, or a SavedModel's `signature`.

    `options` say how Keras is run, which writes into `folder`. Raises `BlockedError` for a
    SavedModel without one, and for a Keras file that is not trusted.
    """
    if isinstance(model, OtherModel):
        if model.kind == "keras":
            return _of_keras(model, options, folder)
        operators = frozenset(model.operators)
        if model.kind == "onnx":
            file = onnx.onnx_file(model.path)
            return Chosen(file, model.inputs, model.outputs, operators=operators)
        folder = model.path if model.path.is_dir() else model.path.parent
        runnable = tfjs_model(folder, [spec.name for spec in model.outputs])
        return Chosen(runnable, model.inputs, model.outputs, tfjs=True, operators=operators)
    meta_graph = model.meta_graphs[choose_meta_graph(model, tags)]
    known = meta_graph.user_signatures
    if not known:
        raise BlockedError(
            f"{model.path} has no signature to compare.", f"sigfix repair {quote_path(model.path)}"
        )
    key = signature or (known[0].key if len(known) == 1 else DEFAULT_SERVING_KEY)
    found = require(meta_graph, key)
    inputs, outputs = (
        tuple(replace(item.spec, name=item.key) for item in items)
        for items in (found.inputs, found.outputs)
    )
    runnable = saved_model.signature(Path(model.path), meta_graph.tags, key)
    operators = frozenset(meta_graph.used_ops)
    return Chosen(runnable, inputs, outputs, key, operators=operators)


def _of_keras(model: OtherModel, options: RepairOptions, folder: Path) -> Chosen:
    """A Keras file, run by Keras; what it takes and returns is known once Keras exports it."""
    decided = plan_keras(model, Choices())
    refuse_undecided(decided, model.path)
    refuse_untrusted(model, decided, options)
    place = Path(mkdtemp(dir=folder))
    export_keras(model, decided, options, place, folder, silent)
    exported = chosen(read(place), None, None, options, folder)
    runnable = keras_side(model, decided, options).runnable
    return replace(exported, runnable=runnable, key="")


def verify_formats(
    left: Chosen,
    right: Chosen,
    inputs: Arrays | None,
    tolerance: float | None,
    seed: int,
    seconds: float,
) -> Verification:
    """Compare two models, by the left one's names; images may lie differently in the right one.

    Raises `BlockedError` where inputs or outputs do not correspond, `UsageError` for inputs that
    do not fit.
    """
    fed = pair_tensors(left.inputs, right.inputs, "input")
    read = pair_tensors(left.outputs, right.outputs, "output")
    specs = narrowed_specs(left, right, fed)
    key = left.key or right.key or "model"
    any_tfjs = left.tfjs or right.tfjs
    limit = (
        Tolerance(TFJS if any_tfjs else REPAIRED)
        if tolerance is None
        else Tolerance(tolerance, chosen=True)
    )
    try:
        cases = cases_for(specs, inputs, seed, left.operators | right.operators)
    except NotVerifiedError as error:
        return not_comparable(key, error)
    cast = in_tfjs_dtypes if any_tfjs else dict
    other = Side(
        _fed(right.runnable, fed), lambda run, repeat: turned_back(run.outputs[0][repeat], read)
    )
    return verify(key, Side(left.runnable), other, cases, Check(limit, seconds, cast=cast))


def narrowed_specs(left: Chosen, right: Chosen, fed: Sequence[Pair]) -> dict[str, TensorSpec]:
    """The inputs of the left one, with the sizes that the right one knows."""
    there = {spec.name: spec for spec in right.inputs}
    return {
        pair.left: replace(spec, shape=narrowed(spec, there[pair.right], pair.order))
        for pair, spec in zip(fed, left.inputs, strict=True)
    }


def cases_for(
    specs: dict[str, TensorSpec],
    inputs: Arrays | None,
    seed: int,
    operators: frozenset[str],
) -> list[Given] | list[Case]:
    """The sets of inputs: `inputs` alone, else made-up ones for models of these `operators`.

    Raises as `verify_formats` does.
    """
    if inputs is not None:
        return [Given(fit_inputs(inputs, specs))]
    plans = [InputPlan(name, spec.dtype, spec.shape, name) for name, spec in specs.items()]
    return made_up(plans, seed, picks=picks_the_best(operators))


def _fed(runnable: Runnable, pairs: list[Pair]) -> Runnable:
    """The right model, fed by the left one's names and layouts."""
    names = {pair.right: pair.left for pair in pairs}
    orders = {pair.right: pair.order for pair in pairs if pair.order is not None}
    feed = AsTheyAre() if not pairs else Renamed(names, orders)
    return replace(runnable, calls=tuple(replace(call, feed=feed) for call in runnable.calls))
