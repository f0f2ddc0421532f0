"""s3:// and gs:// through their own packages, against stores on this machine.

These packages are in no extra that the tests have (see pyproject.toml): `make test-stores` makes
an environment that has them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.diagnosis.broken_models import no_serving_default
from tests.models import Model, with_variable
from tests.reading.store_servers import Buckets, buckets_of, environment
from tests.reading.test_other_formats import field, onnx_model

LARGE = 8 << 20


@pytest.fixture(params=["s3", "gs"])
def protocol(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    pytest.importorskip({"s3": "s3fs", "gs": "gcsfs"}[found])
    return found


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Buckets]:
    """Three versions and a model that lacks its signature, 8 MB beside each, and an ONNX file."""
    bucket = tmp_path / "bucket"
    for version in ("1", "2", "3"):
        folder = with_variable(Model()).write(bucket / "models" / "ranker" / version)
        with (folder / "variables" / "variables.data-00000-of-00001").open("r+b") as file:
            file.truncate(LARGE)
    no_serving_default().write(bucket / "models" / "a name" / "unnamed")
    weight = field(1, LARGE // 4) + field(2, 1) + field(8, b"w") + field(9, bytes(LARGE))
    (bucket / "net.onnx").write_bytes(onnx_model() + field(7, field(5, weight)))
    with buckets_of(tmp_path) as served:
        yield served


def inspected(stores: Buckets, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sigfix", "inspect", *words],
        env={**os.environ, **environment(stores)},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_a_model_and_only_what_reading_needs(protocol: str, stores: Buckets) -> None:
    url = f"{protocol}://bucket/models/ranker/3"
    done = inspected(stores, url)
    assert done.stdout.startswith(f"{url}\n"), done.stderr
    assert {Path(name).name for name in stores.fetched} == {"saved_model.pb", "variables.index"}
    assert sum(stores.fetched.values()) < 10_000
    assert done.stderr.startswith("note: ") and done.stderr.count("\n") == 1


def test_a_file_without_its_weights(protocol: str, stores: Buckets) -> None:
    done = inspected(stores, f"{protocol}://bucket/net.onnx")
    assert done.returncode == 0, done.stderr
    assert "ONNX model, 8.4 MB" in done.stdout
    assert sum(stores.fetched.values()) < LARGE // 8


def test_every_model_below_a_url(protocol: str, stores: Buckets) -> None:
    done = inspected(stores, "-r", f"{protocol}://bucket/models", "--jobs", "2")
    assert done.returncode == 1, done.stderr
    for name in ("ranker/1", "ranker/2", "ranker/3", "a name/unnamed"):
        assert f"{protocol}://bucket/models/{name}" in done.stdout
    assert "SIG002" in done.stdout
    assert sum(stores.fetched.values()) < 10_000


def test_what_is_not_there(protocol: str, stores: Buckets) -> None:
    url = f"{protocol}://bucket/nothing"
    done = inspected(stores, url)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {url} does not exist.")
    done = inspected(stores, f"{protocol}://bucket/models/ranker")
    assert f"{protocol}://bucket/models/ranker/3" in done.stderr


@pytest.mark.parametrize("status", [401, 403])
def test_without_permission(protocol: str, status: int, stores: Buckets) -> None:
    stores.status = status
    done = inspected(stores, f"{protocol}://bucket/net.onnx")
    assert done.returncode == 2
    assert "cannot be read with the credentials that are there" in done.stderr
    assert "try: log in to the store: " in done.stderr
    assert "Traceback" not in done.stderr
