"""What tests in several folders need."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.errors import NotVerifiedError


@pytest.fixture(scope="session")
def node_packages() -> Path:
    """TensorFlow.js for Node.js; a test that needs it is skipped, with the reason, without it."""
    from sigfix.verifying.runners import node

    try:
        return node.packages_directory(node.find_node())
    except NotVerifiedError as error:
        pytest.skip(f"{error.message} ({error.hint})")
