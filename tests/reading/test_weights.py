"""NaN and infinity in stored weights: every float type, every format, and no more than is asked."""

from __future__ import annotations

import json
import random
import struct
import time
from collections.abc import Callable
from math import inf, nan
from pathlib import Path

import pytest

from sigfix.pipeline.inspect import inspect
from sigfix.reading import read_any
from sigfix.reading.float_bits import CHUNK, FORMATS, tally
from sigfix.reading.trimming import SMALL
from sigfix.reading.weights import MOST, find_non_finite
from tests.models import Dtype, Model, add_node, healthy, variable_index, with_variable
from tests.reading.test_other_formats import field, onnx_model, tfjs_model

SPECIAL = {
    "float16": {"nan": b"\x01\x7c", "inf": b"\x00\x7c", "-inf": b"\x00\xfc"},
    "bfloat16": {"nan": b"\xc0\xff", "inf": b"\x80\x7f", "-inf": b"\x80\xff"},
    "float32": {"nan": b"\x00\x00\xc0\x7f", "inf": b"\x00\x00\x80\x7f", "-inf": b"\0\0\x80\xff"},
    "float64": {"nan": struct.pack("<d", nan), "inf": struct.pack("<d", inf),
                "-inf": struct.pack("<d", -inf)},
}  # fmt: skip
LARGEST = {"float16": b"\xff\x7b", "bfloat16": b"\x7f\x7f", "float32": b"\xff\xff\x7f\x7f",
           "float64": b"\xff" * 6 + b"\xef\x7f"}  # fmt: skip


