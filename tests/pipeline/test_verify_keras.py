"""`verify` with a Keras file as either side: Keras itself runs it."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest

import sigfix
from sigfix.cli.main import main
from sigfix.errors import BlockedError, UsageError
from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.repair import repair


def dense():
    keras.utils.set_random_seed(1)
    source = keras.Input((3,), name="x")
    return keras.Model(source, keras.layers.Dense(2, activation="gelu", name="y")(source))


def test_a_keras_file_and_what_was_exported_of_it(tmp_path):
    model = dense()
    model.save(tmp_path / "m.keras")
    model.export(tmp_path / "exported", verbose=False)
    (found,) = sigfix.verify(tmp_path / "m.keras", tmp_path / "exported")
    assert (found.verdict, len(found.comparisons)) == ("same", 2)


@pytest.mark.matrix
def test_another_file_differs(tmp_path):
    model = dense()
    model.export(tmp_path / "exported", verbose=False)
    model.layers[-1].set_weights([w + 0.01 for w in model.layers[-1].get_weights()])
    model.save(tmp_path / "other.h5")
    with pytest.raises(SystemExit) as caught:
        main(["verify", str(tmp_path / "exported"), str(tmp_path / "other.h5"), "-q"])
    assert caught.value.code == 1


def test_a_file_with_code_is_not_run(tmp_path):
    source = keras.Input((3,), name="x")
    keras.Model(source, keras.layers.Lambda(lambda x: x + 1)(source)).save(tmp_path / "m.keras")
    with pytest.raises(BlockedError, match="more than Keras' own layers"):
        sigfix.verify(tmp_path / "m.keras", tmp_path / "m.keras")


def test_a_folder_of_a_hub_is_named_by_each_command(tmp_path):
    folder = tmp_path / "hub"
    folder.mkdir()
    said = {"task": "recognition", "arch": "crnn_vgg16_bn", "vocab": "abc"}
    (folder / "config.json").write_text(json.dumps(said))
    np.savez(folder / "model.safetensors", x=np.zeros(1))
    make = f"sigfix repair --preset crnn_vgg16_bn --weights {folder}"
    for act, hint in [
        (lambda: repair(folder), make),
        (lambda: sigfix.verify(folder, folder), make),
        (lambda: inspect(folder), f"sigfix convert crnn_vgg16_bn --weights {folder}"),
    ]:
        with pytest.raises(UsageError, match="has weights of docTR's") as refused:
            act()
        assert refused.value.hint == hint
