"""Names that could steer a terminal or break a parser, in every renderer and every message."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sigfix.cli.main import report_error
from sigfix.diagnosis.rule import repair_command
from sigfix.errors import SigfixError, UsageError
from sigfix.model import SavedModel
from sigfix.pipeline.diff import diff
from sigfix.pipeline.inspect import failed_inspection, inspect
from sigfix.pipeline.repair import RepairOptions, plan, repair
from sigfix.planning import Choices
from sigfix.quoting import printable, printable_lines, quote, split
from sigfix.reading.opening import open_model
from sigfix.rendering.diff_text import diff_data, diff_text
from sigfix.rendering.inspection_github import render_github
from sigfix.rendering.inspection_json import render_json
from sigfix.rendering.inspection_sarif import render_sarif
from sigfix.rendering.inspection_text import render_text
from sigfix.rendering.inspections import FORMATS, TEXT, Shown
from sigfix.rendering.json_text import json_text
from sigfix.rendering.repair_result import plan_data, result_data, result_text
from sigfix.rendering.repair_text import plan_text, signature_diff
from sigfix.rendering.style import Style
from tests.models import Dtype, Model, healthy

ODD = {
    "escape": "\x1b[31mred\x1b[0m",
    "bell": "\x07\x08",
    "line end": "a\nerror: b\rc",
    "c1": "\x9b2J",
    "direction": "\u202egnp.exe",
    "markup": "[red]x[/nothing]",
    "percent": "%0A::error::x",
    "high": "\U0001f600\u6a21",
    "separator": "\u2028",
}


def odd_model(name: str) -> Model:
    """A model with `name` wherever a name can be."""
    model = Model(empty=True, version=name)
    model.node(f"x{name}".replace(":", ""), "Placeholder", dtype=Dtype("float32"), shape=(None, 3))
    model.node("y", name, ["x"], T=Dtype("float32"))
    model.signature(name, {name: ("x:0", "float32", None)}, {name: (name, "float32", (1,))}, name)
    model.meta.meta_info_def.tags.append(name)
    model.traced_function([name, "f"], [(name, "float32", (None, 3)), name], [name])
    entry = model.meta.asset_file_def.add(filename=f"{name}.txt")
    entry.tensor_info.name = name
    model.node(f"v{name}", "VarHandleOp", dtype=Dtype("float32"), shape=(3,), shared_name=name)
    return model


def _reports(path: Path) -> Iterator[str]:
    style = Style(80)
    found = [inspect(path, target="tfjs")]
    failed = [failed_inspection(path, UsageError(f"{path} is odd", f"try {path}"))]
    for inspections in (found, failed, [*found, *failed]):
        yield from ("".join(render_json(inspections)), "".join(render_sarif(inspections)))
        yield "".join(render_github(inspections))
        yield "".join(FORMATS[TEXT]([*inspections, *inspections], Shown(style)))
        for item in inspections:
            yield render_text(item, style, everything=True)
    described = open_model(path, "diff")
    assert isinstance(described, SavedModel)
    for choices in (Choices(), Choices(set_tags=(path.name,))):
        decided = plan(path, choices)
        yield plan_text(decided) + signature_diff(described, decided)
        yield json_text(plan_data(decided))
    yield diff_text(diff(path, path), str(path), str(path), style)
    yield json_text(diff_data(diff(path, path), str(path), str(path)))


def _check(text: str) -> None:
    odd = {character for character in text if not character.isprintable()} - {"\n"}
    assert not odd, sorted(odd)
    text.encode()
    if text.startswith("{"):
        json.loads(text)


@pytest.mark.parametrize("name", ODD)
def test_names_in_a_model(name: str, tmp_path: Path) -> None:
    path = odd_model(ODD[name]).write(tmp_path / "m")
    for text in _reports(path):
        _check(text)


PATHS = [*map(os.fsencode, ODD.values()), b"nu\xff", b"\xed\xa0\x80"]


@pytest.mark.parametrize("name", PATHS)
def test_names_of_a_path(name: bytes, tmp_path: Path) -> None:
    path = healthy().write(tmp_path / os.fsdecode(name.replace(b"/", b"")))
    for text in _reports(path):
        _check(text)
    document = json.loads("".join(render_json([inspect(path)])))
    assert document["models"][0]["path"] == str(path)
    choices = Choices(key="second", from_key=("serving_default",))
    result = repair(path, tmp_path / "out", choices, RepairOptions(verify=False))
    _check(result_text(result))
    _check(json_text(result_data(result)))


@pytest.mark.parametrize(
    "name", [*ODD.values(), "nu\udcff", "it's\x1b\\x", "plain", "a b", "it's", "-dash", ""]
)
def test_a_printed_command_works_when_pasted(name: str, tmp_path: Path) -> None:
    command = repair_command(Path(name), "--from", name)
    assert command.isprintable()
    given_back = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {quote(name)}"], capture_output=True, check=True
    )
    assert os.fsdecode(given_back.stdout) == f"{name}\0"
    path = f"./{name}" if name.startswith("-") else str(Path(name))  # no option
    assert split(command) == ["sigfix", "repair", path, "--from", name]
    if name.isprintable():
        assert shlex.split(command)[-1] == name


def test_what_a_terminal_shows_of_a_name() -> None:
    assert printable("a\x1b\x9b\u202e\udcff\U000e0001") == "a\\x1b\\x9b\\u202e\\xff\\U000e0001"
    assert printable("a\nb") == "a\\x0ab"
    assert printable_lines("a\n\x1bb") == "a\n\\x1bb"
    assert printable("模型 [x]") == "模型 [x]"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: {"a": (1, None, Path("x"))}}])
def test_json_is_json(value: object) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    json.loads(json_text({"value": value}), parse_constant=refuse)


def test_json_means_what_it_was_made_of() -> None:
    names = [*ODD.values(), "nu\udcff", "\ud83d\ude00", "\x00\x7f"]
    assert json.loads(json_text(names)) == names or json.loads(json_text(names))[:-2] == names[:-2]
    assert json_text(["\x1b\x9b模"]) == '[\n  "\\u001b\\u009b模"\n]\n'


MESSAGES = [
    ("inspect", "{odd}"),
    ("repair", "m", "--from", "{odd}", "--dry-run"),
    ("repair", "m", "--from", "nothing", "--dry-run"),
    ("repair", "m", "--function", "{odd}", "--no-verify"),
    ("repair", "m", "--set-tags", "{odd}", "--dry-run"),
    ("repair", "m", "--no-verify", "-o", "{odd}"),
    ("diff", "m", "{odd}"),
    ("convert", "{odd}", "--tfjs"),
    ("verify", "{odd}", "m"),
    ("explain", "{odd}"),
    ("presets", "{odd}"),
]


@pytest.mark.parametrize("command", MESSAGES, ids=lambda command: " ".join(command[:3]))
def test_messages_of_commands(command: tuple[str, ...], tmp_path: Path) -> None:
    """What goes to a pipe goes to a terminal as well: no escape, no bell, in either stream."""
    odd = "ev\x1b[31mil\x07"
    odd_model(odd).write(tmp_path / "m")
    words = [word.format(odd=odd) for word in command]
    done = subprocess.run(
        [sys.executable, "-m", "sigfix", *words], cwd=tmp_path, capture_output=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert b"\x1b" not in said and b"\x07" not in said, said
    assert b"Traceback" not in said, said


def test_the_result_of_a_conversion(tmp_path: Path) -> None:
    from sigfix.model import TensorSpec
    from sigfix.pipeline.convert import ConvertResult
    from sigfix.pipeline.source import SAVED_MODEL, Source
    from sigfix.rendering.conversion_text import conversion_text

    odd = "\x1b[2J\x07"
    spec = {odd: TensorSpec("float32", (1,), odd)}
    fields = dict.fromkeys(ConvertResult.__dataclass_fields__, ())
    result = ConvertResult(
        **{
            **fields, "source": Source(SAVED_MODEL, Path(odd)), "output": Path(odd),
            "inputs": spec, "outputs": spec, "unused_inputs": (odd,), "operators": {odd: 1},
            "size": 1, "quantize": None, "quantised": {}, "mode": odd, "backend": odd,
            "not_verified": odd,
        }
    )  # type: ignore[arg-type]  # fmt: skip
    _check(conversion_text(result))


def test_an_expected_error_is_printed_safely(capsys: pytest.CaptureFixture[str]) -> None:
    from sigfix.cli.main import report_error

    report_error(SigfixError("bad \x1b[31m\x07", "try \x9b2J"))
    said = capsys.readouterr().err
    assert "\x1b[31m\x07" not in said and "\\x1b[31m\\x07" in said and "\\x9b2J" in said


def test_a_healthy_model_is_shown_as_it_is(tmp_path: Path) -> None:
    text = render_text(inspect(healthy().write(tmp_path / "模型")), Style(80))
    assert "模型" in text


def test_a_line_end_in_a_name_starts_no_message(capsys: pytest.CaptureFixture[str]) -> None:
    report_error(UsageError("There is no a\nerror: b.\nwarning: c", "sigfix x\n  see: d"))
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if not line.startswith("       ")] == [
        "error: There is no a", "  try: sigfix x"
    ]  # fmt: skip
    assert len(lines) == 5
