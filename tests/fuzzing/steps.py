"""What is done with a hostile model: every way of the commands that runs nothing of it."""

from __future__ import annotations

import dataclasses
import io
import os
import random
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from importlib.util import find_spec
from pathlib import Path

from sigfix.cli.main import report_error
from sigfix.errors import SigfixError
from sigfix.model import OtherModel
from sigfix.pipeline.diff import diff
from sigfix.pipeline.inspect import failed_inspection, inspect
from sigfix.pipeline.prepare import prepare
from sigfix.pipeline.prepared import SourceChoice
from sigfix.pipeline.repair import RepairOptions, describe, plan_for, repair
from sigfix.pipeline.repair import plan as make_plan
from sigfix.pipeline.source import SAVED_MODEL, find_source
from sigfix.planning import Choices, Plan
from sigfix.planning.choices import AppendChoice, InputChoice, NormalizeChoice
from sigfix.planning.codec import read_plan, write_plan
from sigfix.presets import find_preset
from sigfix.quoting import join, split
from sigfix.reading.boundary import OWN_FAULTS
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
from sigfix.report import Inspection
from sigfix.temporary import temporary_folder
from tests.fuzzing import importing
from tests.fuzzing.cases import SECRET
from tests.fuzzing.forks import Lost, in_fork
from tests.fuzzing.watching import limited

TARGETS = ("", "tfjs", "tfjs-wasm", "tfjs-webgpu", "tflite", "serving")
_ODD = re.compile(r"[^ -~\n]")
LARGEST_OUTPUT = 8 << 20
"""Characters of one report; of a model of more than some 200 kB, `TIMES` its bytes."""
TIMES = 40
CHOICES = (
    Choices(key="other"),
    Choices(from_key=("predict",)),
    Choices(from_key=("predict", "serving_other"), key="both"),
    Choices(function="__call__"),
    Choices(function="serve", rename=(("x", "image"),), set_tags=("serve", "x")),
    Choices(function="__call__", inputs=(InputChoice("x", None, "float16", (1, 3), True),)),
    Choices(outputs=(("classes", "softmax:0"),), bind=(("keep_prob", 1.0),)),
    Choices(append=(AppendChoice("p", "sigmoid", "y"),)),
    Choices(normalize=NormalizeChoice((0.5,), (0.5,)), layout="nchw"),
    Choices(remove=("predict",), rename_signatures=(("serving_other", "o"),)),
    Choices(preset=find_preset("linknet_resnet18"), function="__call__"),
    Choices(only_meta_graph=True, tags=("serve",), method_name="x"),
)


class Fault(Exception):
    """Something that must not come of any input."""


@dataclasses.dataclass
class Allowed:
    """What the input that is tried may make of it."""

    characters: int = LARGEST_OUTPUT


_allowed = Allowed()


def _check_said(text: str) -> None:
    """What is printed: without the secret, of a sane size, steering no terminal, as UTF-8."""
    if SECRET in text:
        raise Fault("the secret outside the model was printed")
    if len(text) > _allowed.characters:
        raise Fault(f"a report of {len(text):,} characters, where {_allowed.characters:,} are many")
    odd = next((item for item in _ODD.findall(text) if not item.isprintable()), None)
    if odd is not None:
        raise Fault(f"{odd!r} reached the output")
    text.encode()
    if "\nerror: b" in text:
        raise Fault("a name of the file makes a line of its own in the output")


def _check_refused(error: SigfixError, faults: tuple[type[BaseException], ...]) -> None:
    """A clear message, and no cause that is sigfix's own fault or an attack that worked."""
    if not error.message or "Traceback" in error.message:
        raise Fault(f"no message: {error!r}")
    with redirect_stderr(io.StringIO()) as said:
        report_error(error)
    _check_said(said.getvalue())
    if "fault of sigfix" in said.getvalue():
        raise Fault(f"a hostile file, and sigfix says that it is to blame: {error.message}")
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, faults) and (faults is READING_FAULTS or _is_own(cause)):
            raise Fault(f"{type(cause).__name__}: {cause}") from cause
        cause = cause.__cause__


READING_FAULTS = (*OWN_FAULTS, MemoryError, ArithmeticError)
"""Behind a refusal of a reader, wherever they were raised: it trusted its input."""


def _is_own(error: BaseException) -> bool:
    """Whether an error was raised by sigfix's own code, and not by a library that it calls."""
    places = traceback.extract_tb(error.__traceback__)
    return bool(places) and "/sigfix/" in places[-1].filename


def _attempt(
    step: Callable[[], object], faults: tuple[type[BaseException], ...] = READING_FAULTS
) -> bool:
    """Do a step within its limits; whether it came to its end, rather than to a clear refusal."""
    try:
        with limited():
            step()
    except SigfixError as error:
        _check_refused(error, faults)
        return False
    return True


def _attempt_apart(step: Callable[[], object]) -> bool:
    """The same in a fork, for what is done by libraries in C; TensorFlow's errors are its own."""
    try:
        return bool(in_fork(lambda: _attempt(step, OWN_FAULTS), SECONDS, MEMORY))
    except Lost as lost:
        raise Fault(f"it ended the process: {lost}") from lost


