"""What tests in several folders need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sigfix.errors import NotVerifiedError
from tests.environments import needs
from tests.saved_models import SAVERS


@pytest.fixture(scope="session")
def node_packages() -> Path:
    """TensorFlow.js for Node.js; a test that needs it is skipped, with the reason, without it."""
    from sigfix.verifying.runners import node

    try:
        return node.packages_directory(node.find_node())
    except NotVerifiedError as error:
        pytest.skip(f"{error.message} ({error.hint})")


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function: name of a saver -> the directory that TensorFlow saved, once a session."""
    needs("tensorflow")
    folder = tmp_path_factory.mktemp("saved")
    made: dict[str, Path] = {}

    def save(name: str) -> Path:
        if name not in made:
            SAVERS[name](folder / name)
            made[name] = folder / name
        return made[name]

    return save
