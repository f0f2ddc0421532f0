"""`verify`: the same inputs through the signatures of two SavedModels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigfix.errors import BlockedError
from sigfix.pipeline.repair import DEFAULT_SECONDS, describe_saved_model
from sigfix.planning import Choices
from sigfix.planning.edits import AliasSignature
from sigfix.planning.planner import choose_meta_graph
from sigfix.planning.trust import reaching_operators

if TYPE_CHECKING:
    from sigfix.verifying.signature_parity import SignatureParity


def verify(
    left: Path | str,
    right: Path | str,
    *,
    tags: tuple[str, ...] | None = None,
    inputs: dict[str, Any] | None = None,
    seed: int = 0,
    seconds: float = DEFAULT_SECONDS,
    trust: bool = False,
) -> tuple[SignatureParity, ...]:
    """Run every signature of `left` and the one of the same key in `right`; compare the outputs.

    Both models are executed, each in a process of its own; `right` through both loaders. A
    signature that `right` lacks is `different`. `inputs` (name -> numpy array) replace seeded
    ones; `trust` runs models with file or process operators.

    Raises `BlockedError` where there is nothing to compare or `trust` is needed.
    """
    from sigfix.verifying.signature_parity import (
        DIFFERENT,
        SignatureParity,
        alias_as_added,
        compare_signature,
    )
    from sigfix.verifying.signature_runs import require_tensorflow

    require_tensorflow("Comparing models")
    one, other = describe_saved_model(left), describe_saved_model(right)
    if not trust and (reaching_operators(one) or reaching_operators(other)):
        raise BlockedError("A model has operators that reach outside it.", "trust=True runs it")
    choices = Choices(tags=tags)
    first, second = choose_meta_graph(one, choices), choose_meta_graph(other, choices)
    keys = [item.key for item in one.meta_graphs[first].user_signatures]
    if not keys:
        raise BlockedError(f"{left} has no signature to compare.", "sigfix repair makes one")
    there = {item.key for item in other.meta_graphs[second].user_signatures}
    found = []
    for key in keys:
        if key not in there:
            found.append(SignatureParity(key, DIFFERENT, reason=f"{right} has no such signature"))
            continue
        edit = alias_as_added(one, first, AliasSignature(key, key))
        result_tags = other.meta_graphs[second].tags
        found.append(
            compare_signature(
                one.path, other.path, one, first, result_tags, edit, seconds, seed, inputs
            )
        )
    return tuple(found)
