"""ai.onnx.ml's operators, written out: the same numbers and classes as ONNX Runtime computes."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix.errors import ConversionError
from tests.importing.forests import forest
from tests.importing.single_node import require_packages

require_packages()

import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from sigfix.importing import ml_trees  # noqa: E402
from sigfix.importing.commands import CommandParts, as_command  # noqa: E402
from sigfix.importing.ml_operators import OPERATORS  # noqa: E402
from sigfix.importing.onnx_graph import read_onnx  # noqa: E402
from sigfix.importing.onnx_opening import open_onnx  # noqa: E402
from sigfix.importing.preflight import check_early  # noqa: E402
from tests.importing.test_opening import same_as_onnx_runtime  # noqa: E402

ML = "ai.onnx.ml"
X = np.random.default_rng(9).standard_normal((7, 4)).astype(np.float32)
ROWS = np.concatenate([X, np.zeros((1, 4), np.float32)])
GAPS = X.copy()
GAPS[::2, 1] = np.nan
NUMBERS = np.array([1, 5, 2, 3, 5, 1, 1])
THREE: dict[str, Any] = {"classlabels_int64s": [4, 7, 9]}
TWO: dict[str, Any] = {"classlabels_int64s": [0, 1]}
LINEAR: dict[str, Any] = {
    "coefficients": [float(v) for v in np.random.default_rng(2).standard_normal(12)],
    "intercepts": [0.1, -0.2, 0.3], "classlabels_ints": [4, 7, 9],
}  # fmt: skip
MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")
SUMS: dict[str, Any] = {"n_targets": 2, "base_values": [1.0, -2.0]}
KEYS: dict[str, Any] = {"keys_int64s": [1, 3, 5]}

# Operator, attributes, what is fed.
Form = tuple[str, dict[str, Any], np.ndarray[Any, Any]]
FORMS: list[Form] = [
    *(("TreeEnsembleClassifier", {**THREE, **forest("class", mode)}, X) for mode in MODES),
    ("TreeEnsembleClassifier", {**THREE, "post_transform": "SOFTMAX",
                                "base_values": [0.1, 0.2, -0.3], **forest("class", lowest=-1)}, X),
    ("TreeEnsembleClassifier", {**THREE, **forest("class", lost=True)}, GAPS),
    ("TreeEnsembleClassifier", {**THREE, **forest("class")}, X.astype(np.float64)),
    ("TreeEnsembleClassifier", {**THREE, **forest("class")}, (X * 2).astype(np.int64)),
    ("TreeEnsembleClassifier", {**TWO, **forest("class", classes=1)}, X),
    ("TreeEnsembleClassifier", {**TWO, "post_transform": "LOGISTIC",
                                **forest("class", classes=1)}, X),
    ("TreeEnsembleClassifier", {**TWO, "base_values": [-1.5], **forest("class", classes=1)}, X),
    ("TreeEnsembleClassifier", {**TWO, **forest("class", classes=1, lowest=-1)}, X),
    ("TreeEnsembleClassifier", {**TWO, "post_transform": "LOGISTIC", "base_values": [0.2],
                                **forest("class", classes=1, lowest=-1)}, X),
    ("TreeEnsembleRegressor", {"n_targets": 1,
                               **forest("target", classes=1, trees=20, depth=6)}, X),
    ("TreeEnsembleRegressor", {**SUMS, **forest("target", classes=2)}, X),
    ("TreeEnsembleRegressor", {**SUMS, "aggregate_function": "AVERAGE",
                               **forest("target", classes=2)}, X),
    *(("LinearClassifier", {**LINEAR, "post_transform": kind}, X)
      for kind in ("NONE", "LOGISTIC", "SOFTMAX")),
    ("LinearRegressor", {"coefficients": [1.0, 2.0, 3.0, 4.0], "intercepts": [0.5]}, X),
    ("Scaler", {"offset": [0.1, 0.2, 0.3, 0.4], "scale": [1.0, 2.0, 3.0, 0.5]}, X),
    ("Scaler", {"offset": [0.1], "scale": [2.0]}, (X * 3).astype(np.int64)),
    *(("Normalizer", {"norm": kind}, ROWS) for kind in ("MAX", "L1", "L2")),
    ("Imputer", {"imputed_value_floats": [0.1, 0.2, 0.3, 0.4],
                 "replaced_value_float": float("nan")}, GAPS),
    ("Imputer", {"imputed_value_floats": [0.5], "replaced_value_float": 0.0}, ROWS),
    ("Binarizer", {"threshold": 0.2}, X),
    ("OneHotEncoder", {"cats_int64s": [1, 3, 5]}, NUMBERS[:, None]),
    ("LabelEncoder", {**KEYS, "values_int64s": [10, 30, 50], "default_int64": -7}, NUMBERS),
    ("LabelEncoder", {**KEYS, "values_floats": [1.0, 3.0, 0.5], "default_float": 9.0}, NUMBERS),
    ("FeatureVectorizer", {"inputdimensions": [4]}, X),
    ("ArrayFeatureExtractor", {}, X),
]  # fmt: skip
PLACES = numpy_helper.from_array(np.array([2, 0]), "places")


def saved(
    nodes: list[onnx.NodeProto], x: Any, outputs: dict[str, int], path: Path, opset: int = 15
) -> Path:
    kind = helper.np_dtype_to_tensor_dtype(x.dtype)
    values = [helper.make_tensor_value_info("x", kind, ["n", *x.shape[1:]])]
    made = [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs.items()]
    used = [PLACES] if any("places" in node.input for node in nodes) else []
    graph = helper.make_graph(nodes, "g", values, made, used)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid(ML, 3)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


def node(operator: str, inputs: str, outputs: str, **attributes: Any) -> onnx.NodeProto:
    name = f"the {operator}"
    return helper.make_node(
        operator, inputs.split(), outputs.split(), name, domain=ML, **attributes
    )


@pytest.mark.parametrize("place", range(len(FORMS)), ids=lambda place: FORMS[place][0])
def test_each_computes_what_onnx_runtime_computes(place: int, tmp_path: Path) -> None:
    operator, attributes, x = FORMS[place]
    outputs = {"y": TensorProto.FLOAT}
    if operator.endswith("Classifier"):
        outputs = {"label": TensorProto.INT64, **outputs}
    elif operator == "LabelEncoder" and "values_int64s" in attributes:
        outputs = {"y": TensorProto.INT64}
    inputs = "x places" if operator == "ArrayFeatureExtractor" else "x"
    own = node(operator, inputs, " ".join(outputs), **attributes)
    same_as_onnx_runtime(saved([own], x, outputs, tmp_path / "m.onnx"), tmp_path, {"x": x})


def test_every_operator_of_the_table_is_tried() -> None:
    assert {form[0] for form in FORMS} == set(OPERATORS)


@pytest.mark.parametrize("opset", [9, 11, 13, 21])
def test_a_forest_of_any_opset(opset: int, tmp_path: Path) -> None:
    own = node("TreeEnsembleClassifier", "x", "label y", **THREE, **forest("class"))
    outputs = {"label": TensorProto.INT64, "y": TensorProto.FLOAT}
    path = saved([own], X, outputs, tmp_path / "m.onnx", opset)
    same_as_onnx_runtime(path, tmp_path, {"x": X})


def test_an_opset_that_cannot_be_brought_up_is_named(tmp_path: Path) -> None:
    """ONNX's converter takes no operator that ONNX has not."""
    own = node("TreeEnsembleClassifier", "x", "label s", **THREE, **forest("class"))
    early = helper.make_node("SimplifiedLayerNormalization", ["s", "w"], ["y"], "norm")
    outputs = {"label": TensorProto.INT64, "y": TensorProto.FLOAT}
    path = saved([own, early], X, outputs, tmp_path / "m.onnx", 9)
    model = onnx.load(path)
    model.graph.initializer.append(numpy_helper.from_array(np.ones(3, np.float32), "w"))
    onnx.save(model, path)
    with pytest.raises(ConversionError, match=r"Classifier\): export the model at opset 13"):
        check_early(open_onnx(path, tmp_path).model)


