"""Repair a model, mend it by hand, and run both: TensorFlow's protobufs and loaders, no sigfix."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sigfix.quoting import quote
from sigfix.wording import plural
from tests.by_hand.rows import Row
from tests.classes.running import saved
from tests.loaders import run_v1, run_v2
from tests.printed.exploring import run

BATCH = 3
LOADERS = {"2": run_v2, "1": run_v1}
Named = Mapping[str, tuple[str, tuple[int | None, ...] | None]]


def compare(row: Row, folder: Path) -> str:
    """What was compared, in words. Raises `AssertionError` where the two models differ."""
    source = saved(row.model, folder) / row.model
    ours, hand = folder / "ours", folder / "hand"
    name = quote(f"./{row.model}/{row.file}".rstrip("/"))
    checked = "" if "?" in row.options and row.apart else " --no-verify"
    code, said = run(f"sigfix repair {name} {row.options} -o ../ours{checked}", source.parent)
    assert code == 0, said
    if row.hand is None:
        hand = source
    else:
        row.hand(source, hand)
    wanted, found = signatures(hand), signatures(ours)
    inputs = outputs = 0
    worst = 0.0
    for key, (fed, fetched) in wanted.items():
        assert key in found, f"no signature {key}"
        assert found[key][0] == fed, f"inputs of {key}: {found[key][0]} instead of {fed}"
        kinds = {name: kind for name, (kind, _) in fetched.items()}
        assert {name: kind for name, (kind, _) in found[key][1].items()} == kinds
        inputs, outputs = inputs + len(fed), outputs + len(fetched)
        if row.runs:
            worst = max(worst, largest_difference(row, key, fed, ours, hand))
    assert worst <= row.apart, f"numbers differ by {worst:.2g} of the largest"
    return f"{plural(inputs, 'input')}, {plural(outputs, 'output')}"


def signatures(path: Path) -> dict[str, tuple[Named, Named]]:
    """Key -> inputs and outputs of the MetaGraph to serve: name -> type, shape."""
    from google.protobuf import text_format
    from tensorflow.core.protobuf import saved_model_pb2

    message: Any = saved_model_pb2.SavedModel()
    text = path / "saved_model.pbtxt"
    if text.exists():
        text_format.Parse(text.read_text(), message)
    else:
        message.ParseFromString((path / "saved_model.pb").read_bytes())
    (graph,) = (item for item in message.meta_graphs if list(item.meta_info_def.tags) == ["serve"])
    return {
        key: (_named(item.inputs), _named(item.outputs))
        for key, item in graph.signature_def.items()
        if not key.startswith("__")
    }


def _named(infos: Mapping[str, Any]) -> Named:
    import tensorflow as tf

    found = {}
    for name, info in infos.items():
        shape = info.tensor_shape
        sizes = None if shape.unknown_rank else tuple(d.size if d.size >= 0 else None
                                                      for d in shape.dim)  # fmt: skip
        found[name] = (tf.as_dtype(info.dtype).name, sizes)
    return found


def largest_difference(row: Row, key: str, fed: Named, ours: Path, hand: Path) -> float:
    """Of all outputs and loaders, in parts of the largest number; not numbers: equal or not."""
    import numpy as np

    worst = 0.0
    for loader in row.loaders:
        wanted, found = (
            LOADERS[loader](path, _inputs(row, fed, key), key, tags=["serve"])
            for path in (hand, ours)
        )
        assert set(wanted) == set(found)
        for name, one in wanted.items():
            pairs = list(zip(_parts(one), _parts(found[name]), strict=True))
            assert all(a.dtype == b.dtype and a.shape == b.shape for a, b in pairs), (key, name)
            for one_part, other in pairs:
                if one_part.dtype.kind != "f":
                    assert np.array_equal(one_part, other), (key, name, loader)
                elif one_part.size:
                    assert np.isfinite(one_part).all(), (key, name)
                    size = max(np.abs(one_part).max(), 1e-30)
                    worst = max(worst, float(np.abs(one_part - other).max() / size))
    return worst


def _parts(value: Any) -> list[Any]:
    import numpy as np

    parts = [value.indices, value.values, value.dense_shape] if hasattr(value, "indices") else [
        value
    ]  # fmt: skip
    return [np.asarray(part) for part in parts]


def _inputs(row: Row, fed: Named, key: str) -> dict[str, Any]:
    """What the row feeds, or numbers that are drawn, the same for the two models."""
    import numpy as np

    given = dict(row.fed()) if row.fed else {}
    words = given.pop("", row.words)
    generator = np.random.default_rng(5)
    found = {}
    for name, (kind, shape) in sorted(fed.items()):
        sizes = [BATCH if size is None else size for size in (shape if shape is not None else [4])]
        if name in given:
            made = given[name]
            found[name] = made if hasattr(made, "dense_shape") else np.asarray(made, kind)
        elif kind == "string":
            several = [words[n % len(words)] for n in range(int(np.prod(sizes, dtype=int)))]
            found[name] = np.array(several, object).reshape(sizes)
        elif kind == "bool":
            found[name] = generator.random(sizes) < 0.5
        elif kind.startswith(("int", "uint")):
            found[name] = generator.integers(0, 100, sizes).astype(kind)
        else:
            found[name] = generator.normal(size=sizes).astype(kind)
    return found
