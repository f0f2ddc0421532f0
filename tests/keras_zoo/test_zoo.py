"""A sample of the zoo (`python -m tests.keras_zoo` has all of it), and that it can fail."""

from __future__ import annotations

import numpy as np
import pytest

from sigfix.optimising.expressing import operators
from tests.keras_zoo.measuring import ROWS, measure

pytestmark = pytest.mark.usefixtures("node_packages")
SAMPLE = [
    ("grouped_convolution", "keras", "save"),
    ("masked_attention", "tf_keras", "save"),
    ("string_lookup", "keras", "save"),
    ("mixed_precision", "keras", "export"),
    ("bert_like", "keras", "export"),
    ("masked_attention", "keras", ".h5"),
]


@pytest.mark.parametrize(("name", "library", "form"), SAMPLE)
def test_right_on_both_backends(name, library, form, tmp_path):
    found = measure(name, library, tmp_path, [form], verify=form == "export")
    assert found[form].verdict == "right", found


def test_another_number_is_seen(monkeypatch, tmp_path):
    def wrong(to):
        return to.add("Add", to.number(1.01), to.add("Erf", to.add("Neg", to.operand(0))))

    monkeypatch.setitem(operators.RULES, "Erfc", wrong)
    found = measure("subclassed", "keras", tmp_path, ["save"])
    assert found["save"].verdict == "wrong"


def test_there_are_forty_and_more():
    assert len(ROWS) >= 40
    assert np.unique([row.__name__ for row in ROWS.values()]).size >= 40
