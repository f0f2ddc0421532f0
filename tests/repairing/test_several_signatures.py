"""Several signatures in one run: from functions, from signatures, from a TF1 graph's tensors."""

from __future__ import annotations

import numpy as np
import pytest

import sigfix
from sigfix.errors import UsageError
from sigfix.planning.parsing import parse_append, parse_input, parse_sources
from tests.loaders import run_both

X = np.float32([3, 5])
UNCOMPARED = sigfix.RepairOptions(verify=False)


def _choices(functions=(), froms=(), outputs=(), **more):
    found = parse_sources(list(functions), list(froms), list(outputs))
    return sigfix.Choices(
        function=found.function,
        from_key=found.from_key,
        outputs=found.outputs,
        signatures=found.signatures,
        **more,
    )


def test_functions_each_with_the_options_that_are_about_it(saved, tmp_path):
    choices = _choices(
        functions=["encode=encode", "decode=decode", "scale=part.scale"],
        inputs=(parse_input("values=float64[2]"),),
        rename=(("x", "number"),),
    )
    result = sigfix.repair(saved("two_functions"), tmp_path / "out", choices)
    assert {item.key: item.verdict for item in result.parity} == {
        "encode": "same", "decode": "same", "scale": "same",
    }  # fmt: skip
    out = result.output
    np.testing.assert_allclose(run_both(out, {"number": X}, "encode")["output_0"], [7, 11])
    np.testing.assert_allclose(run_both(out, {"number": X}, "decode")["output_0"], [1, 2])
    wide = run_both(out, {"values": X.astype("float64")}, "scale")
    np.testing.assert_allclose(wide["output_0"], [6, 10])


def test_aliases_and_a_merged_one(saved, tmp_path):
    choices = _choices(
        froms=["serving_default=double+square", "twice=double", "squared=square"],
        append=(parse_append("top=argmax(z)"),),
    )
    out = sigfix.repair(saved("several_signatures"), tmp_path / "out", choices, UNCOMPARED).output
    both = run_both(out, {"x": X})
    assert set(both) == {"y", "z", "top"}
    np.testing.assert_allclose(run_both(out, {"x": X}, "twice")["y"], [6, 10])
    assert set(run_both(out, {"x": X}, "squared")) == {"z", "top"}
    assert set(run_both(out, {"x": X}, "square")) == {"z"}


def test_heads_of_a_tf1_graph(saved, tmp_path):
    choices = _choices(
        outputs=["serving_default/probabilities=probabilities:0", "classes/class=class:0"],
        bind=(("keep_prob", 1.0),),
    )
    out = sigfix.repair(saved("tf1_dropout"), tmp_path / "out", choices, UNCOMPARED).output
    x = np.arange(8, dtype="float32").reshape(2, 4)
    scores = run_both(out, {"x": x})["probabilities"]
    np.testing.assert_array_equal(run_both(out, {"x": x}, "classes")["class"], scores.argmax(-1))


def test_what_none_of_them_has_is_refused(saved):
    functions = ["encode=encode", "decode=decode"]
    for more in ({"rename": (("y", "z"),)}, {"bind": (("training", False),)}):
        plan = sigfix.plan(saved("two_functions"), _choices(functions, **more))
        assert plan.verdict == "blocked"
        assert "none of the signatures" in plan.reason


@pytest.mark.parametrize(
    "sources",
    [(["a", "b"], [], []), (["a=x", "a=y"], [], []), (["a=x"], ["a=y"], [])],
)
def test_contradictory_sources(sources):
    with pytest.raises(UsageError):
        parse_sources(*sources)
