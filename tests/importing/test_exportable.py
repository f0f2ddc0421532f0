"""The forms in which docTR models are exported, against the models themselves."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from sigfix.presets import find_preset

if find_spec("doctr") is None:
    pytest.skip("needs doctr", allow_module_level=True)


def _model_and_images(name: str, batch: int) -> tuple[Any, Any]:
    import torch

    from sigfix.importing.doctr import build_model

    images = np.random.default_rng(5).normal(size=(batch, 3, 32, 128)).astype(np.float32)
    return build_model(find_preset(name), "random", seed=2).module, torch.from_numpy(images)


@pytest.mark.parametrize("name", ["sar_resnet31", "master", "parseq", "viptr_tiny"])
def test_gives_doctrs_logits(name: str) -> None:
    import torch

    from sigfix.importing.exportable import as_exported

    module, images = _model_and_images(name, 2)
    exported = as_exported(module)
    assert exported is not module
    with torch.inference_mode():
        expected, found = module(images)["logits"], exported(images)["logits"]
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-4 * float(expected.max() - expected.min()))
    assert len(expected.argmax(-1).unique()) > 1  # not one and the same character throughout


@pytest.mark.parametrize("name", ["master", "parseq"])
def test_reads_the_same_words_where_they_end_early(name: str) -> None:
    """docTR's MASTER leaves its loop when every word has ended, the exported form never does."""
    import torch

    from sigfix.importing.exportable import as_exported

    module, images = _model_and_images(name, 4)
    end = module.vocab_size
    head = module.linear if name == "master" else module.head
    with torch.inference_mode():
        logits = module(images)["logits"]
        # Lift the end so far that each word ends, but not at once.
        best = torch.cat([logits[..., :end], logits[..., end + 1 :]], -1).max(-1).values
        head.bias[end] += (best - logits[..., end])[:, 1:].flatten().quantile(0.3)
        expected, found = module(images)["logits"], as_exported(module)(images)["logits"]
    words = [word for word, _ in module.postprocessor(expected)]
    assert any(words)
    assert [word for word, _ in module.postprocessor(found)] == words
    for row, other, word in zip(expected, found, words, strict=True):
        assert len(word) < len(row)
        np.testing.assert_allclose(
            other[: len(word) + 1],
            row[: len(word) + 1],
            atol=1e-4 * float(expected.max() - expected.min()),
        )


def test_a_model_that_exports_well_is_exported_as_it_is() -> None:
    from sigfix.importing.doctr import build_model
    from sigfix.importing.exportable import as_exported

    module = build_model(find_preset("crnn_mobilenet_v3_small"), "random").module
    assert as_exported(module) is module
