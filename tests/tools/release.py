"""Build the wheel and the sdist into dist/, check them, and list what is inside: `make release`.

    python -m tests.tools.release [FOLDER]

The tools (the extra `release`) need a newer `packaging` than tensorflowjs allows, and so have an
environment of their own. docs/releasing.md says what comes before and after.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from sigfix.version import __version__
from tests.environments import ROOT, listed, python_with

DATA = (
    "sigfix/describing/tables/operator_effects.txt",
    "sigfix/describing/tables/tensorflow_operators.txt",
    "sigfix/describing/tables/tfjs_operators.txt",
    "sigfix/describing/tables/tflite_operators.txt",
    "sigfix/doctr_vocabularies.txt",
    "sigfix/importing/doctr_tensors.txt",
    "sigfix/operator_defaults.txt",
    "sigfix/py.typed",
    "sigfix/reading/keras_classes.txt",
    "sigfix/reading/messages.txt",
    "sigfix/rendering/schemas/bundle.json",
    "sigfix/rendering/schemas/convert.json",
    "sigfix/rendering/schemas/diff.json",
    "sigfix/rendering/schemas/error.json",
    "sigfix/rendering/schemas/inspection.json",
    "sigfix/rendering/schemas/plan.json",
    "sigfix/rendering/schemas/preset.json",
    "sigfix/rendering/schemas/presets.json",
    "sigfix/rendering/schemas/repair.json",
    "sigfix/rendering/schemas/verify.json",
    "sigfix/verifying/inputs/pictures.npz",
    "sigfix/web/check/check.html",
    "sigfix/web/check/check.js",
    "sigfix/web/check/read.mjs",
    "sigfix/web/kernels/assembly/convolutions.ts",
    "sigfix/web/kernels/assembly/copies.ts",
    "sigfix/web/kernels/assembly/depthwise.ts",
    "sigfix/web/kernels/assembly/functions.ts",
    "sigfix/web/kernels/assembly/index.ts",
    "sigfix/web/kernels/assembly/multiply_add.ts",
    "sigfix/web/kernels/assembly/packing.ts",
    "sigfix/web/kernels/assembly/products.ts",
    "sigfix/web/kernels/assembly/recurrent.ts",
    "sigfix/web/kernels/assembly/winograd.ts",
    "sigfix/web/kernels/backend.mjs",
    "sigfix/web/kernels/convolutions.mjs",
    "sigfix/web/kernels/copies.mjs",
    "sigfix/web/kernels/depthwise.mjs",
    "sigfix/web/kernels/elementwise.mjs",
    "sigfix/web/kernels/index.d.mts",
    "sigfix/web/kernels/index.mjs",
    "sigfix/web/kernels/module.mjs",
    "sigfix/web/kernels/pieces.mjs",
    "sigfix/web/kernels/products.mjs",
    "sigfix/web/kernels/recurrent.mjs",
    "sigfix/web/kernels/regions.mjs",
    "sigfix/web/kernels/tape.mjs",
    "sigfix/web/kernels/thread.mjs",
    "sigfix/web/kernels/threads.mjs",
    "sigfix/web/ocr/README.md",
    "sigfix/web/ocr/backend.js",
    "sigfix/web/ocr/bitmap.js",
    "sigfix/web/ocr/boxes.js",
    "sigfix/web/ocr/card.js",
    "sigfix/web/ocr/card.schema.json",
    "sigfix/web/ocr/client.js",
    "sigfix/web/ocr/crops.js",
    "sigfix/web/ocr/decode.js",
    "sigfix/web/ocr/document.js",
    "sigfix/web/ocr/enclosing.js",
    "sigfix/web/ocr/errors.js",
    "sigfix/web/ocr/hull.js",
    "sigfix/web/ocr/index.d.ts",
    "sigfix/web/ocr/index.js",
    "sigfix/web/ocr/lines.js",
    "sigfix/web/ocr/models.js",
    "sigfix/web/ocr/numbers.js",
    "sigfix/web/ocr/ocr.js",
    "sigfix/web/ocr/offset.js",
    "sigfix/web/ocr/package.json",
    "sigfix/web/ocr/picture.js",
    "sigfix/web/ocr/preprocess.js",
    "sigfix/web/ocr/resize.js",
    "sigfix/web/ocr/serve.d.ts",
    "sigfix/web/ocr/serve.js",
    "sigfix/web/ocr/source.js",
    "sigfix/web/ocr/stages.js",
    "sigfix/web/ocr/upright.js",
    "sigfix/web/ocr/warp.js",
    "sigfix/web/ocr/wide.js",
    "sigfix/web/ocr/worker.js",
    "sigfix/web/package-lock.json",
    "sigfix/web/package.json",
    "sigfix/web/page/LICENSE.txt",
    "sigfix/web/page/NOTICE.txt",
    "sigfix/web/page/app.js",
    "sigfix/web/page/backends.js",
    "sigfix/web/page/icon.svg",
    "sigfix/web/page/index.html",
    "sigfix/web/page/kinds.js",
    "sigfix/web/page/main.js",
    "sigfix/web/page/pages.js",
    "sigfix/web/page/pdf.js",
    "sigfix/web/page/pictures.js",
    "sigfix/web/page/settings.js",
    "sigfix/web/page/sources.js",
    "sigfix/web/page/style.css",
    "sigfix/web/page/view.js",
    "sigfix/web/pdf/package-lock.json",
    "sigfix/web/pdf/package.json",
    "sigfix/web/runner.mjs",
)
"""The files of the wheel that are no Python modules."""
METADATA = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE",
            "licenses/NOTICE")  # fmt: skip
PAPERS = (".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "NOTICE", "PKG-INFO", "README.md",
          "constraints.txt", "pyproject.toml")  # fmt: skip
FOLDERS = ("docs", "examples", "sigfix", "tests")
"""What else the sdist has, whole."""


def tools() -> Path:
    """A Python with the build backend and the programs that check what it built."""
    return python_with([*listed("requires"), *listed("release")])


def build(folder: Path) -> None:
    """Write the wheel and the sdist into a folder."""
    command = [str(tools()), "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)


def faults(folder: Path) -> list[str]:
    """What is wrong with the packages in a folder, a line each."""
    wheel, sdist = wheel_of(folder), sdist_of(folder)
    found = _said([str(tools()), "-m", "twine", "check", "--strict", str(wheel), str(sdist)])
    found += _said([str(tools()), "-m", "check_wheel_contents", "--no-config", str(wheel)])
    for path, inside, expected in (
        (wheel, in_wheel(wheel), expected_in_wheel()),
        (sdist, in_sdist(sdist), expected_in_sdist()),
    ):
        found += [f"{path.name} lacks {name}" for name in sorted(expected - inside)]
        found += [f"{path.name} has {name}, too" for name in sorted(inside - expected)]
    return found


def wheel_of(folder: Path) -> Path:
    """The one wheel in a folder."""
    (path,) = folder.glob("*.whl")
    return path


def sdist_of(folder: Path) -> Path:
    """The one sdist in a folder."""
    (path,) = folder.glob("*.tar.gz")
    return path


def in_wheel(path: Path) -> set[str]:
    """The files in a wheel."""
    with zipfile.ZipFile(path) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def in_sdist(path: Path) -> set[str]:
    """The files in an sdist, without the folder that they are all in."""
    with tarfile.open(path) as archive:
        return {m.name.partition("/")[2] for m in archive.getmembers() if m.isfile()}


def expected_in_wheel() -> set[str]:
    """The repository's modules, the data that they read, and what describes the package."""
    modules = {name for name in _repository("sigfix") if name.endswith(".py")}
    return modules | set(DATA) | {f"sigfix-{__version__}.dist-info/{name}" for name in METADATA}


