"""A bundle tried on pictures before it is published: in Chromium, or else in Node.js."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigfix.errors import NotVerifiedError, ParityError, ProcessError
from sigfix.pipeline.serving import TYPES, served
from sigfix.processes import run_process, run_program
from sigfix.temporary import temporary_folder
from sigfix.verifying.runners.chromium import find_chromium, open_page
from sigfix.verifying.runners.node import WEB, find_node, packages_directory

if TYPE_CHECKING:
    from PIL import Image

    from sigfix.verifying.doctr_pages import Model
    from sigfix.verifying.page_words import WordCount

CHECK = WEB / "check"
MOST_DIFFERENT = 0.01
"""The part of the words that may be read otherwise."""
LEAST_WORDS = 20
"""A page on which docTR finds fewer tells nothing."""


@dataclass(frozen=True)
class BundleCheck:
    """What a bundle read on rendered pictures, beside docTR's Python pipeline.

    `where` ran it; times are in milliseconds.
    """

    where: str
    words: WordCount
    load_ms: float
    read_ms: float


def compare(
    place: Path, pictures: Sequence[Image.Image], models: Mapping[str, Model], seconds: float
) -> BundleCheck:
    """Read pictures with the bundle in `place`, and with docTR.

    Raises `NotVerifiedError` where one of them cannot, or where docTR finds next to nothing, and
    `ParityError` where more than `MOST_DIFFERENT` of the words differ.
    """
    from sigfix.verifying.page_words import WordCount

    where, result = _read_by_bundle(place, pictures, seconds)
    job = {"models": dict(models), "pictures": list(pictures)}
    try:
        read = run_process("sigfix.verifying.doctr_pages_child", job, seconds)
    except ProcessError as error:
        raise NotVerifiedError(f"docTR did not read the pictures: {error.reason}.") from error
    pairs = zip(read["pages"], result["pages"], strict=True)
    words = sum((WordCount.of(*pair) for pair in pairs), WordCount(0, 0, 0))
    if words.reference < LEAST_WORDS:
        raise NotVerifiedError(
            "Not verified, so nothing was written: on a rendered page of text docTR itself finds "
            f"{words.reference} words with these models, too few to compare.",
            "weights that were trained (--det-weights and --reco-weights, or --weights); "
            "--no-verify writes the bundle unchecked",
        )
    found = BundleCheck(where, words, result["load"], result["read"])
    if words.part_different > MOST_DIFFERENT:
        raise ParityError(
            f"The bundle reads otherwise than docTR's Python pipeline with the same models: of "
            f"{words.reference} rendered words it read {words.same} the same, and found "
            f"{words.own}.",
            "--quantize none stores the weights as they are",
        )
    return found


def _read_by_bundle(
    place: Path, pictures: Sequence[Image.Image], seconds: float
) -> tuple[str, dict[str, Any]]:
    program = find_chromium()
    if program is not None:
        where, result = "Chromium", _in_chromium(program, place, pictures, seconds)
    else:
        where, result = "Node.js", _in_node(place, pictures, seconds)
    if "error" in result:
        raise ParityError(f"The bundle does not read a page in {where}: {result['error']}")
    return where, result


def _in_chromium(
    program: str, place: Path, pictures: Sequence[Image.Image], seconds: float
) -> dict[str, Any]:
    done = threading.Event()
    results: list[dict[str, Any]] = []

    def take(posted: Any) -> None:
        results.append(posted)
        done.set()

    extra = {
        "/check/check.html": (TYPES[".html"], (CHECK / "check.html").read_bytes()),
        "/check/check.js": (TYPES[".js"], (CHECK / "check.js").read_bytes()),
    }
    names = [f"picture-{number}.png" for number in range(len(pictures))]
    for name, picture in zip(names, pictures, strict=True):
        file = BytesIO()
        picture.save(file, "PNG")
        extra[f"/check/{name}"] = (TYPES[".png"], file.getvalue())
    extra["/check/pictures.json"] = (TYPES[".json"], json.dumps(names).encode())
    with served(place, extra=extra, take=take) as address:
        open_page(program, f"{address}check/check.html", done, seconds)
    return results[0]


def _in_node(place: Path, pictures: Sequence[Image.Image], seconds: float) -> dict[str, Any]:
    node = find_node()
    with temporary_folder() as folder:
        request, result = folder / "request.json", folder / "result.json"
        asked = []
        for number, picture in enumerate(pictures):
            pixels = folder / f"pixels-{number}.bin"
            pixels.write_bytes(picture.tobytes())
            width, height = picture.size
            asked.append({"pixels": str(pixels), "width": width, "height": height})
        request.write_text(json.dumps(asked), "utf-8")
        reader = [str(CHECK / "read.mjs"), str(place), str(packages_directory(node))]
        command = [str(node.program), *node.flags, *reader, str(request), str(result)]
        try:
            code, said = run_program(command, seconds, folder, dict(os.environ))
            found: dict[str, Any] = json.loads(result.read_text("utf-8"))
            return found
        except ProcessError as error:
            raise NotVerifiedError(
                f"The bundle was not read in Node.js: {error.reason}."
            ) from error
        except (OSError, ValueError) as error:
            last = said.strip().splitlines()[-1:] or [f"exit status {code}"]
            raise NotVerifiedError(f"The bundle was not read in Node.js: {last[0]}.") from error
