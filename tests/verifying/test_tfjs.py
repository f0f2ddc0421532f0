from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from sigfix.errors import NotVerifiedError, ParityError
from sigfix.model.specs import TensorSpec
from sigfix.verifying.comparison import compare
from sigfix.verifying.runners import tfjs
from sigfix.verifying.runners.tensor_files import in_tfjs_dtypes
from tests.made_up import seeded_inputs
from tests.plain_runs import run_saved_model

MIXED = {"x": TensorSpec("float32", (None, 3)), "ids": TensorSpec("int64", (None,))}
MIXED_OUTPUTS = ["scores", "squares", "large"]


@pytest.fixture
def copied(mixed_tfjs, tmp_path):
    return shutil.copytree(mixed_tfjs, tmp_path / "model")


def run_mixed(model, **options):
    return tfjs.run(model, [seeded_inputs(MIXED, batch=4)], MIXED_OUTPUTS, **options)


def edit_model(folder, change):
    file = folder / "model.json"
    model = json.loads(file.read_text())
    change(model)
    file.write_text(json.dumps(model))


@pytest.mark.parametrize("backend", ["wasm", "cpu"])
def test_several_batches_outputs_and_dtypes_match_tensorflow(mixed, mixed_tfjs, backend):
    inputs = [seeded_inputs(MIXED, batch) for batch in (1, 4)]
    reference = run_saved_model(mixed, inputs)
    result = tfjs.run(mixed_tfjs, inputs, MIXED_OUTPUTS, backend)
    assert (result.mode, result.backend, result.tfjs_version) == ("execute", backend, "4.22.0")
    assert result.missing_kernel == ""
    for expected, actual in zip(reference, result.outputs, strict=True):
        parity = compare(in_tfjs_dtypes(expected), actual, 1e-5)
        assert parity.ok, parity
        assert [output.name for output in parity.outputs] == list(expected)
    assert result.outputs[1]["scores"].shape == (4, 4)
    assert result.outputs[1]["large"].dtype == bool


def test_outputs_come_in_the_order_asked_for(mixed_tfjs):
    inputs = [seeded_inputs(MIXED, 2)]
    one = tfjs.run(mixed_tfjs, inputs, ["squares"])
    assert list(one.outputs[0]) == ["squares"]
    turned = tfjs.run(mixed_tfjs, inputs, MIXED_OUTPUTS[::-1])
    assert list(turned.outputs[0]) == MIXED_OUTPUTS[::-1]
    np.testing.assert_array_equal(one.outputs[0]["squares"], turned.outputs[0]["squares"])


def test_a_flipped_byte_in_a_weight_shard_is_a_mismatch(mixed, copied):
    manifest = json.loads((copied / "model.json").read_text())["weightsManifest"][0]
    offset = 0
    for weight in manifest["weights"]:
        if weight["dtype"] == "float32" and weight["shape"] == [3, 4]:
            break
        offset += 4 * int(np.prod(weight["shape"]))
    shard = copied / manifest["paths"][0]
    damaged = bytearray(shard.read_bytes())
    damaged[offset + 3] ^= 0x80  # the sign of the first number
    shard.write_bytes(damaged)

    inputs = seeded_inputs(MIXED, 4)
    [reference] = run_saved_model(mixed, [inputs])
    [result] = tfjs.run(copied, [inputs], MIXED_OUTPUTS).outputs
    parity = compare(in_tfjs_dtypes(reference), result, 1e-4)
    assert not parity.ok
    assert parity.worst.name == "scores"
    assert parity.worst.relative > 0.01
    assert {output.name for output in parity.outputs if output.ok} == {"squares", "large"}


@pytest.mark.parametrize("steps", [0, 5])
def test_control_flow_falls_back_to_execute_async(loop, loop_tfjs, steps):
    inputs = {"x": np.float32([[0.5, -1.0]]), "steps": np.int32(steps)}
    [reference] = run_saved_model(loop, [inputs])
    result = tfjs.run(loop_tfjs, [inputs], ["y"])
    assert result.mode == "executeAsync"
    assert compare(reference, result.outputs[0], 1e-6).ok
    expected = np.float32([[0.5, -1.0]])
    for _ in range(steps):
        expected = expected * 1.5 + 1
    np.testing.assert_allclose(result.outputs[0]["y"], expected, rtol=1e-6)


