"""`verify`: the same inputs through two models, of one format or of two."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from sigfix.describing.running import of_signature
from sigfix.errors import BlockedError, MissingExtraError, UsageError
from sigfix.model import DEFAULT_SERVING_KEY, MetaGraph, OtherModel, SavedModel
from sigfix.pipeline.repair import DEFAULT_SECONDS
from sigfix.planning.edits import AliasSignature
from sigfix.planning.meta_graphs import choose_meta_graph
from sigfix.planning.signatures import require
from sigfix.planning.traces import covers
from sigfix.planning.trust import refuse_reaching
from sigfix.reading.opening import open_model

if TYPE_CHECKING:  # at run time they need numpy
    from sigfix.verifying.artefacts import Artefact
    from sigfix.verifying.inputs import Arrays
    from sigfix.verifying.signature_parity import SignatureParity

TOLERANCE = 1e-5
TFJS_TOLERANCE = 1e-4
BATCHES = (1, 3)


def verify(
    left: Path | str,
    right: Path | str,
    *,
    signature: str | None = None,
    tags: tuple[str, ...] | None = None,
    inputs: dict[str, Any] | None = None,
    tolerance: float | None = None,
    seed: int = 0,
    seconds: float = DEFAULT_SECONDS,
    trust: bool = False,
) -> tuple[SignatureParity, ...]:
    """Run the same inputs through `left` and `right`, and compare all outputs.

    Each is a SavedModel, an ONNX file or a TensorFlow.js directory. Of two SavedModels, every
    signature of `left` (or `signature` alone) is compared with that of the same key, through both
    loaders; a signature that `right` lacks is `different`. Otherwise `signature`, else
    `serving_default`, else the only one is compared; images may be channels first in one model
    and last in the other. `inputs` (name -> numpy array, `left`'s names) replace seeded ones.
    `tolerance` is relative to an output's range: 1e-5 by default, with TensorFlow.js 1e-4. Both
    models are executed; `trust` runs those with file or process operators.

    Raises `BlockedError` where there is nothing to compare or `trust` is needed, and
    `NotVerifiedError` where a model cannot be run.
    """
    one, other = open_model(left, "verify"), open_model(right, "verify")
    _require_packages(one, other)
    for model in (one, other):
        if isinstance(model, SavedModel):
            _refuse_reaching(model, tags, signature, trust)
    if isinstance(one, SavedModel) and isinstance(other, SavedModel):
        limit = TOLERANCE if tolerance is None else tolerance
        return _verify_signatures(one, other, signature, tags, inputs, limit, seed, seconds)
    first, second = _artefact(one, signature, tags), _artefact(other, signature, tags)
    return (_verify_artefacts(first, second, inputs, tolerance, seed, seconds),)


def _require_packages(*models: SavedModel | OtherModel) -> None:
    """Raise `MissingExtraError` where what runs a model is not installed."""
    from sigfix.verifying.signature_runs import require_tensorflow

    if any(isinstance(model, SavedModel) for model in models):
        require_tensorflow("Comparing models")
    if find_spec("numpy") is None:
        raise MissingExtraError("Comparing models", "onnx", "numpy")


def _refuse_reaching(
    model: SavedModel, tags: tuple[str, ...] | None, signature: str | None, trust: bool
) -> None:
    """Refuse what an untrusted model would reach for in the signatures that are compared."""
    index = choose_meta_graph(model, tags)
    meta_graph = model.meta_graphs[index]
    keys = [signature] if signature else [item.key for item in meta_graph.user_signatures]
    runs = [of_signature(meta_graph, key) for key in keys]
    refuse_reaching(model, index, runs, trust, "--trust runs it")


def _verify_signatures(
    one: SavedModel,
    other: SavedModel,
    signature: str | None,
    tags: tuple[str, ...] | None,
    inputs: dict[str, Any] | None,
    tolerance: float,
    seed: int,
    seconds: float,
) -> tuple[SignatureParity, ...]:
    from sigfix.verifying.signature_alias import alias_as_added
    from sigfix.verifying.signature_parity import DIFFERENT, SignatureParity, compare_signature

    first, second = choose_meta_graph(one, tags), choose_meta_graph(other, tags)
    meta_graph = one.meta_graphs[first]
    keys = [item.key for item in meta_graph.user_signatures]
    if signature is not None:
        keys = [require(meta_graph, signature).key]
    if not keys:
        raise BlockedError(
            f"{one.path} has no signature to compare.", f"sigfix repair {quote(str(one.path))}"
        )
    found = []
    for key in keys:
        why = _unlike(meta_graph, other.meta_graphs[second], key)
        if why:
            found.append(SignatureParity(key, DIFFERENT, reason=why))
            continue
        edit = alias_as_added(one, first, AliasSignature(key, key))
        result_tags = other.meta_graphs[second].tags
        found.append(
            compare_signature(
                one.path,
                other.path,
                one,
                first,
                result_tags,
                edit,
                seconds,
                seed,
                inputs,
                tolerance,
            )
        )
    return tuple(found)


def _unlike(left: MetaGraph, right: MetaGraph, key: str) -> str:
    """Why the same inputs cannot go through both signatures, '' where they can."""
    one, other = require(left, key), right.signature(key)
    if other is None:
        return "the second model has no such signature"
    specs = [{item.key: item.spec for item in signature.inputs} for signature in (one, other)]
    same = set(specs[0]) == set(specs[1]) and all(
        spec.dtype == specs[1][name].dtype
        and (covers(spec.shape, specs[1][name].shape) or covers(specs[1][name].shape, spec.shape))
        for name, spec in specs[0].items()
    )
    if same:
        return ""
    listed = [", ".join(f"{name}: {spec}" for name, spec in side.items()) for side in specs]
    first, second = (text or "nothing" for text in listed)
    return f"the first model takes {first}, the second {second}"


def _artefact(
    model: SavedModel | OtherModel, signature: str | None, tags: tuple[str, ...] | None
) -> Artefact:
    from sigfix.verifying.artefacts import ONNX, SAVED_MODEL, TFJS, Artefact

    if isinstance(model, OtherModel):
        if model.kind == "onnx":
            return Artefact(ONNX, model.path, model.inputs, model.outputs)
        folder = model.path if model.path.is_dir() else model.path.parent
        return Artefact(TFJS, folder, model.inputs, model.outputs)
    meta_graph = model.meta_graphs[choose_meta_graph(model, tags)]
    known = meta_graph.user_signatures
    if not known:
        raise BlockedError(
            f"{model.path} has no signature to compare.", f"sigfix repair {quote(str(model.path))}"
        )
    key = signature or (known[0].key if len(known) == 1 else DEFAULT_SERVING_KEY)
    found = require(meta_graph, key)
    inputs, outputs = (
        tuple(replace(item.spec, name=item.key) for item in items)
        for items in (found.inputs, found.outputs)
    )
    return Artefact(SAVED_MODEL, model.path, inputs, outputs, key, meta_graph.tags)


def _verify_artefacts(
    left: Artefact,
    right: Artefact,
    inputs: Arrays | None,
    tolerance: float | None,
    seed: int,
    seconds: float,
) -> SignatureParity:
    """Compare two models, at least one of which is no SavedModel."""
    from sigfix.verifying.artefacts import TFJS, run
    from sigfix.verifying.comparison import compare
    from sigfix.verifying.inputs import seeded_inputs
    from sigfix.verifying.matching import narrowed, pair_tensors, translated
    from sigfix.verifying.signature_parity import (
        DIFFERENT,
        NOT_COMPARABLE,
        SAME,
        SignatureParity,
    )
    from sigfix.verifying.tensor_files import in_tfjs_dtypes

    kinds = {left.kind, right.kind}
    if tolerance is None:
        tolerance = TFJS_TOLERANCE if TFJS in kinds else TOLERANCE
    key = left.key or right.key or "model"
    fed = pair_tensors(left.inputs, right.inputs, "input")
    read = pair_tensors(left.outputs, right.outputs, "output")
    there = {spec.name: spec for spec in right.inputs}
    specs = {
        pair.left: replace(spec, shape=narrowed(spec, there[pair.right], pair.order))
        for pair, spec in zip(fed, left.inputs, strict=True)
    }
    dynamic = any(spec.shape and spec.shape[0] is None for spec in specs.values())
    batches = BATCHES if dynamic else BATCHES[:1]
    if inputs and set(inputs) != set(specs):
        raise UsageError(
            f"The inputs given are {', '.join(sorted(inputs))}, and {left.path} takes "
            f"{', '.join(sorted(specs))}."
        )
    cases = [inputs] if inputs else [seeded_inputs(specs, batch, seed) for batch in batches]
    expected = run(left, [*cases, cases[0]], seconds)
    found = run(right, [translated(case, fed) for case in cases], seconds)
    if not compare(expected[0], expected.pop(), 0.0).ok:
        why = f"{left.path} answers differently each time (it is random or keeps state)"
        return SignatureParity(key, NOT_COMPARABLE, reason=why)
    comparisons, sizes = [], []
    for case, reference, result in zip(cases, expected, found, strict=True):
        reference = translated(reference, read)
        if TFJS in kinds:
            reference, result = in_tfjs_dtypes(reference), in_tfjs_dtypes(result)
        parity = compare(reference, result, tolerance)
        comparisons.append(parity)
        sizes.append(next((int(array.shape[0]) for array in case.values() if array.ndim), 1))
        if not parity.ok:
            worst = parity.worst
            why = f"{worst.name}: {worst.reason}" if worst else parity.reason
            verdict = NOT_COMPARABLE if "nothing was compared" in why else DIFFERENT
            return SignatureParity(key, verdict, tuple(sizes), tuple(comparisons), why)
    return SignatureParity(key, SAME, tuple(sizes), tuple(comparisons))
