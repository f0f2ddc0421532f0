"""What a check looks at, and how it says what it found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sigfix.describing.functions import callable_functions, competing, offered
from sigfix.describing.running import Run, of_signature
from sigfix.describing.training import signature_marks
from sigfix.diagnosis.catalogue import RULES
from sigfix.diagnosis.rule import Finding, Fixable, repair_command
from sigfix.model import (
    DEFAULT_SERVING_KEY,
    Function,
    MetaGraph,
    Node,
    SavedModel,
    Signature,
)


@dataclass(frozen=True)
class Subject:
    """One MetaGraph of a SavedModel. `prefix` starts every location where there are several."""

    model: SavedModel
    meta: MetaGraph
    prefix: str = ""

    @property
    def path(self) -> Path:
        """The model's directory, for commands."""
        return self.model.path

    @cached_property
    def callables(self) -> list[Function]:
        """The functions that a signature could be made of: with a trace, without Keras's own.

        A trace whose graph is not in the library cannot be called.
        """
        functions = callable_functions(self.meta.objects) if self.meta.objects else []
        library = self.meta.graph.function_by_name
        return offered(
            [item for item in functions if any(trace.name in library for trace in item.traces)]
        )

    @cached_property
    def preferred(self) -> list[Function]:
        """Those of them that `repair` takes into account, the likeliest first."""
        return list(competing(self.meta, self.callables).functions)

    @cached_property
    def training_marks(self) -> dict[str, tuple[str, ...]]:
        """Signature key -> what makes it one for training or evaluation."""
        return signature_marks(self.meta, self.meta.user_signatures)

    @cached_property
    def run_of(self) -> dict[str, Run]:
        """Signature key -> what it executes, called functions included."""
        return {item.key: of_signature(self.meta, item.key) for item in self.meta.user_signatures}

    @cached_property
    def nodes_of(self) -> dict[str, list[Node]]:
        """Signature key -> the nodes that it executes, called functions included."""
        return {key: [node for _, node in run.nodes] for key, run in self.run_of.items()}


def finding(
    code: str,
    message: str,
    location: str = "",
    evidence: tuple[str, ...] = (),
    command: str = "",
    fixable: Fixable | None = None,
) -> Finding:
    """A finding with the severity of its rule; without a command it says `never` fixable."""
    rule = RULES[code]
    if fixable is None:
        fixable = rule.fixable if command else Fixable.NEVER
    return Finding(code, rule.severity, message, location, evidence, fixable, command)


def located(subject: Subject, signature: Signature | None = None, part: str = "") -> str:
    """`MetaGraph 1, signature predict, input x`, as much of it as there is."""
    parts = [subject.prefix] if subject.prefix else []
    if signature is not None:
        parts.append(f"signature {signature.key}")
    if part:
        parts.append(part)
    return ", ".join(parts)


def repair_signature(subject: Subject, signature: Signature, *options: str) -> str:
    """The `sigfix repair` command that changes this signature and leaves the others as they are."""
    if signature.key != DEFAULT_SERVING_KEY:
        options = ("--from", signature.key, "--signature", signature.key, *options)
    return repair_command(subject.path, *options)


def few(names: list[str], most: int = 4) -> str:
    """`a, b, c and 3 more`."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


Findings = Iterator[Finding]
