"""What is around a command while it runs: no network, stores, an environment of its own.

Each gives the variables of the command's environment, and looks at what it left.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

Environment = Mapping[str, str]
OWN = Path("own")
"""The environment that packages are installed into."""
CLOSED = "http://127.0.0.1:1"


@contextmanager
def nothing() -> Iterator[Environment]:
    """The tests' own environment."""
    yield {}


@contextmanager
def no_network() -> Iterator[Environment]:
    """A proxy that refuses, and an empty cache of docTR's; the command leaves no file behind."""
    before = set(Path().iterdir())
    variables = {"DOCTR_CACHE_DIR": str(Path("cache").absolute()), "no_proxy": "", "NO_PROXY": ""}
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        variables |= {name: CLOSED, name.upper(): CLOSED}
    yield variables
    assert set(Path().iterdir()) == before


@contextmanager
def stores() -> Iterator[Environment]:
    """Amazon's and Google's stores, and a hub, on this machine."""
    from tests.reading.hub_server import hub_of
    from tests.reading.store_servers import buckets_of, environment

    with buckets_of(Path("stores")) as buckets, hub_of(Path("hub"), "somebody/model") as hub:
        yield {
            **environment(buckets),
            "HF_ENDPOINT": hub.address,
            "HF_TOKEN": "",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }


@contextmanager
def new_environment() -> Iterator[Environment]:
    """A Python of its own, whose sigfix is the one that was installed."""
    yield _made()
    _sigfix_is_there()


@contextmanager
def environment_with_all() -> Iterator[Environment]:
    """The same, beside the packages that the tests have: pip finds them there, and adds none."""
    variables = _made()
    (packages,) = OWN.glob("lib/python3*/site-packages")
    beside = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "beside.pth").write_text("\n".join(beside) + "\n")
    yield variables
    _sigfix_is_there()


def _made() -> dict[str, str]:
    venv.create(OWN, with_pip=True)
    programs = str((OWN / "bin").absolute())
    return {"PATH": os.pathsep.join([programs, os.environ["PATH"]]), "PYTHONPATH": ""}


def _sigfix_is_there() -> None:
    python = str((OWN / "bin" / "python").absolute())
    for words in (["-c", "import sigfix; print(sigfix.__file__)"], ["-m", "sigfix", "presets"]):
        done = subprocess.run(
            [python, *words], cwd="/", env={"PATH": ""}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        if words[0] == "-c":
            assert done.stdout.startswith(str(OWN.absolute()))


@contextmanager
def its_own_make() -> Iterator[Environment]:
    """make, as it runs where no other make runs it."""
    yield dict.fromkeys(("MAKEFLAGS", "MFLAGS", "MAKELEVEL"), "")
