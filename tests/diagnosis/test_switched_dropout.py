"""BEH301 follows what chooses a rate of dropout, as TensorFlow does when it runs the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.pipeline.inspect import inspect
from tests.brought.switched import FLAGS, FORMS, _save
from tests.environments import needs

np = pytest.importorskip("numpy")

SIGNED = {"fed": ("mode",), "never": ("",), "always": ("",)}
ALL = [
    (form, flag, functional, signed)
    for functional in (False, True)
    for form in ("branch", *FORMS)
    for flag in FLAGS
    for signed in SIGNED.get(flag, ("", "mode"))
]
QUICK = [
    ("rate", "fed", False, "mode"), ("kept", "on", False, ""), ("turned", "off", False, ""),
    ("both", "never", False, ""), ("neither", "fed", True, "mode"), ("scaled", "on", False, "mode"),
    ("where", "never", False, ""), ("nested", "off", False, ""), ("branch", "chosen", False, ""),
    ("branch", "number", True, "mode"), ("copied", "always", True, ""),
    ("rate", "chosen", True, ""),
]  # fmt: skip


def is_random(model: Path, fed: dict[str, object]) -> bool:
    """Whether TensorFlow answers twice, and not the same."""
    import tensorflow as tf

    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        v1.saved_model.load(session, ["serve"], str(model))
        feeds = {"x:0": np.ones([2, 4], np.float32), **fed}
        first, second = (session.run("scores:0", feeds) for _ in range(2))
    return not np.array_equal(first, second)


def check(form: str, flag: str, functional: bool, signed: str, folder: Path) -> None:
    """What `inspect` says of a model is what TensorFlow does with it."""
    needs("tensorflow")
    model = folder / "m"
    _save(model, form, flag, functional=functional, signed=signed)
    found = [item for item in inspect(model).findings if item.code in ("BEH301", "BEH308")]
    values = ("0", "1") if flag == "number" else ("false", "true")
    if not signed:
        assert bool(found) == is_random(model, {})
        is_default = flag == "on" and form not in ("both", "neither")
        assert any("by the default of mode" in item.message for item in found) == is_default
        return
    drops = [text for number, text in enumerate(values) if is_random(model, {"mode:0": number})]
    assert bool(found) == bool(drops)
    if drops:
        ending = f", where mode is {drops[0]}" if len(drops) == 1 else ""
        assert found[0].message == f"dropout is on (1x){ending}"
        off = values[1 - values.index(drops[0])]
        assert found[0].command.endswith(f"--bind mode={off}" if ending else "")


@pytest.mark.parametrize(("form", "flag", "functional", "signed"), QUICK)
def test_dropout_that_is_chosen(form, flag, functional, signed, tmp_path: Path) -> None:
    check(form, flag, functional, signed, tmp_path)


@pytest.mark.matrix
@pytest.mark.parametrize(("form", "flag", "functional", "signed"), ALL)
def test_dropout_that_is_chosen_in_any_way(form, flag, functional, signed, tmp_path: Path) -> None:
    check(form, flag, functional, signed, tmp_path)
