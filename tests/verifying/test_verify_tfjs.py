"""`sigfix.verify` across formats: a SavedModel against its TensorFlow.js conversion."""

from __future__ import annotations

import sigfix


def test_a_savedmodel_and_its_conversion(mixed, mixed_tfjs):
    (parity,) = sigfix.verify(mixed, mixed_tfjs)
    assert parity.verdict == "same", parity.reason
    assert parity.comparisons[0].tolerance == 1e-4


def test_a_conversion_of_something_else(mixed, text_tfjs):
    try:
        (parity,) = sigfix.verify(mixed, text_tfjs)
    except sigfix.SigfixError as error:
        assert "do not correspond" in error.message
    else:
        assert parity.verdict == "different"
