"""Large constants are left out of what is parsed; the graph is the same without them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sigfix.reading import read
from sigfix.reading.protos import parse
from sigfix.reading.trimming import SMALL, without_large_constants
from tests.bench.inspection_scale import model_of_a_megabyte
from tests.models import Dtype, Model, add_node, healthy
from tests.sparse_models import write_sparse_model

ROOT = Path(__file__).parents[2]


def with_constant(size: int) -> Model:
    """A healthy model with a constant of `size` bytes in the graph and one in a function."""
    model = healthy()
    function = model.function("f")
    for node in (
        model.node("weights", "Const", dtype=Dtype("float32")),
        add_node(function.node_def, "more", "Const", dtype=Dtype("float32")),
    ):
        tensor = node.attr["value"].tensor
        tensor.dtype = 1
        tensor.tensor_shape.dim.add(size=size // 4)
        tensor.tensor_content = bytes(size)
    model.node("axis", "Const", dtype=Dtype("int32")).attr["value"].tensor.int_val.append(7)
    return model


def test_constants_are_cut_out() -> None:
    data = with_constant(SMALL).data()
    trimmed = without_large_constants(data)
    assert len(trimmed) < 10_000
    graph = parse("SavedModel", trimmed).meta_graphs[0].graph_def
    assert [node.name for node in graph.node] == ["x", "y", "weights", "axis"]
    assert graph.node[2].attr["value"].tensor.tensor_shape.dim[0].size == SMALL // 4
    assert graph.node[3].attr["value"].tensor.int_val[0] == 7
    assert graph.library.function[0].node_def[0].name == "more"


def test_small_messages_stay_whole() -> None:
    data = with_constant(1000).data()
    assert without_large_constants(data) == data


def test_damaged_messages_stay_as_they_are() -> None:
    data = with_constant(SMALL).data()[:-5] + b"\xff" * 5
    assert without_large_constants(data)


def test_archive_reads_like_the_directory(tmp_path: Path) -> None:
    import tarfile

    from tests.models import with_variable

    path = with_variable(healthy()).write(tmp_path / "m")
    archive = tmp_path / "m.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(path, arcname=".")
    before, after = read(path), read(archive)
    assert after.meta_graphs[0].signatures == before.meta_graphs[0].signatures
    assert after.variables == before.variables
    assert after.files == before.files
    assert sorted(item.name for item in tmp_path.iterdir()) == ["m", "m.tar.gz"]


def inspected(path: Path) -> tuple[str, int]:
    """What a process of its own says about a model, and its peak memory in MiB."""
    code = (
        "import sys\n"
        "from sigfix.cli.main import main\n"
        "from tests.memory import peak_memory\n"
        "try:\n"
        "    main(['inspect', sys.argv[1]])\n"
        "except SystemExit as end:\n"
        "    assert not end.code\n"
        "print(peak_memory(), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return done.stdout, int(done.stderr)


def test_gigabytes_stay_on_disk(tmp_path: Path) -> None:
    """1.5 GB of constants and 10 GB of variables, in files with holes."""
    path = write_sparse_model(tmp_path / "m", 3 << 29, 10 << 30)
    assert (path / "saved_model.pb").stat().st_size > 1_600_000_000
    shown, peak = inspected(path)
    assert "SavedModel, 12.3 GB" in shown
    assert "4 tensors, 10.7 GB in 4 shards" in shown
    assert "No findings." in shown
    assert peak < 100


def test_whole_process_stays_small(tmp_path: Path) -> None:
    """At most three times saved_model.pb plus 60 MB, for a model of many nodes."""
    path = model_of_a_megabyte().write(tmp_path / "m")
    size = (path / "saved_model.pb").stat().st_size
    assert size > 900_000
    _, peak = inspected(path)
    assert peak << 20 <= 3 * size + 60_000_000
