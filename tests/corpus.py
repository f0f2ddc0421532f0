"""The models of other people that tests read where they are present."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"

needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus of foreign models is not beside the repository"
)


def facts() -> dict[str, Any]:
    """What each SavedModel of the corpus contains, by TensorFlow's own protobuf classes."""
    path = CORPUS / "facts.json"
    return json.loads(path.read_text()) if path.is_file() else {}


def saved_models() -> list[str]:
    """The names of the SavedModels; empty where the corpus is absent."""
    return sorted(facts())


def everything() -> list[str]:
    """The names of all directories, frozen graphs included."""
    return (
        sorted(path.name for path in CORPUS.iterdir() if path.is_dir()) if (CORPUS.is_dir()) else []
    )
