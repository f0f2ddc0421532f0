"""What of a checkpoint is told by its header: refused in a moment, and never unpickled."""

from __future__ import annotations

import io
import pickle
import resource
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from sigfix.errors import UsageError
from sigfix.importing.checkpoints import read_headers
from sigfix.importing.pickle_headers import UnknownPickleError, read_pickle
from sigfix.importing.pickled_names import may_be_loaded

if find_spec("doctr") is None:
    pytest.skip("needs doctr", allow_module_level=True)

SMALL = "crnn_mobilenet_v3_small"
SECONDS = 3.0


@pytest.fixture(scope="module")
def state() -> dict[str, Any]:
    from doctr.models import recognition

    built = getattr(recognition, SMALL)(pretrained=False, pretrained_backbone=False)
    found: dict[str, Any] = built.state_dict()
    return found


def _write(kind: str, state: dict[str, Any], path: Path) -> None:
    import torch

    content: Any = state
    if kind == "missing":
        content = {k: t for k, t in state.items() if not k.startswith("feat_extractor.3")}
    if kind == "vocabulary":
        content = {k: t[:11] if k.startswith("linear") else t for k, t in state.items()}
    if kind == "pickled":
        content = {"model": torch.nn.Linear(2, 2)}
    torch.save(content, path, _use_new_zipfile_serialization=kind != "cut, old form")
    if kind.startswith("cut"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


REFUSED = {
    "another": ("linknet_resnet18", f"those of {SMALL}, not of linknet_resnet18"),
    "missing": (SMALL, "240 of its 258 tensors fit"),
    "vocabulary": (SMALL, "trained for another vocabulary, of 10 characters"),
    "pickled": (SMALL, "a whole model, pickled (torch.nn.modules.linear.Linear)"),
    "cut": (SMALL, "not a readable"),
    "cut, old form": (SMALL, "it ends before the numbers of its tensors do"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_refusal_takes_a_moment(kind: str, state: dict[str, Any], tmp_path: Path) -> None:
    """Of the whole command; PyTorch's import alone takes longer, and docTR's more."""
    preset, words = REFUSED[kind]
    _write(kind, state, tmp_path / "w.pt")
    code = (
        "import sys\nfrom sigfix.cli.main import main\n"
        "try: main()\nfinally: print(sorted({'torch', 'tensorflow', 'doctr'} & {*sys.modules}))"
    )
    command = [sys.executable, "-c", code, "convert", preset, "--weights", "w.pt", "--tfjs"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert words in ran.stderr and "try: " in ran.stderr
    assert (ran.returncode, ran.stdout.strip()) == (2, "[]")
    taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert taken < SECONDS
    assert [item.name for item in tmp_path.iterdir()] == ["w.pt"]


def test_what_only_pytorch_can_tell_is_left_to_it(state: dict[str, Any], tmp_path: Path) -> None:
    import torch

    from sigfix.importing.doctr import fit_weights
    from sigfix.presets import find_preset

    beside = {"model": state, "mask": torch.eye(3).to_sparse()}
    torch.save(beside, tmp_path / "w.pt")
    assert read_headers(tmp_path / "w.pt") is None
    fitted = fit_weights(find_preset(SMALL), str(tmp_path / "w.pt"))
    assert torch.equal(fitted.state["linear.bias"], state["linear.bias"])


def test_an_archive_without_its_numbers(state: dict[str, Any], tmp_path: Path) -> None:
    import zipfile

    import torch

    torch.save(state, tmp_path / "w.pt")
    with zipfile.ZipFile(tmp_path / "w.pt") as read, zipfile.ZipFile(tmp_path / "v.pt", "w") as to:
        for name in read.namelist():
            if not name.endswith("data/7"):
                to.writestr(name, read.read(name))
    with pytest.raises(UsageError, match="without all the numbers"):
        read_headers(tmp_path / "v.pt")


def test_all_that_pytorch_makes_may_be_loaded() -> None:
    from torch._weights_only_unpickler import _get_allowed_globals

    from sigfix.importing.checkpoints import _plain_classes

    names = {
        f"{item.__module__}.{item.__qualname__}" if isinstance(item, type) else item[1]
        for item in _plain_classes()
        if isinstance(item, type | tuple)
    }
    assert all(map(may_be_loaded, {*names, *_get_allowed_globals()}))
    for name in ("os.system", "builtins.eval", "doctr.models.X", "torch.nn.modules.linear.Linear"):
        assert not may_be_loaded(name)


HOSTILE = {
    "a list as a key": b"\x80\x02}]K\x01s.",
    "a value that is not there": b"\x80\x02h\x05.",
    "a call of a number": b"\x80\x02K\x01)R.",
    "items without a dictionary": b"\x80\x02K\x01K\x02K\x03s.",
    "no mark": b"\x80\x02}u.",
    "many values": b"\x80\x02K\x01K\x02.",
    "tuples in tuples, as a key": b"\x80\x02})" + b"\x85" * 100_000 + b"K\x01s.",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_odd_pickles_end_the_reading(kind: str) -> None:
    with pytest.raises(UnknownPickleError):
        read_pickle(io.BytesIO(HOSTILE[kind]))


def test_a_long_pickle_ends_the_reading() -> None:
    with pytest.raises(UnknownPickleError, match="too long"):
        read_pickle(io.BytesIO(b"\x80\x02" + b"N" * 1_000_001 + b"."))


def test_plain_values_are_themselves() -> None:
    values = {"a": [1, 2.5, "x", None, True], "b": {"c": (1, (2, 3, 4, 5))}, "n": 1 << 70}
    assert read_pickle(io.BytesIO(pickle.dumps(values, 2))) == values
