from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.repairing.models import SAVERS


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    """A function: name of a saver -> the directory it saved, once a session."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")
    folder = tmp_path_factory.mktemp("saved")
    made: dict[str, Path] = {}

    def save(name: str) -> Path:
        if name not in made:
            SAVERS[name](folder / name)
            made[name] = folder / name
        return made[name]

    return save
