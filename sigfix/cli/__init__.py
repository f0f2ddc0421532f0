"""The command line: one module a command, and the boundary that turns errors into messages."""

from sigfix.cli.main import main

__all__ = ["main"]
