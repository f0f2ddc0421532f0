"""The pages that bundles are tried on and show."""

from __future__ import annotations

import string

import numpy as np
import pytest

pytest.importorskip("PIL", reason="needs Pillow")
from sigfix.errors import SigfixError
from sigfix.verifying.inputs.pages import SAMPLE, rendered_page, sample_page


def lines_of(page: object) -> int:
    """Rows of pixels with ink under rows without."""
    shades = np.asarray(page.convert("L"))  # type: ignore[attr-defined]
    written = (shades < 128).any(axis=1)
    return int((written[1:] & ~written[:-1]).sum())


def test_a_rendered_page_has_the_letters_of_the_vocabulary_alone() -> None:
    assert rendered_page("abc").tobytes() == rendered_page("abc").tobytes()
    assert rendered_page("abc").tobytes() != rendered_page("abc", 1).tobytes()
    assert rendered_page("XYZ").size == rendered_page("abc").size
    assert lines_of(rendered_page("abc")) == 24
    with pytest.raises(SigfixError, match="reads none of the letters"):
        rendered_page("äöü")


@pytest.mark.parametrize("lacking", ["A", ".", "7", "y"])
def test_sentences_are_shown_where_the_vocabulary_has_all_of_them(lacking: str) -> None:
    sentences = sample_page(string.printable)
    assert sentences.tobytes() != rendered_page(string.printable).tobytes()
    assert 22 < lines_of(sentences) < 30
    assert lacking in "".join(text for _, text in SAMPLE)
    vocabulary = string.printable.replace(lacking, "")
    assert sample_page(vocabulary).tobytes() == rendered_page(vocabulary).tobytes()
