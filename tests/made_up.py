"""Made-up inputs for tests, as a comparison would draw them."""

from __future__ import annotations

from collections.abc import Mapping

from sigfix.model import TensorSpec
from sigfix.planning.edits import InputPlan
from sigfix.verifying.arrays import Arrays
from sigfix.verifying.inputs.cases import made_up


def seeded_inputs(specs: Mapping[str, TensorSpec], batch: int, seed: int = 0) -> Arrays:
    """The first attempt of the case that has `batch` rows."""
    plans = [InputPlan(name, spec.dtype, spec.shape, name) for name, spec in specs.items()]
    return next(made_up(plans, seed, batches=(batch,))[0].attempts())
