"""`sigfix explain`: a finding, or an error message of another tool."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sigfix.cli.app import app
from sigfix.errors import UsageError


@app.command()
def explain(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CODE|MESSAGE]",
            help="Codes (SIG002), their names, a family (SIG), or an error message in quotes. "
            "Without: a list.",
        ),
    ] = None,
) -> None:
    """Explain findings by their codes, or an error message of a converter or server."""
    from sigfix.cli.terminal import terminal_style
    from sigfix.diagnosis.catalogue import FAMILIES, find_rule
    from sigfix.diagnosis.messages import recognise
    from sigfix.rendering.boxes import signs_for
    from sigfix.rendering.rules_text import render_list, render_message, render_rule

    text = " ".join(words or ())
    style, signs = terminal_style(), signs_for(sys.stdout.encoding)
    if not text:
        sys.stdout.write(render_list(style))
        return
    if text.upper() in FAMILIES:
        sys.stdout.write(render_list(style, text.upper()))
        return
    rules = [find_rule(word) for word in text.replace(",", " ").split()]
    known = [rule for rule in rules if rule is not None]
    if len(known) == len(rules):
        sys.stdout.write("\n".join(render_rule(rule, style, signs) for rule in known))
        return
    message = recognise(text)
    if message is None:
        raise UsageError(
            f"Neither a finding nor a known message: {text}",
            "sigfix explain lists the findings; sigfix inspect MODEL looks at the model itself",
        )
    sys.stdout.write(render_message(message, style, signs))
