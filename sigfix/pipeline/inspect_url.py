"""`sigfix inspect` of a URL: the same, of a model of which only what is read is fetched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from sigfix.diagnosis import Finding
from sigfix.errors import SigfixError, UsageError
from sigfix.pipeline.inspect import inspect
from sigfix.reading.remote import mirrored
from sigfix.report import Inspection


def inspect_url(
    url: Path,
    *,
    target: Iterable[str] = (),
    checksums: bool = False,
    selected: tuple[str, ...] = (),
    ignored: tuple[str, ...] = (),
) -> Inspection:
    """What `inspect` says of the model at a URL, but for its weights, which stay where they are.

    No finding has a command: `repair` takes what is on this machine.
    Raises what `inspect` does, and `UsageError` for `checksums`, which would need every byte.
    """
    if checksums:
        raise UsageError(
            f"--checksums reads every byte of {url}.", "copy the model here, and name the copy"
        )
    with mirrored(str(url)) as here:
        try:
            found = inspect(here, target=target, selected=selected, ignored=ignored)
        except SigfixError as error:
            error.message = _said(error.message, here, url)
            error.hint = None if error.hint is None else _said(error.hint, here, url)
            raise
    return replace(
        found,
        path=url,
        model=None if found.model is None else replace(found.model, path=url),
        other=None if found.other is None else replace(found.other, path=url),
        findings=tuple(_of_url(item, here, url) for item in found.findings),
    )


def _of_url(item: Finding, here: Path, url: Path) -> Finding:
    return replace(
        item,
        command="",
        message=_said(item.message, here, url),
        location=_said(item.location, here, url),
        evidence=tuple(_said(line, here, url) for line in item.evidence if line[:4] != "or: "),
    )


def _said(text: str, here: Path, url: Path) -> str:
    """A text about the model's place here, about the URL."""
    return text.replace(str(here), str(url)).replace(str(here.parent), str(url).rpartition("/")[0])