def test_strings_pass_as_bytes(text, text_tfjs):
    words = np.array([[b"naive", "naïve".encode()], [b"", b"\xff\x00\x01"]], dtype=object)
    [reference] = run_saved_model(text, [{"words": words}])
    del reference["replaced"]
    result = tfjs.run(text_tfjs, [{"words": words}], ["flat", "buckets"])
    assert result.backend == "wasm"
    parity = compare(in_tfjs_dtypes(reference), result.outputs[0], 0)
    assert parity.ok, parity
    assert list(result.outputs[0]["flat"]) == list(words.ravel())


def test_cpu_steps_in_where_wasm_has_no_kernel(text, text_tfjs):
    words = np.array([["banana", "naïve"]])
    [reference] = run_saved_model(text, [{"words": words}])
    result = tfjs.run(text_tfjs, [{"words": words}], ["flat", "buckets", "replaced"])
    assert (result.backend, result.missing_kernel) == ("cpu", "StaticRegexReplace")
    parity = compare(in_tfjs_dtypes(reference), result.outputs[0], 0)
    assert parity.ok, parity
    assert result.outputs[0]["replaced"].tolist() == [[b"bonono", "noïve".encode()]]


@pytest.mark.parametrize("replaced", [True, False])
def test_kernels_that_are_not_used_are_not_called_the_same(replaced, text, text_tfjs):
    """They are for wasm: on the cpu backend there would be two answers of one program."""
    from sigfix.pipeline.conversion_check import apart, both_ways
    from sigfix.verifying.checking import Check, Side, Source, judge, judged_calls, only_call
    from sigfix.verifying.inputs.cases import Given
    from sigfix.verifying.runners.tfjs_model import WITH_KERNELS, tfjs_model
    from sigfix.verifying.running import run
    from sigfix.verifying.tolerances import of_tfjs

    words = {"words": np.array([["banana", "apple"]])}
    (reference,) = run_saved_model(text, [words])
    if not replaced:
        del reference["replaced"]
    model = tfjs_model(text_tfjs, list(reference))
    found = run(model, [Given(words)])
    assert found.details["backend"] == ("cpu" if replaced else "wasm")
    source = Source("SavedModel", (words,), (reference,))
    check = Check(of_tfjs(None), cast=in_tfjs_dtypes)
    judged = judge(source, "TensorFlow.js", both_ways(found), check)
    plain, (note,) = apart(judged)
    assert judged.verdict == "same"
    assert len(plain.comparisons) == 1
    assert ("not compared" in note) == replaced
    of_calls = judged_calls(source, Side(model, only_call), found, check)
    assert [each.through for each in of_calls.comparisons] == [""] + [WITH_KERNELS] * (not replaced)


def test_a_benchmark_never_changes_the_backend(text_tfjs):
    words = np.array([[b"a", b"b"]], dtype=object)
    with pytest.raises(ParityError, match="StaticRegexReplace"):
        tfjs.run(text_tfjs, [{"words": words}], ["replaced"], repeat=1)


def test_tables_are_filled(table, table_tfjs):
    words = {"words": np.array([b"b", b"unknown", b"a"], dtype=object)}
    [reference] = run_saved_model(table, [words])
    result = tfjs.run(table_tfjs, [words, words], ["ids"], repeat=3, profile=True)
    assert result.mode == "executeAsync"
    for outputs in result.outputs:
        assert compare(in_tfjs_dtypes(reference), outputs, 0).ok
        assert outputs["ids"].tolist() == [4, -1, 3]


def test_outputs_that_are_inputs_or_weights_outlive_a_call(shared, shared_tfjs):
    inputs = [{"x": np.float32([1, 2])}, {"x": np.float32([3])}]
    reference = run_saved_model(shared, inputs)
    result = tfjs.run(shared_tfjs, inputs, list(reference[0]), repeat=3, profile=True)
    for expected, actual in zip(reference, result.outputs, strict=True):
        assert compare(expected, actual, 0).ok
    assert len(result.times_ms) == 3


