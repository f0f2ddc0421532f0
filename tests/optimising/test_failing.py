"""A pass that raises is left out, named, and what comes of the rest is the same."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sigfix.errors import ConversionError
from sigfix.optimising import passes
from sigfix.optimising.layout import layout
from sigfix.optimising.scales import scale_folding
from sigfix.pipeline.convert import convert
from tests.exporting import models
from tests.optimising.graphs import frozen, noise, run


def half_done(graph):
    """Breaks the graph, and then fails."""
    for name in list(graph.nodes)[1:]:
        del graph.nodes[name]
    raise KeyError("a form that nobody thought of")


def test_what_it_had_done_is_undone(monkeypatch):
    monkeypatch.setattr(scale_folding, "fold_scales", half_done)
    graph, x = frozen(lambda x: (x * noise(4)) @ noise(4, 3), None, 4), noise(2, 4)
    told = []
    optimised = passes.optimise_values(graph, failing=lambda *what: told.append(what))
    np.testing.assert_allclose(run(optimised, x), run(graph, x), rtol=1e-5)
    assert [(name, str(error)) for name, error in told] == [
        ("scales", "'a form that nobody thought of'")
    ]
    with pytest.raises(KeyError):  # where nobody is told, a fault is seen
        passes.optimise_values(graph)


def test_an_error_with_a_reason_is_passed_on(monkeypatch):
    def refuse(graph):
        raise ConversionError("no way")

    monkeypatch.setattr(scale_folding, "fold_scales", refuse)
    with pytest.raises(ConversionError, match="no way"):
        passes.optimise_values(frozen(lambda x: x + 1, None, 4), failing=lambda *what: None)


def test_a_conversion_says_it_and_is_verified(monkeypatch, node_packages, tmp_path):
    monkeypatch.setattr(layout, "use_nhwc", half_done)
    block = models.save(
        tmp_path / "model", models.mobile_block, models.floats("image", None, 16, 16, 3)
    )
    result = convert(block, tmp_path / "web")
    assert all(item.parity.ok for item in result.comparisons)
    assert [note for note in result.notes if "layout" in note] == [
        "the pass layout failed and was left out; this is a fault of sigfix "
        "(KeyError: 'a form that nobody thought of')"
    ]
    assert json.loads((tmp_path / "web" / "model.json").read_text())["modelTopology"]
