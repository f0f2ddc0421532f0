"""What becomes of a Keras file, planned without Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sigfix.model import OtherModel
from sigfix.planning import Choices, Plan
from sigfix.planning.codec import read_plan, write_plan
from sigfix.planning.file_edits import ExportKeras
from sigfix.planning.keras_file import LATER, LOST, asks_for_changes, plan_keras
from sigfix.planning.parsing import parse_append
from sigfix.reading import read_any
from tests.reading.test_other_formats import IMAGE, functional, keras_file


def planned(folder: Path, *layers: dict[str, Any], **choices: Any) -> Plan:
    model = read_any(keras_file(folder / "m.keras", functional(IMAGE, *layers)))
    assert isinstance(model, OtherModel)
    found = plan_keras(model, Choices(**choices))
    assert read_plan(write_plan(found), "plan") == found
    return found


def test_it_is_exported(tmp_path: Path) -> None:
    found = planned(tmp_path, {"class_name": "Dense"})
    assert (found.verdict, found.lost, found.notes) == ("repairable", LOST, ())
    assert found.edits == (ExportKeras("3.5.0", ("image: float32[?,28,28]",)),)


def test_changes_are_kept_for_later(tmp_path: Path) -> None:
    append = (parse_append("top=argmax(probs)"),)
    found = planned(tmp_path, {"class_name": "Dense"}, append=append)
    (edit,) = found.edits
    assert isinstance(edit, ExportKeras)
    assert edit.choices.append == append
    assert found.notes == (LATER,)
    assert not asks_for_changes(Choices()) and asks_for_changes(edit.choices)


def test_code_in_the_file_is_said(tmp_path: Path) -> None:
    (note,) = planned(tmp_path, {"class_name": "Lambda"}).notes
    assert note.startswith("it is loaded only with --trust: ") and "Lambda" in note
    assert len(planned(tmp_path, {"class_name": "Lambda"}, key="score").notes) == 2


def test_a_file_of_which_no_model_can_be_made(tmp_path: Path) -> None:
    from dataclasses import replace

    model = read_any(keras_file(tmp_path / "m.keras", functional(IMAGE)))
    assert isinstance(model, OtherModel)
    found = plan_keras(replace(model, unusable="it holds weights alone"), Choices())
    assert (found.verdict, found.reason, found.edits) == ("blocked", "it holds weights alone", ())
