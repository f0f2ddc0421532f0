"""`verify`: the same inputs through two models, of one format or of two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigfix.describing.running import of_signature
from sigfix.errors import BlockedError
from sigfix.model import MetaGraph, OtherModel, SavedModel, TensorSpec, covers
from sigfix.packages import require_extras, require_packages
from sigfix.pipeline.applying import (
    DEFAULT_SECONDS,
    RepairOptions,
    check_seconds,
    check_tolerance,
)
from sigfix.pipeline.hub_folder import REPAIR_HUB, refuse_hub
from sigfix.planning.choices import as_tags
from sigfix.planning.edits import AliasSignature
from sigfix.planning.meta_graphs import choose_meta_graph
from sigfix.planning.signatures import require
from sigfix.planning.soundness import refuse_lost_weights
from sigfix.planning.trust import refuse_reaching
from sigfix.quoting import quote_path
from sigfix.reading.folder import refuse_strangers
from sigfix.reading.opening import open_model
from sigfix.temporary import temporary_folder

if TYPE_CHECKING:  # at run time it needs numpy
    from sigfix.verifying.verdict import Verification


def verify(
    left: Path | str,
    right: Path | str,
    *,
    signature: str | None = None,
    tags: tuple[str, ...] | str | None = None,
    inputs: dict[str, Any] | None = None,
    tolerance: float | None = None,
    seed: int = 0,
    seconds: float = DEFAULT_SECONDS,
    trust: bool = False,
) -> tuple[Verification, ...]:
    """Run the same inputs through `left` and `right`, and compare all outputs.

    Each is a SavedModel, an ONNX or Keras file or a TensorFlow.js directory. Of two SavedModels,
    every signature of `left` (or `signature` alone) is compared with that of the same key, through
    both loaders; a signature that `right` lacks is `different`. Otherwise `signature`, else
    `serving_default`, else the only one is compared; images may be channels first in one model
    and last in the other. `inputs` (name -> numpy array, `left`'s names) replace seeded ones.
    `tolerance` is relative to an output's range: 1e-5 by default, with TensorFlow.js 1e-4. Both
    models are executed; `trust` runs those with file or process operators.

    A model that cannot be run, or answers differently each time, is `not comparable`. Raises
    `BlockedError` where there is nothing to compare or `trust` is needed, `UsageError` for inputs
    that do not fit.
    """
    tags = as_tags(tags)
    check_seconds(seconds)
    check_tolerance(tolerance)
    for path in (left, right):
        refuse_hub(Path(path), REPAIR_HUB)
    one, other = open_model(left, "verify"), open_model(right, "verify")
    _require_packages(one, other)
    for model in (one, other):
        refuse_strangers(model.path, model.problems)
        if isinstance(model, SavedModel):
            refuse_lost_weights(model)
            _refuse_reaching(model, tags, signature, trust)
    if isinstance(one, SavedModel) and isinstance(other, SavedModel):
        return _verify_signatures(one, other, signature, tags, inputs, tolerance, seed, seconds)
    from sigfix.pipeline.verify_formats import chosen, verify_formats

    options = RepairOptions(trust=trust, seconds=seconds)
    with temporary_folder() as folder:
        first, second = (chosen(m, signature, tags, options, folder) for m in (one, other))
        return (verify_formats(first, second, inputs, tolerance, seed, seconds),)


def _require_packages(*models: SavedModel | OtherModel) -> None:
    """Raise `MissingExtraError` where what runs a model is not installed."""
    if any(isinstance(model, SavedModel) for model in models):
        require_extras("Comparing models", "tf")
    require_packages("Comparing models", "onnx", "numpy")


def _refuse_reaching(
    model: SavedModel, tags: tuple[str, ...] | None, signature: str | None, trust: bool
) -> None:
    """Refuse what an untrusted model would reach for in the signatures that are compared."""
    index = choose_meta_graph(model, tags)
    meta_graph = model.meta_graphs[index]
    keys = [signature] if signature else [item.key for item in meta_graph.user_signatures]
    runs = [of_signature(meta_graph, key) for key in keys]
    refuse_reaching(model, index, runs, trust, "--trust   # runs it")


def _verify_signatures(
    one: SavedModel,
    other: SavedModel,
    signature: str | None,
    tags: tuple[str, ...] | None,
    inputs: dict[str, Any] | None,
    tolerance: float | None,
    seed: int,
    seconds: float,
) -> tuple[Verification, ...]:
    from sigfix.errors import NotVerifiedError
    from sigfix.verifying.checking import not_comparable
    from sigfix.verifying.inputs.given import fit_inputs
    from sigfix.verifying.signature_alias import alias_as_added
    from sigfix.verifying.signature_check import compare_signature
    from sigfix.verifying.tolerances import REPAIRED, Tolerance
    from sigfix.verifying.verdict import DIFFERENT, Verification

    limit = Tolerance(REPAIRED) if tolerance is None else Tolerance(tolerance, chosen=True)
    first, second = choose_meta_graph(one, tags), choose_meta_graph(other, tags)
    meta_graph = one.meta_graphs[first]
    keys = [item.key for item in meta_graph.user_signatures]
    if signature is not None:
        keys = [require(meta_graph, signature).key]
    if not keys:
        raise BlockedError(
            f"{one.path} has no signature to compare.", f"sigfix repair {quote_path(one.path)}"
        )
    found = []
    for key in keys:
        why = _unlike(meta_graph, other.meta_graphs[second], key)
        if why:
            found.append(Verification(key, DIFFERENT, reason=why))
            continue
        edit = alias_as_added(one, first, AliasSignature(key, key))
        specs = {item.name: TensorSpec(item.dtype, item.shape, item.name) for item in edit.inputs}
        given = None if inputs is None else fit_inputs(inputs, specs)
        compared = partial(
            compare_signature, one, first, edit, given=given, seed=seed, tolerance=limit,
            seconds=seconds, asked=key,
        )  # fmt: skip
        try:
            found.append(_compared(compared, other.path, other.meta_graphs[second].tags))
        except NotVerifiedError as error:
            found.append(not_comparable(key, error))
    return tuple(found)


def _compared(
    compare: Callable[..., Verification], right: Path, tags: tuple[str, ...]
) -> Verification:
    """The comparison through both loaders; where one refuses a model, that is said.

    The first model runs as servers run it, through the v1 loader. Where `tf.saved_model.load`
    refuses the second alone, the two are different; where it refuses both, they are compared
    through the v1 loader.
    """
    from sigfix.verifying.runners.loaders import LOADER, REFUSED, V1_LOADER
    from sigfix.verifying.verdict import DIFFERENT, NOT_COMPARABLE

    found = compare(right, tags)
    if found.verdict != NOT_COMPARABLE or f"({right.resolve()}) cannot be run" not in found.reason:
        both = f", the second model through {found.through}"
        notes = (note + both * note.startswith(REFUSED) for note in found.notes)
        return replace(found, notes=tuple(notes))
    by_v1 = compare(right, tags, loaders=(V1_LOADER,))
    if by_v1.verdict == NOT_COMPARABLE:
        return found
    why = found.reason.partition("cannot be run: ")[2]
    others = tuple(note for note in by_v1.notes if not note.startswith(REFUSED))
    if len(others) < len(by_v1.notes):
        said = f"{LOADER} takes neither model ({why}): compared through {V1_LOADER} alone"
        return replace(by_v1, notes=(*others, said))
    reason = f"{LOADER} takes the first model and not the second: {why}"
    through = f"through {V1_LOADER} they are {by_v1.verdict}"
    return replace(by_v1, verdict=DIFFERENT, reason=reason, notes=(*others, through))


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
