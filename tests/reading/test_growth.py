"""Large models cost in proportion, and small files never make large reports."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.repair import plan
from sigfix.planning import Choices
from sigfix.rendering.inspection_json import render_json
from sigfix.rendering.inspection_sarif import render_sarif
from sigfix.rendering.inspection_text import render_text
from sigfix.rendering.style import Style
from sigfix.report import Inspection
from tests.models import Dtype, Model, healthy, variable_index, with_variable


def seconds(call: Callable[[], object]) -> float:
    """Of work, whatever else the machine does meanwhile."""
    start = resource.getrusage(resource.RUSAGE_SELF)
    call()
    end = resource.getrusage(resource.RUSAGE_SELF)
    return end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime


def _signatures(count: int) -> Model:
    model = Model()
    for number in range(count):
        model.signature(f"s{number}", method=("", "tensorflow/serving/classify")[number % 2])
    return model


def _in_objects(count: int) -> Model:
    model = _signatures(count)
    model.object_node("user_object", signatures=1)
    holder = model.object_node("user_object")
    for number in range(count):
        holder.children.add(local_name=f"s{number}", node_id=2 + number)
    for number in range(count):
        bare = model.object_node("bare_concrete_function").bare_concrete_function
        bare.concrete_function_name = f"f{number}"
    return model


def _functions(count: int) -> Model:
    model = Model()
    model.object_node("user_object", **{f"f{number}": number + 1 for number in range(count)})
    for number in range(count):
        model.traced_function([f"c{number}"], [("x", "float32", (None, 3))])
    return model


def _traces(count: int) -> Model:
    model = Model()
    model.object_node("user_object", __call__=1)
    model.traced_function([f"c{number}" for number in range(count)], [("x", "float32", (3,))])
    return model


def _assets(count: int) -> Model:
    model = healthy()
    for number in range(count):
        model.meta.asset_file_def.add(filename=f"a{number}").tensor_info.name = "x:0"
    return model


def _meta_graphs(count: int) -> Model:
    model = healthy()
    for number in range(count):
        model.add_meta_graph([f"t{number}"])
    return model


def _variables(count: int) -> Model:
    model = with_variable(healthy())
    index = variable_index({f"v{number}": (0, 4) for number in range(count)})
    model.files["variables/variables.index"] = index
    return model


def _switches(count: int) -> Model:
    """Placeholders that each switch dropout, as no model has so many."""
    model = Model(empty=True, version="1.15.0")
    last = "x"
    model.node(last, "Placeholder", dtype=Dtype("float32"), shape=(None, 3))
    for number in range(count // 4):
        model.node(f"b{number}", "Placeholder", dtype=Dtype("bool"), shape=())
        model.node(f"s{number}", "Switch", [last, f"b{number}"])
        model.node(f"r{number}", "RandomUniform", [f"s{number}:1"])
        last = model.node(f"m{number}", "Merge", [f"s{number}", f"r{number}"]).name
    return model


BUILDS = [
    _signatures, _in_objects, _functions, _traces, _assets, _meta_graphs, _variables, _switches
]  # fmt: skip


@pytest.mark.parametrize("build", BUILDS)
def test_work_grows_as_the_model_does(build: Callable[[int], Model], tmp_path: Path) -> None:
    """Eight times as much takes about eight times as long, and not sixty-four times."""
    few, many = (build(count).write(tmp_path / str(count)) for count in (200, 1600))

    def everything(path: Path) -> None:
        found = inspect(path)
        render_text(found, Style(80), everything=True)
        "".join(render_json([found]))
        "".join(render_sarif([found]))
        plan(path)
        plan(path, Choices(key="new", from_key=("s1",)))

    everything(few)
    small = seconds(lambda: everything(few))
    large = seconds(lambda: everything(many))
    assert large < 24 * small + 0.5, (small, large)


def _reports(found: Inspection) -> list[str]:
    return [
        render_text(found, Style(80)),
        render_text(found, Style(80), everything=True),
        "".join(render_json([found])),
        "".join(render_sarif([found])),
    ]


@pytest.mark.parametrize("shards", [101, 1000, 99_999, 2**31 - 1])
def test_shards_that_are_missing_are_few_findings(shards: int, tmp_path: Path) -> None:
    model = with_variable(healthy())
    del model.files["variables/variables.data-00000-of-00001"]
    index = variable_index({"a": (0, 8, 3), "b": (0, 8, 17)}, min(shards, 2**31 - 1))
    model.files["variables/variables.index"] = index
    path = model.write(tmp_path / "m")
    found = inspect(path)
    missing = [item for item in found.findings if item.code == "CON204"]
    assert 1 <= len(missing) <= 20
    for text in _reports(found):
        assert len(text) < 100_000


def test_many_shards_of_many_tensors(tmp_path: Path) -> None:
    """Each is named by the index, and what is said of them is still little."""
    model = with_variable(healthy())
    count = 2000
    tensors = {f"v{number}": (0, 8, number) for number in range(count)}
    model.files["variables/variables.index"] = variable_index(tensors, count)
    for number in range(0, count, 2):
        model.files[f"variables/variables.data-{number:05d}-of-{count:05d}"] = b"x"
    found = inspect(model.write(tmp_path / "m"))
    codes = [item.code for item in found.findings]
    assert codes.count("CON204") == 2
    assert codes.count("CON205") <= 21
    size = len(model.files["variables/variables.index"])
    for text in _reports(found):
        assert len(text) < 40 * size


def test_a_few_missing_shards_are_named(tmp_path: Path) -> None:
    model = with_variable(healthy())
    model.files["variables/variables.index"] = variable_index({"w": (0, 12, 1)}, 3)
    found = inspect(model.write(tmp_path / "m"))
    places = [item.location for item in found.findings if item.code == "CON204"]
    assert places == [f"variables/variables.data-{number:05d}-of-00003" for number in range(3)]


def test_paths_of_a_deep_object_graph(tmp_path: Path) -> None:
    """A chain of objects has paths that are longer and longer."""
    model = healthy()
    count = 5_000
    for number in range(count):
        model.object_node("user_object", **{"x" * 20: number + 1} if number + 1 < count else {})
    path = model.write(tmp_path / "m")
    assert seconds(lambda: inspect(path)) < 10
