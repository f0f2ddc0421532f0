"""ONNX's Attention of opset 23, written out: what ONNX Runtime computes, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix.errors import ConversionError
from tests.importing.single_node import require_packages

require_packages()

import onnx  # noqa: E402
from onnx import helper  # noqa: E402

from sigfix.importing import onnx_attention  # noqa: E402
from sigfix.importing.onnx_opening import open_onnx  # noqa: E402
from sigfix.importing.preflight import check_early  # noqa: E402
from tests.importing.test_opening import same_as_onnx_runtime  # noqa: E402

RANDOM = np.random.default_rng(8)


def floats(*sizes: int) -> np.ndarray[Any, Any]:
    return RANDOM.standard_normal(sizes).astype(np.float32)


def tensors(heads: int = 2, kept: int = 2, asked: int = 5, there: int = 5) -> dict[str, Any]:
    """Queries, keys and values of four axes."""
    return {"q": floats(2, heads, asked, 4), "k": floats(2, kept, there, 4),
            "v": floats(2, kept, there, 6)}  # fmt: skip


def flat(heads: int = 2, kept: int = 2, asked: int = 5, there: int = 5) -> dict[str, Any]:
    """The same of three axes."""
    return {"q": floats(2, asked, heads * 4), "k": floats(2, there, kept * 4),
            "v": floats(2, there, kept * 6)}  # fmt: skip


GROUPS: dict[str, Any] = {"q_num_heads": 4, "kv_num_heads": 2}
SHOWN = floats(5, 7) > -0.5
SHOWN[:, 0] = True
# What is fed, attributes, and how many outputs are used.
Form = tuple[dict[str, Any], dict[str, Any], int]
FORMS: dict[str, Form] = {
    "plain": (tensors(), {}, 1),
    "a scale": (tensors(), {"scale": 0.3}, 1),
    "other keys": (tensors(asked=3, there=7), {}, 1),
    "forward only": (tensors(), {"is_causal": 1}, 1),
    "forward only, fewer queries": (tensors(asked=3, there=7), {"is_causal": 1}, 1),
    "forward only, fewer keys": (tensors(asked=7, there=3), {"is_causal": 1}, 1),
    "a limit": (tensors(), {"softcap": 2.0}, 1),
    "a limit, forward only": (tensors(), {"softcap": 2.0, "is_causal": 1}, 1),
    "groups": (tensors(4), {}, 1),
    "one head of keys": (tensors(3, 1), {"is_causal": 1}, 1),
    "three axes": (flat(), {"q_num_heads": 2, "kv_num_heads": 2}, 1),
    "three axes, groups": (flat(4), GROUPS, 1),
    "added": ({**tensors(there=7), "mask": floats(5, 7)}, {}, 1),
    "hidden": ({**tensors(there=7), "mask": SHOWN}, {}, 1),
    "hidden by head": ({**tensors(there=7), "mask": np.stack([np.stack([SHOWN] * 2)] * 2)}, {}, 1),
    "hidden, a limit": ({**tensors(there=7), "mask": SHOWN}, {"softcap": 2.0}, 1),
    "added, a limit": ({**tensors(there=7), "mask": floats(5, 7)}, {"softcap": 2.0}, 1),
    "before": ({**tensors(asked=2, there=2), "mask": SHOWN[:2, :5],
                "old_k": floats(2, 2, 3, 4), "old_v": floats(2, 2, 3, 6)}, {}, 3),
    "before, three axes": ({**flat(4, asked=2, there=2), "mask": SHOWN[:2, :5],
                            "old_k": floats(2, 2, 3, 4), "old_v": floats(2, 2, 3, 6)}, GROUPS, 3),
}  # fmt: skip
PLACES = ("q", "k", "v", "mask", "old_k", "old_v")


def saved(form: Form, path: Path, opset: int = 23) -> Path:
    fed, attributes, count = form
    inputs = [name if name in fed else "" for name in PLACES]
    while not inputs[-1]:
        inputs.pop()
    made = ["y", "next_k", "next_v", "scores"][:count]
    kinds = {name: helper.np_dtype_to_tensor_dtype(value.dtype) for name, value in fed.items()}
    values = [
        helper.make_tensor_value_info(
            name, kinds[name], ["n", *fed[name].shape[1:]] if name != "mask" else fed[name].shape
        )
        for name in fed
    ]
    outputs = [helper.make_tensor_value_info(name, kinds["q"], None) for name in made]
    node = helper.make_node("Attention", inputs, made, "it", **attributes)
    graph = helper.make_graph([node], "g", values, outputs)
    opsets = [helper.make_opsetid("", opset)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)
    return path


@pytest.mark.parametrize("name", FORMS)
def test_each_form_computes_what_onnx_runtime_computes(name: str, tmp_path: Path) -> None:
    same_as_onnx_runtime(saved(FORMS[name], tmp_path / "m.onnx"), tmp_path, FORMS[name][0])


def test_heads_that_share_the_wrong_keys_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ONNX's own definition shares them: by turns."""
    monkeypatch.setattr(onnx_attention.np, "repeat", lambda row, times: np.tile(row, times))
    path = saved(FORMS["groups"], tmp_path / "m.onnx")
    with pytest.raises(AssertionError):
        same_as_onnx_runtime(path, tmp_path, FORMS["groups"][0])


@pytest.mark.parametrize("form", [
    (tensors(), {}, 4),
    ({**FORMS["before"][0]}, {"is_causal": 1}, 1),
    ({name: value.astype(np.float16) for name, value in tensors().items()}, {}, 1),
    (flat(), {}, 1),
])  # fmt: skip
def test_other_forms_are_refused(form: Form, tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match=r"Attention \(node it\)"):
        check_early(open_onnx(saved(form, tmp_path / "m.onnx"), tmp_path).model)
