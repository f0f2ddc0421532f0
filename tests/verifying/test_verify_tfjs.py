"""`sigfix.verify` across formats: a SavedModel against its TensorFlow.js conversion."""

from __future__ import annotations

import pytest

import sigfix


def test_a_savedmodel_and_its_conversion(mixed, mixed_tfjs):
    (found,) = sigfix.verify(mixed, mixed_tfjs)
    assert found.verdict == "same", found.reason
    assert found.batches == (1, 4)
    limits = {o.limit for c in found.comparisons for o in c.parity.outputs if o.name == "scores"}
    assert limits == {1e-4}


def test_a_conversion_of_something_else(mixed, text_tfjs):
    with pytest.raises(sigfix.SigfixError, match="do not correspond"):
        sigfix.verify(mixed, text_tfjs)
