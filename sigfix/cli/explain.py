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
            help="A code (SIG002), its name, or an error message in quotes. Without it: a list.",
        ),
    ] = None,
) -> None:
    """Explain a finding by its code, or an error message of a converter or server."""
    from sigfix.cli.terminal import terminal_style
    from sigfix.diagnosis.catalogue import find_rule
    from sigfix.diagnosis.messages import recognise
    from sigfix.rendering.rules_text import render_list, render_message, render_rule

    text = " ".join(words or ())
    style = terminal_style()
    if not text:
        sys.stdout.write(render_list(style))
        return
    rule = find_rule(text)
    if rule is not None:
        sys.stdout.write(render_rule(rule, style))
        return
    message = recognise(text)
    if message is None:
        raise UsageError(
            f"Neither a finding nor a known message: {text}",
            "sigfix explain lists the findings; sigfix inspect MODEL looks at the model itself",
        )
    sys.stdout.write(render_message(message, style))
