"""Words from logits, against docTR's own post-processors."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from sigfix.verifying.decoding import read_words

if find_spec("doctr") is None:
    pytest.skip("needs doctr", allow_module_level=True)

VOCABULARY = "abcdé"


@pytest.mark.parametrize(
    ("decoder", "extra", "module", "reader"),
    [
        ("ctc", 1, "crnn", "CTCPostProcessor"),
        ("ctc", 1, "viptr", "VIPTRPostProcessor"),
        ("attention", 1, "sar", "SARPostProcessor"),
        ("attention", 1, "vitstr", "ViTSTRPostProcessor"),
        ("attention", 1, "parseq", "PARSeqPostProcessor"),
        ("attention", 3, "master", "MASTERPostProcessor"),
    ],
)
def test_reads_what_doctr_reads(decoder: str, extra: int, module: str, reader: str) -> None:
    from importlib import import_module

    import torch

    found = getattr(import_module(f"doctr.models.recognition.{module}.pytorch"), reader)
    logits = np.random.default_rng(7).normal(size=(200, 9, len(VOCABULARY) + extra))
    if extra == 3:
        logits[..., -2:] -= 100  # docTR writes <sos> and <pad> out, and no trained model says them
    logits = logits.astype(np.float32)
    expected = [word for word, _ in found(VOCABULARY)(torch.from_numpy(logits))]
    assert read_words(logits, VOCABULARY, decoder) == expected
    assert len(set(expected)) > 50
