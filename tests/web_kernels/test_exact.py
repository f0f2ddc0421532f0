"""Winograd's convolutions lose no more digits than the plain ones, told by float64."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sigfix.errors import NotVerifiedError
from sigfix.verifying.runners.node import find_node, packages_directory
from tests.tools import web_kernels
from tests.tools.web_kernels import BUILDS
from tests.web_kernels.running import KERNELS, only, run_script

try:
    packages_directory(find_node())
except NotVerifiedError as error:
    pytest.skip(f"needs Node.js and its packages: {error.message}", allow_module_level=True)

MOST = 2.5
"""Times the plain error, for few channels, whose plain sums are short."""
FROM, LEAST = 256, 1.2
"""With so many channels, at most so many times."""


def lost(found: dict[str, list[float]]) -> list[str]:
    """What loses more digits than it may."""
    return [
        f"{channels} channels: {fast:.1e} for {plain:.1e}"
        for channels, (plain, fast) in found.items()
        if not 0 < fast <= (LEAST if int(channels) >= FROM else MOST) * plain
    ]


def test_transformed_convolutions_are_as_exact_as_plain_ones(tmp_path: Path) -> None:
    builds = {build: run_script("exact.mjs", kernels=only(build, tmp_path)) for build in BUILDS}
    for found in builds.values():
        assert set(found) == {"32", "64", "128", "256", "512"}
        assert all(plain != fast for plain, fast in found.values())  # Winograd's were used
        assert lost(found) == []
    assert builds["RELAXED"] != builds["WASM"]
    assert run_script("exact.mjs") == builds["RELAXED"]  # the first that is understood


def test_one_long_sum_would_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = tmp_path / "kernels"
    shutil.copytree(KERNELS, copied)
    source = copied / "assembly" / "products.ts"
    text = source.read_text("utf-8")
    right = "const BLOCK = 64;"
    assert right in text
    source.write_text(text.replace(right, "const BLOCK = 65536;"), "utf-8")
    monkeypatch.setattr(web_kernels, "SOURCE", copied / "assembly" / "index.ts")
    (copied / "module.mjs").write_text(web_kernels.module_text(), "utf-8")
    assert lost(run_script("exact.mjs", kernels=copied))