def test_times_and_kernels(mixed_tfjs):
    result = run_mixed(mixed_tfjs, repeat=4, profile=True)
    assert len(result.times_ms) == 4
    assert all(time > 0 for time in result.times_ms)
    calls = {kernel.name: kernel.calls for kernel in result.kernels}
    assert calls["Tanh"] == 1
    assert all(kernel.ms >= 0 for kernel in result.kernels)
    assert run_mixed(mixed_tfjs).kernels == ()


def test_an_operator_that_tfjs_does_not_have_is_named(copied):
    def rename(model):
        for node in model["modelTopology"]["node"]:
            if node["op"] == "Tanh":
                node["op"] = "_FusedHardSwish"

    edit_model(copied, rename)
    with pytest.raises(ParityError, match=r"cannot run .*_FusedHardSwish"):
        run_mixed(copied)


def test_unknown_input_and_output_names_are_refused(mixed_tfjs):
    with pytest.raises(ParityError, match=r"cannot run .*inputs (ids, x|x, ids) and"):
        tfjs.run(mixed_tfjs, [{"x": np.zeros((1, 3), "float32")}], ["scores", "squares"])
    with pytest.raises(ParityError, match=r"nothing_of_the_kind.*outputs .*squares"):
        tfjs.run(mixed_tfjs, [seeded_inputs(MIXED, 1)], ["nothing_of_the_kind"])


def test_wrong_shape_is_refused(mixed_tfjs):
    with pytest.raises(ParityError, match="shape"):
        tfjs.run(
            mixed_tfjs,
            [{"x": np.zeros((1, 5), "float32"), "ids": np.zeros(1, "int32")}],
            MIXED_OUTPUTS,
        )


def test_missing_and_truncated_shards_cannot_be_loaded(copied):
    [shard] = copied.glob("*.bin")
    content = shard.read_bytes()
    shard.write_bytes(content[:-8])
    with pytest.raises(ParityError, match="cannot load"):
        run_mixed(copied)
    shard.unlink()
    with pytest.raises(ParityError, match=f"cannot load .*{shard.name}"):
        run_mixed(copied)


def test_a_model_cannot_read_files_outside_its_folder(copied):
    (copied.parent / "secret.bin").write_bytes(bytes(1000))

    def lead_outside(model):
        model["weightsManifest"][0]["paths"] = ["../secret.bin"]

    edit_model(copied, lead_outside)
    with pytest.raises(ParityError, match=r"outside its folder: \.\./secret.bin"):
        run_mixed(copied)


@pytest.mark.parametrize("content", ["", "{", "{}", "[]"])
def test_a_broken_model_json_cannot_be_loaded(copied, content):
    (copied / "model.json").write_text(content)
    with pytest.raises(ParityError, match="cannot load"):
        run_mixed(copied)


def test_out_of_time_is_not_verified(mixed_tfjs):
    with pytest.raises(NotVerifiedError, match=r"did not finish within 0\.01 s"):
        run_mixed(mixed_tfjs, time_limit=0.01)


def test_a_killed_node_is_not_verified(mixed_tfjs, monkeypatch):
    monkeypatch.setenv("NODE_OPTIONS", "--max-old-space-size=4")  # too little for TF.js itself
    with pytest.raises(NotVerifiedError, match="ended without a result"):
        run_mixed(mixed_tfjs)


def test_values_past_int32_are_refused(mixed_tfjs):
    inputs = {"x": np.zeros((1, 3), "float32"), "ids": np.array([2**40])}
    with pytest.raises(NotVerifiedError, match=r"'ids'.*past the limits of int32"):
        tfjs.run(mixed_tfjs, [inputs], MIXED_OUTPUTS)


def test_nothing_is_left_behind(mixed_tfjs, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run_mixed(mixed_tfjs)
    assert list(tmp_path.iterdir()) == []
