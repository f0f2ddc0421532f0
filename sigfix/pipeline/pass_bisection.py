"""`convert --bisect-passes`: which pass of the optimiser makes the numbers differ."""

from __future__ import annotations

from dataclasses import replace

from sigfix.errors import ParityError, SigfixError
from sigfix.exporting import tfjs_model
from sigfix.exporting.freezing import FrozenSignature
from sigfix.optimising import passes
from sigfix.optimising.bisecting import passes_at_fault
from sigfix.pipeline.conversion_check import Conversion, DifferenceError, check
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.progress import Say
from sigfix.verifying.checking import Source


def named(
    error: DifferenceError,
    conversion: Conversion,
    frozen: FrozenSignature,
    source: Source,
    options: ConvertOptions,
    say: Say,
) -> ParityError:
    """The same error, which says what pass it comes from, or that it comes from none.

    The model is converted again, in float32, without some of the passes, and each time run in
    TensorFlow.js on the source's inputs. What the first comparison allowed is allowed again: the
    source's noise is not measured each time.
    """
    left = [
        p.name
        for p in passes.PASSES
        if p.target in ("", options.target) and p.name not in options.without
    ]
    counted = [0]

    def is_right(without: frozenset[str]) -> bool:
        counted[0] += 1
        say(
            f"looking for the pass at fault, try {counted[0]}: without {', '.join(sorted(without))}"
        )
        folder = conversion.graphs.folder / f"without_{counted[0]}"
        folder.mkdir()
        leave_out = (*options.without, *without)
        failed: list[str] = []

        def failing(name: str, _: Exception) -> None:
            failed.append(name)  # without it another set of passes is tried than was asked for

        try:
            valued = passes.optimise_values(frozen.graph, leave_out, options.target, failing)
            kernels = passes.optimise_kernels(valued, leave_out, failing)
            if failed:
                return False
            tfjs_model.write_model(kernels, frozen.signature, folder)
            again = replace(conversion, model=folder, quantised=False, tolerance=error.limit)
            check(again, source)
        except SigfixError:
            return False
        return True

    found = passes_at_fault(left, is_right)
    if found is None:
        said = "It is wrong without any pass of the optimiser, too"
        return ParityError(f"{error.message} {said}: none of them is at fault.", error.hint)
    names = sorted(found)
    options_text = " ".join(f"--without-pass {name}" for name in names)
    which = f"pass {names[0]} is" if len(names) == 1 else f"passes {', '.join(names)} are"
    return ParityError(
        f"{error.message} The {which} at fault: without, the numbers are the same.",
        f"{options_text}   # leaves it out; please report it, with the model",
    )
