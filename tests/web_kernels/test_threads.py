"""What is left to XNNPACK's threads: large products, where XNNPACK does them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sigfix.errors import NotVerifiedError
from sigfix.verifying.runners.node import find_node, packages_directory
from tests.web_kernels.running import planted, run_script

try:
    packages_directory(find_node())
except NotVerifiedError as error:
    pytest.skip(f"needs Node.js and its packages: {error.message}", allow_module_level=True)

LEFT = [False, True, False, False, True, False, True, False]
"""With two threads, in the order of threads.mjs."""


def left(found: Any) -> list[bool]:
    return [is_left for _, _, is_left in found]


def test_large_products_are_left_to_several_threads() -> None:
    found = run_script("threads.mjs")
    assert left(found["1"]) == [False] * len(LEFT)
    assert left(found["2"]) == LEFT


@pytest.mark.parametrize(
    ("right", "wrong"), [("products >= SHARED", "true"), ("kit.threads > 1 &&", "")]
)
def test_a_planted_fault_is_found(right: str, wrong: str, tmp_path: Path) -> None:
    copied = planted(tmp_path, "products.mjs", right, wrong)
    found = run_script("threads.mjs", kernels=copied)
    assert (left(found["1"]), left(found["2"])) != ([False] * len(LEFT), LEFT)
