"""`sigfix diff`: what it finds, and its exit codes."""

from __future__ import annotations

import json
import shutil

from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.diff import diff
from sigfix.pipeline.repair import repair
from sigfix.planning import Choices
from tests.loaders import sigfix


def test_a_repair_adds_a_signature_and_touches_no_variable(saved, tmp_path):
    out = repair(saved("wrapper"), tmp_path / "out", None, RepairOptions(verify=False)).output
    found = diff(saved("wrapper"), out)
    assert [item.name for item in found if item.area == "signature"] == ["serving_default"]
    assert {item.area for item in found} == {"signature", "operator"}


def test_a_changed_weight_is_found(saved, tmp_path):
    import tensorflow as tf

    model = tf.saved_model.load(str(saved("healthy")))
    model.weight.assign([[5.0], [6.0]])
    tf.saved_model.save(model, str(tmp_path / "other"))
    found = diff(saved("healthy"), tmp_path / "other")
    assert any(item.area == "variable" and "weight" in item.name for item in found)


def test_other_meta_graphs_and_tags(saved, tmp_path):
    source = saved("tf1_meta_graphs")
    choices = Choices(tags=("serve",), only_meta_graph=True, set_tags=("serve", "tpu"))
    out = repair(source, tmp_path / "out", choices, RepairOptions(verify=False)).output
    areas = [item.area for item in diff(source, out)]
    assert areas.count("MetaGraph") == 4


def test_exit_codes_and_json(saved, tmp_path):
    shutil.copytree(saved("healthy"), tmp_path / "copy")
    same = sigfix("diff", saved("healthy"), tmp_path / "copy")
    assert (same.returncode, "No difference" in same.stdout) == (0, True)
    other = sigfix("diff", saved("healthy"), saved("tf1"), "--format", "json")
    assert other.returncode == 1
    areas = {item["area"] for item in json.loads(other.stdout)["differences"]}
    assert areas == {"signature", "function", "operator", "variable"}
    absent = sigfix("diff", saved("healthy"), tmp_path / "absent")
    assert absent.returncode == 2
    assert "does not exist" in absent.stderr
