"""For every code models that have the finding, and near misses that have not.

`CASES` is by code; each family has a module of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.diagnosis.broken_models import (
    behaviour,
    container,
    files,
    signatures,
    specs,
    target,
    weights,
)
from tests.diagnosis.broken_models.behaviour import complete
from tests.diagnosis.broken_models.case import FLOAT, Aimed, Fixture, Pair, X, codes
from tests.diagnosis.broken_models.signatures import no_serving_default
from tests.diagnosis.broken_models.specs import generic_names, unknown_rank
from tests.models import Model

__all__ = [
    "CASES",
    "FLOAT",
    "Aimed",
    "Fixture",
    "Pair",
    "X",
    "broken_saved_models",
    "codes",
    "complete",
    "generic_names",
    "no_serving_default",
    "unknown_rank",
]

CASES: dict[str, Pair] = {
    code: pair
    for family in (signatures, specs, container, files, behaviour, target, weights)
    for code, pair in family.CASES.items()
}


def broken_saved_models() -> Iterator[tuple[str, str, Model]]:
    """(code, target, model) of every SavedModel that has a finding; '' for no target."""
    for code, pair in CASES.items():
        for fixture in pair.has:
            aimed = fixture if isinstance(fixture, Aimed) else Aimed("", fixture)
            built = aimed.build()
            if isinstance(built, Model):
                yield code, aimed.target, built