@pytest.mark.parametrize("dtype", SPECIAL)
@pytest.mark.parametrize("piece", [3, 1000, CHUNK, CHUNK + 1])
def test_special_values_are_counted(dtype: str, piece: int) -> None:
    """Among the largest finite ones, in pieces that cut numbers and lanes."""
    width = FORMATS[dtype].width
    values = [LARGEST[dtype]] * (CHUNK // width + 100)
    places = {"nan": (0, 77), "inf": (5,), "-inf": (CHUNK // width, len(values) - 1, 6)}
    for kind, positions in places.items():
        for position in positions:
            values[position] = SPECIAL[dtype][kind]
    data = b"".join(values)
    pieces = [data[start : start + piece] for start in range(0, len(data), piece)]
    found = tally(lambda: pieces, dtype)
    assert found is not None
    assert (found.nans, found.above, found.below, found.has_positive) == (2, 1, 3, True)
    finite = LARGEST[dtype] * (CHUNK // width + 100)
    assert tally(lambda: [finite], dtype) is None


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_any_bits_are_counted_as_numpy_does(dtype: str) -> None:
    numpy = pytest.importorskip("numpy")
    bits = random.Random(dtype)
    for size in (8, 800, 2 * CHUNK + 8):
        data = bytes(bits.choice((0, 0x7C, 0x7F, 0x80, 0xF0, 0xFF, 1)) for _ in range(size))
        values = numpy.frombuffer(data, dtype)
        found = tally(lambda data=data: [data], dtype)
        nans = int(numpy.isnan(values).sum())
        above, below = int((values == inf).sum()), int((values == -inf).sum())
        if not nans + above + below:
            assert found is None
            continue
        assert found is not None
        assert (found.nans, found.above, found.below) == (nans, above, below)
        assert found.has_positive == bool(((values > 0) & numpy.isfinite(values)).any())


def test_a_large_constant_that_stays_on_disk_is_looked_at(tmp_path: Path) -> None:
    model = healthy()
    function = model.function("f")
    for nodes, name, at in ((model.meta.graph_def.node, "here", 7), (function.node_def, "in", 9)):
        tensor = add_node(nodes, name, "Const", dtype=Dtype("float32")).attr["value"].tensor
        tensor.dtype = 1
        tensor.tensor_shape.dim.add(size=SMALL // 4)
        data = bytearray(b"\x00\x00\x80\x3f" * (SMALL // 4))
        data[4 * at : 4 * at + 4] = SPECIAL["float32"]["nan"]
        tensor.tensor_content = bytes(data)
    model.write(tmp_path / "m")
    (tmp_path / "frozen.pb").write_bytes(model.meta.graph_def.SerializeToString())
    for name in ("m", "frozen.pb"):
        found = find_non_finite(read_any(tmp_path / name))
        assert [str(item) for item in found] == [
            f"here: 1 NaN of {SMALL // 4:,} values",
            f"in: 1 NaN of {SMALL // 4:,} values",
        ]


@pytest.mark.parametrize(("number", "bits"), [(19, 0x7E00), (14, 0x7FC0)])
def test_halves_in_a_field_of_integers(number: int, bits: int, tmp_path: Path) -> None:
    model = healthy()
    tensor = model.node("c", "Const", dtype=Dtype("float16")).attr["value"].tensor
    tensor.dtype = number
    tensor.tensor_shape.dim.add(size=2)
    tensor.half_val.extend([0x3C00, bits])
    assert _told(model.write(tmp_path / "m")) == ["c: 1 NaN of 2 values"]


def _told(path: Path) -> list[str]:
    return [str(item) for item in find_non_finite(read_any(path))]


def _tensor(*parts: bytes, name: str = "w", size: int = 3) -> bytes:
    return field(1, size) + field(8, name.encode()) + b"".join(parts)


RAW = struct.pack("<3f", 1.0, nan, 2.0)
HALVES = b"".join([b"\x80\x78", b"\x80\xfc\x01", b"\x01"])  # 0x3c00, 0x7e00, 1 as varints
ONNX_TENSORS = {
    "raw": _tensor(field(2, 1), field(9, RAW)),
    "packed floats": _tensor(field(2, 1), field(4, RAW)),
    "doubles": _tensor(field(2, 11), field(10, struct.pack("<3d", 1.0, nan, 2.0))),
    "raw halves": _tensor(field(2, 10), field(9, b"\x00\x3c\x00\x7e\x00\x00")),
    "halves as integers": _tensor(field(2, 10), field(5, HALVES)),
    "brain floats": _tensor(field(2, 16), field(9, b"\x80\x3f\xc0\x7f\x00\x00")),
}


def _onnx(graph: bytes) -> bytes:
    return field(1, 8) + field(7, graph) + field(8, field(2, 17))


def _constant(tensor: bytes) -> bytes:
    attribute = field(1, b"value") + field(5, tensor) + field(20, 4)
    return field(1, field(2, b"w") + field(4, b"Constant") + field(5, attribute))


def _in_branch(graph: bytes) -> bytes:
    attribute = field(1, b"then_branch") + field(6, graph) + field(20, 5)
    return field(1, field(2, b"y") + field(4, b"If") + field(5, attribute))


@pytest.mark.parametrize("tensor", ONNX_TENSORS.values(), ids=ONNX_TENSORS)
@pytest.mark.parametrize(
    "place",
    [lambda t: field(5, t), _constant, lambda t: _in_branch(_constant(t)),
     lambda t: _in_branch(field(5, t))],
    ids=["initializer", "constant", "constant in a branch", "initializer of a branch"],
)  # fmt: skip
def test_onnx(tensor: bytes, place: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(_onnx(place(tensor)))
    assert _told(path) == ["w: 1 NaN of 3 values"]
    assert [item.code for item in inspect(path).findings] == ["BEH309"]


def test_onnx_without_any(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx_model())
    assert _told(path) == []


@pytest.mark.parametrize("start", [0, 8])
def test_external_data(start: int, tmp_path: Path) -> None:
    entries = {b"location": b"w.bin", b"offset": str(start).encode(), b"length": b"12"}
    external = b"".join(field(13, field(1, k) + field(2, v)) for k, v in entries.items())
    tensor = _tensor(field(2, 1), external, field(14, 1))
    (tmp_path / "m.onnx").write_bytes(_onnx(field(5, tensor)))
    (tmp_path / "w.bin").write_bytes(bytes(start) + RAW)
    assert _told(tmp_path / "m.onnx") == ["w: 1 NaN of 3 values"]
    (tmp_path / "w.bin").unlink()
    assert _told(tmp_path / "m.onnx") == []


def test_external_data_elsewhere_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(RAW)
    (tmp_path / "inner").mkdir()
    for location in ("../secret.bin", str(tmp_path / "secret.bin")):
        external = field(13, field(1, b"location") + field(2, location.encode()))
        path = tmp_path / "inner" / "m.onnx"
        path.write_bytes(_onnx(field(5, _tensor(field(2, 1), external, field(14, 1)))))
        assert _told(path) == []


def _tfjs(folder: Path, weights: list[dict[str, object]], *shards: bytes) -> Path:
    tfjs_model(folder)
    (folder / "group1-shard1of1.bin").unlink()
    document = json.loads((folder / "model.json").read_text("utf-8"))
    names = [f"group1-shard{number + 1}of{len(shards)}.bin" for number in range(len(shards))]
    document["weightsManifest"] = [{"paths": names, "weights": weights}]
    (folder / "model.json").write_text(json.dumps(document))
    for name, data in zip(names, shards, strict=True):
        (folder / name).write_bytes(data)
    return folder


def test_tfjs_weights_over_the_edges_of_files(tmp_path: Path) -> None:
    """A byte before it, and a cut through the number."""
    data = b"\x07" + RAW + b"\x00\x3c\x00\x7e"
    weights: list[dict[str, object]] = [
        {"name": "odd", "shape": [1], "dtype": "uint8"},
        {"name": "w", "shape": [3], "dtype": "float32"},
        {"name": "h", "shape": [2], "dtype": "float32", "quantization": {"dtype": "float16"}},
    ]
    for cut in range(len(data) + 1):
        path = _tfjs(tmp_path / str(cut), weights, data[:cut], data[cut:])
        assert _told(path) == ["h: 1 NaN of 2 values", "w: 1 NaN of 3 values"]


@pytest.mark.parametrize("key", ["scale", "min"])
def test_tfjs_weights_that_were_quantised_from_nan(key: str, tmp_path: Path) -> None:
    quantization = {"dtype": "uint8", "scale": 0.5, "min": 0.0}
    weight = {"name": "w", "shape": [4], "dtype": "float32", "quantization": quantization}
    assert _told(_tfjs(tmp_path / "right", [weight], bytes(4))) == []
    quantization[key] = nan
    path = _tfjs(tmp_path / "wrong", [weight], bytes(4))
    assert _told(path) == ["w: 4 NaN of 4 values"]
    assert [item.code for item in inspect(path).findings] == ["BEH309"]


def _two_variables(folder: Path, large: int) -> Path:
    """A small variable that is right, and a large one whose last number is NaN."""
    model = with_variable(healthy())
    index = variable_index({"large": (12, large), "w": (0, 12)})
    model.files["variables/variables.index"] = index
    path = model.write(folder)
    with (path / "variables" / "variables.data-00000-of-00001").open("wb") as file:
        file.seek(12 + large - 4)  # a hole: nothing is written for it
        file.write(SPECIAL["float32"]["nan"])
    return path


def test_the_smallest_tensors_up_to_a_bound_and_all_with_checksums(tmp_path: Path) -> None:
    path = _two_variables(tmp_path / "m", MOST)
    assert find_non_finite(read_any(path)) == ()
    assert [item.name for item in find_non_finite(read_any(path), None)] == ["large"]
    below = _two_variables(tmp_path / "below", MOST - 12)
    assert [item.name for item in find_non_finite(read_any(below))] == ["large"]
    pytest.importorskip("google_crc32c")
    codes = [item.code for item in inspect(path, checksums=True).findings]
    assert "BEH309" in codes


def test_the_bound_is_looked_at_in_a_moment(tmp_path: Path) -> None:
    """0.06 s where it was measured; ten times as much is allowed, for busy machines."""
    path = _two_variables(tmp_path / "m", MOST - 12)
    shard = path / "variables" / "variables.data-00000-of-00001"
    with shard.open("r+b") as file:  # without the NaN at its end
        file.truncate(MOST - 4)
        file.truncate(MOST)
    model = read_any(path)
    start = time.process_time()
    assert find_non_finite(model) == ()
    assert time.process_time() - start < 0.6


def test_missing_and_short_files_are_left_to_other_findings(tmp_path: Path) -> None:
    path = with_variable(Model()).write(tmp_path / "m")
    shard = path / "variables" / "variables.data-00000-of-00001"
    shard.write_bytes(b"\xff" * 11)
    assert _told(path) == []
    shard.unlink()
    assert _told(path) == []