def test_a_wrong_branch_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ml_trees._SWAPPED, "BRANCH_GTE", "BRANCH_EQ")
    attributes = {**THREE, **forest("class", "BRANCH_GTE")}
    own = node("TreeEnsembleClassifier", "x", "label y", **attributes)
    outputs = {"label": TensorProto.INT64, "y": TensorProto.FLOAT}
    path = saved([own], X, outputs, tmp_path / "m.onnx")
    with pytest.raises((AssertionError, KeyError)):
        same_as_onnx_runtime(path, tmp_path, {"x": X})


def _zipped(**labels: Any) -> tuple[onnx.NodeProto, onnx.ValueInfoProto]:
    value = onnx.ValueInfoProto(name="probabilities")
    kind = value.type.sequence_type.elem_type.map_type
    is_text = "classlabels_strings" in labels
    kind.key_type = TensorProto.STRING if is_text else TensorProto.INT64
    kind.value_type.tensor_type.elem_type = TensorProto.FLOAT
    return node("ZipMap", "scores", "probabilities", **labels), value


@pytest.mark.parametrize("texts", [False, True])
def test_what_scikit_learn_puts_behind_a_classifier_is_cut_off_as_printed(
    texts: bool, tmp_path: Path
) -> None:
    names: dict[str, Any] = {"classlabels_strings": ["a", "b", "c"]}
    zipped, value = _zipped(**(names if texts else THREE))
    labels = names if texts else THREE
    own = node("TreeEnsembleClassifier", "x", "label scores", **labels, **forest("class"))
    kind = TensorProto.STRING if texts else TensorProto.INT64
    path = saved([own, zipped], X, {"label": kind}, tmp_path / "m.onnx")
    model = onnx.load(path)
    model.graph.output.append(value)
    onnx.save(model, path)
    command = CommandParts("sigfix convert m.onnx", file=path, then="sigfix convert {}")
    with (
        pytest.raises(ConversionError, match=r"the ZipMap\): dictionaries") as raised,
        as_command(command),
    ):
        check_early(open_onnx(path, tmp_path).model, lambda: read_onnx(path))
    assert ("the TreeEnsembleClassifier): its classes are texts" in str(raised.value)) == texts
    first, _, rest = str(raised.value.hint).partition(" && ")
    program, option, code = shlex.split(first)
    assert (program, option) == ("python", "-c") and rest.startswith("sigfix convert ")
    exec(code, {})  # as the printed command does
    part = tmp_path / "m_cut.onnx"
    names_left = [value.name for value in onnx.load(part).graph.output]
    assert names_left == (["scores"] if texts else ["label", "scores"])
    same_as_onnx_runtime(part, tmp_path, {"x": X})