def expected_in_sdist() -> set[str]:
    """The repository, but for what only serves those who have it."""
    return set(PAPERS).union(*map(_repository, FOLDERS))


def _repository(folder: str) -> set[str]:
    """The files of a folder that are in the repository: in git, or where there is none, all."""
    command = ["git", "ls-files", "-z", "--", folder]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    if ran.returncode == 0 and ran.stdout:
        return set(ran.stdout.rstrip("\0").split("\0"))
    files = (path for path in (ROOT / folder).rglob("*") if path.is_file())
    kept = [path for path in files if not {"__pycache__", "node_modules"} & set(path.parts)]
    return {path.relative_to(ROOT).as_posix() for path in kept}


def _said(command: list[str]) -> list[str]:
    """What a program that found something says."""
    ran = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)
    return (ran.stdout + ran.stderr).strip().splitlines() if ran.returncode else []


def main(folder: Path) -> int:
    """Build, check and list; the exit code is 1 where something is wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("*.whl"), *folder.glob("*.tar.gz")):
        old.unlink()
    build(folder)
    for path, inside in (
        (wheel_of(folder), in_wheel(wheel_of(folder))),
        (sdist_of(folder), in_sdist(sdist_of(folder))),
    ):
        print(f"{path}: {path.stat().st_size:,} bytes, {len(inside)} files")
        counts: dict[str, int] = {}
        for name in inside:
            top = "/".join(name.split("/")[:-1][:2]) or name
            counts[top] = counts.get(top, 0) + 1
        for top, count in sorted(counts.items()):
            print(f"  {top}" + (f"/  {count} files" if count > 1 or "/" in top else ""))
    wrong = faults(folder)
    print("\n".join(wrong) or "twine, check-wheel-contents and the table of files: nothing wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "dist"))
