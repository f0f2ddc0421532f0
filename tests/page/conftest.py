"""Models of known numbers, and one bundle of them for all tests."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detector of dark places, and a recogniser and classifiers of means, converted."""
    if find_spec("doctr") is None:
        pytest.skip("needs doctr")
    from tests.ocr import models

    place = tmp_path_factory.mktemp("parts")
    models.write_detector(place / "det")
    models.write_means(place / "reco", models.RECOGNISER)
    models.write_means(place / "cls", models.CLASSIFIER)
    models.write_means(place / "pages", models.PAGES)
    return place


@pytest.fixture(scope="session")
def bundled(parts: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A bundle as `sigfix bundle` writes it, and what that prints."""
    from sigfix.cli.main import main

    site = tmp_path_factory.mktemp("bundle") / "site"
    said = io.StringIO()
    models = ["--det", str(parts / "det"), "--reco", str(parts / "reco")]
    with redirect_stdout(said), pytest.raises(SystemExit) as ended:
        main(["bundle", *models, "-o", str(site)])
    assert ended.value.code == 0, said.getvalue()
    return site, said.getvalue()
