"""Nothing in a Keras file runs code unless it is trusted, wherever the code lies."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from sigfix import RepairOptions
from sigfix.errors import BlockedError
from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.repair import repair
from sigfix.reading import read_any
from sigfix.reading.keras_code import code_in
from tests.importing import keras_models as models

pytest.importorskip("tf_keras")

LAMBDA = {"class_name": "__lambda__", "config": {"value": ["4wEAAAA=", None, None]}}
REACHING = {
    "a lambda": LAMBDA,
    "a Lambda layer": {
        "class_name": "Lambda",
        "config": {"name": "l", "function": ["4wE=", None, None], "function_type": "lambda"},
    },
    "a Lambda layer by a module": {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {"name": "l", "function": LAMBDA},
        "registered_name": None,
    },
    "a function of another module": {
        "module": "os",
        "class_name": "function",
        "config": "system",
        "registered_name": "function",
    },
    "a function of Python's": {"module": "builtins", "class_name": "function", "config": "exec"},
    "a class of another module": {
        "module": "subprocess",
        "class_name": "Popen",
        "config": {"args": ["true"]},
        "registered_name": "Popen",
    },
    "a loader of Keras'": {
        "module": "keras.models",
        "class_name": "function",
        "config": "load_model",
        "registered_name": "function",
    },
    "a downloader of Keras'": {
        "module": "keras.utils",
        "class_name": "function",
        "config": "get_file",
    },
    "something inside a module of Keras'": {
        "module": "keras.src.layers.core.lambda_layer",
        "class_name": "function",
        "config": "os.system",
    },
    "a registered class": {
        "module": None,
        "class_name": "Mine",
        "config": {},
        "registered_name": "Custom>Mine",
    },
    "a class that no Keras has": {"class_name": "Mine", "config": {"name": "mine"}},
    "an operator that writes": {
        "class_name": "TFOpLambda",
        "config": {"name": "w", "function": "io.write_file"},
    },
    "a loader of libraries": {
        "class_name": "TFOpLambda",
        "config": {"name": "w", "function": "load_op_library"},
    },
    "a method of another class": {
        "class_name": "ClassMethod",
        "config": {"name": "m", "cls_symbol": "io.gfile.GFile", "method_name": "write"},
    },
    "another SavedModel": {
        "module": "keras.layers",
        "class_name": "TFSMLayer",
        "config": {"name": "other", "filepath": "/models/other"},
    },
    "a pickle": {
        "module": "keras.layers",
        "class_name": "TorchModuleWrapper",
        "config": {"module": "gASV"},
    },
    "a file of words": {
        "module": "keras.layers",
        "class_name": "StringLookup",
        "config": {"name": "words", "vocabulary": "/etc/passwd"},
    },
}


VERSIONS = (None, "2.15.0", "3.5.0")


@pytest.fixture(scope="module", params=models.FORMATS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def plain(kind: str, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    built = models.harmless(models.library(kind), kind)
    return [models.save(m, tmp_path_factory.mktemp("plain"), kind) for m in built]


def test_usual_models_hold_no_code(plain: list[Path]) -> None:
    assert [read_any(path).code for path in plain] == [()] * len(plain)


def test_their_inputs_are_those_that_keras_has(plain: list[Path], kind: str) -> None:
    k = models.library(kind)
    for path in plain:
        loaded = k.models.load_model(path, compile=False)
        names = [item.name.partition(":")[0] for item in loaded.inputs]
        assert [spec.name for spec in read_any(path).inputs] == names
        assert [spec.shape for spec in read_any(path).inputs] == [
            tuple(item.shape) for item in loaded.inputs
        ]


@pytest.mark.parametrize("what", REACHING)
def test_code_at_any_place_of_a_configuration_is_seen(plain: list[Path], what: str) -> None:
    for path in plain:
        config = models.configuration(path)
        config.pop("compile_config", None)
        every = list(models.places(config))
        chosen = every if what == "a lambda" else random.Random(what).sample(every, 20)
        for place in chosen:
            assert code_in(models.with_value(config, place, REACHING[what])), place


@pytest.mark.parametrize(
    "turn", [0, *(pytest.param(turn, marks=pytest.mark.matrix) for turn in (1, 2))]
)
def test_planted_code_does_not_run(turn: int, kind: str, tmp_path: Path) -> None:
    """Each place with one claim of a version, every claim at some places; all in three turns."""
    marker = tmp_path / "ran"
    k = models.library(kind)
    run = models.code(marker)
    for number, (where, build) in enumerate(models.planted(k, run)):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = models.save(build(), folder, kind)
        config = models.with_function(models.configuration(path), run)
        models.with_configuration(path, config, VERSIONS[(number + turn) % len(VERSIONS)])
        marker.unlink(missing_ok=True)
        found = inspect(path).findings
        assert [item.code for item in found if item.code == "BEH305"], where
        with pytest.raises(BlockedError, match="more than Keras"):
            repair(path, tmp_path / "out")
        assert not marker.exists(), where
        assert not (tmp_path / "out").exists()


def test_the_finding_names_the_layers_around_it(tmp_path: Path) -> None:
    import tf_keras

    layers = tf_keras.layers
    inner = tf_keras.Sequential([layers.Lambda(lambda x: x, name="turn")], name="inner")
    path = models.save(tf_keras.Sequential([tf_keras.Input([3]), inner]), tmp_path, "keras2.h5")
    (found,) = (item for item in inspect(path).findings if item.code == "BEH305")
    assert "Lambda 'sequential" in found.message.replace("sequential_1", "sequential")
    assert "inner/turn' (Python code)" in found.message


@pytest.mark.parametrize("trust", [False, True])
def test_a_class_of_the_authors_own_is_exported_where_it_is(trust: bool, tmp_path: Path) -> None:
    """Nobody else's Keras can load it, whoever trusts the file."""
    import tf_keras

    class Mine(tf_keras.layers.Layer):
        pass

    path = models.save(tf_keras.Sequential([tf_keras.Input([3]), Mine()]), tmp_path, "keras2.h5")
    with pytest.raises(
        BlockedError, match=r"Mine 'sequential\w*/mine\w*' \(a class that no"
    ) as caught:
        repair(path, tmp_path / "out", options=RepairOptions(trust=trust))
    assert "model.export('exported')" in str(caught.value.hint)