SECONDS = 20
MEMORY = 3 << 30
"""Of one import: work, and bytes beyond what there is. Larger models take some hundredths of it."""


def _render(path: Path, target: str, checksums: bool) -> None:
    found: list[Inspection] = []
    try:
        found.append(inspect(path, target=target, checksums=checksums))
    except SigfixError as error:
        found.append(failed_inspection(path, error))
        _render_all(found)
        raise
    _render_all(found)
    for item in found[0].findings:
        if item.command.startswith("sigfix repair "):
            _check_command(item.command)


def _check_command(command: str) -> None:
    """A command, or a part of one, means the same to a shell: one command, word for word."""
    try:
        said = join(split(command))
    except ValueError as error:
        raise Fault(f"a command that no shell reads: {command!r}") from error
    if said != command:
        raise Fault(f"a command that is not quoted: {command!r}, which is {said!r}")


def _render_all(found: list[Inspection]) -> None:
    style = Style(80)
    for text in (
        render_text(found[0], style, everything=True),
        render_text(found[0], style),
        "".join(render_json(found)),
        "".join(render_sarif(found)),
        "".join(render_github(found)),
        "".join(FORMATS[TEXT]([*found, *found], Shown(style))),
    ):
        _check_said(text)


def _plan(path: Path, choices: Choices) -> Plan:
    described = describe(path)
    plan = make_plan(path, choices)
    _check_said(plan_text(plan))
    for item in plan.candidates:
        _check_command(item.choose)
    _check_said(json_text(plan_data(plan)))
    if not isinstance(described, OtherModel):
        _check_said(signature_diff(described, plan))
    try:
        again = read_plan(write_plan(plan), "plan")
    except SigfixError as error:
        raise Fault(f"its own reader refuses a plan: {error.message}") from error
    if again != plan:
        raise Fault("a plan is another one once it was written and read")
    return plan_for(again, described)


def _compare(path: Path) -> None:
    differences = diff(path, path)
    if differences:
        raise Fault(f"it differs from itself: {differences[:2]}")
    _check_said(diff_text(differences, str(path), str(path), Style(80)))
    _check_said(json_text(diff_data(differences, str(path), str(path))))


def _repair(path: Path, out: Path, choices: Choices) -> None:
    result = repair(path, out, choices, RepairOptions(verify=False))
    _check_said(result_text(result))
    _check_said(json_text(result_data(result)))
    if result.output is None:
        return
    if not result.output.is_dir():
        raise Fault("nothing was written")
    if SECRET.encode() in b"".join(_files(result.output)):
        raise Fault("the secret outside the model is in the result")
    _render(result.output, "", False)


def _files(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise Fault(f"{path} is a link")
        if path.is_file():
            yield path.read_bytes()


def _prepare(path: Path) -> None:
    source = find_source(os.fspath(path), Path())
    if source.kind == SAVED_MODEL:
        with temporary_folder() as temporary:
            prepare(source, SourceChoice(), temporary, lambda message: None)


@dataclasses.dataclass
class Outcome:
    """How far one input came: each step that ended well, by name."""

    done: tuple[str, ...]


def run_all(
    path: Path, out: Path, temporary: Path, generator: random.Random, imports: bool = False
) -> Outcome:
    """Every step on one input. Raises whatever a step raises beside a clear refusal.

    `imports`: ONNX files go through TensorFlow too, which this process has imported.
    """
    place = path if path.is_dir() else path.parent
    size = sum(item.lstat().st_size for item in place.rglob("*"))
    _allowed.characters = max(LARGEST_OUTPUT, TIMES * size)
    choices = Choices() if generator.random() < 0.3 else generator.choice(CHOICES)
    target, checksums = generator.choice(TARGETS), generator.random() < 0.3
    todo: list[tuple[str, Callable[[], object]]] = [
        ("inspected", lambda: _render(path, target, checksums))
    ]
    todo.append(("planned", lambda: _plan(path, choices)))
    if generator.random() < 0.25:
        todo.append(("compared", lambda: _compare(path)))
    is_onnx, is_keras = path.suffix == ".onnx", path.suffix in (".keras", ".h5")
    if is_keras:
        todo.append(("repaired", lambda: importing.repair_keras(path, out, choices)))
    elif not is_onnx and generator.random() < 0.5:
        todo.append(("repaired", lambda: _repair(path, out / "result", choices)))
    if not is_onnx and generator.random() < 0.4:
        todo.append(("prepared", lambda: _prepare(path)))
    done = [name for name, step in todo if _attempt(step)]
    apart: list[tuple[str, Callable[[], object]]] = []
    if "inspected" not in done:
        return Outcome(tuple(done))
    if is_onnx and imports:
        plain = Choices() if generator.random() < 0.5 else choices
        apart.append(("imported", lambda: importing.repair_onnx(path, out, plain)))
        apart.append(("converted", lambda: importing.convert_onnx(path, out)))
    elif is_onnx and find_spec("onnxslim") is not None and generator.random() < 0.3:
        apart.append(("simplified", lambda: importing.open_and_simplify(path, temporary)))
    return Outcome((*done, *(name for name, step in apart if _attempt_apart(step))))