def test_a_file_that_is_two_kinds_is_loaded_as_what_was_read(tmp_path: Path) -> None:
    """An .h5 file may have a zip archive behind it, and a name that makes Keras read that."""
    import tf_keras

    honest = tf_keras.Sequential([tf_keras.Input([3]), tf_keras.layers.Dense(2)])
    marker = tmp_path / "ran"
    bad = tf_keras.Sequential([tf_keras.Input([3]), tf_keras.layers.Lambda(models.code(marker))])
    one, two = models.save(honest, tmp_path, "keras2.h5"), tmp_path / "bad.keras"
    bad.save(two)
    marker.unlink(missing_ok=True)
    both = tmp_path / "both.keras"
    both.write_bytes(one.read_bytes() + two.read_bytes())
    repair(both, tmp_path / "out")
    assert not marker.exists()


@pytest.mark.parametrize("kind", ["keras2.h5", "keras3.keras"])
def test_keras_own_safe_mode_stays_on_behind_the_gate(kind: str, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    k = models.library(kind)
    _, build = next(iter(models.planted(k, models.code(marker))))
    path = models.save(build(), tmp_path, kind)
    marker.unlink(missing_ok=True)
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from sigfix.importing import keras_loading\n"
        "keras_loading.refuse_code = lambda code, trust: None\n"
        "file, folder, keras2 = sys.argv[1:]\n"
        "keras_loading.load_confined(Path(file), keras2 == 'yes', False, [Path(folder)])\n"
    )
    folder = tmp_path / "folder"
    folder.mkdir()
    keras2 = "yes" if kind.startswith("keras2") else "no"
    done = subprocess.run(
        [sys.executable, "-c", program, path, folder, keras2], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "safe_mode" in done.stderr
    assert not marker.exists()
