"""Every fault that is planted: in which command, in what one stage of it answers, and how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.planting.child import FAULTS

AS_IT_IS = "as_it_is"
"""No fault, by the same way in: all must be well with that."""

MODEL_CHILDREN = tuple(
    f"sigfix.verifying.runners.{name}_child" for name in ("saved_model", "graph", "onnx", "keras")
)
"""The processes that run a model. They answer cases."""
KERAS_EXPORT = ("sigfix.importing.keras_child",)
SIMPLIFIER = ("sigfix.importing.onnx_child",)

ANSWERS = tuple(name for name in FAULTS if name != AS_IT_IS)
NO_ANSWER = ("lost", "killed", "truncated", "no_dictionary", "raises")
TFJS_ANSWERS = (
    "answers_nothing", "a_run_less", "no_outputs", "an_output_less", "swapped",
    "off_by_a_hundredth", "zeros", "not_a_number", "empty", "truncated", "lost", "killed",
)  # fmt: skip
SAVED = ("other_weights", "outputs_swapped", "cut_short")


@dataclass(frozen=True)
class Stage:
    """What meets with a fault: `way` is a key of `ways.WAYS`.

    Of the processes that run one of `modules` it is the one of that number.
    """

    faults: tuple[str, ...]
    way: str = "child"
    number: int = 1
    modules: tuple[str, ...] = MODEL_CHILDREN


@dataclass(frozen=True)
class Command:
    """A command of sigfix, with the models of `models.SAVERS` and the result's place in braces."""

    line: str
    stages: dict[str, Stage]


FIRST, SECOND = Stage(ANSWERS), Stage(ANSWERS, number=2)
RUNNER = Stage(TFJS_ANSWERS, "runner")
PASS = Stage(("scaled", "dropped"), "pass")
PRESET = "crnn_mobilenet_v3_small"
WEIGHTS = "examples/weights/crnn_mobilenet_v3_small.fp16.safetensors"

COMMANDS = {
    "repair": Command("repair {bare} -o {output}", {"source": FIRST, "result": SECOND}),
    "repair onnx": Command(
        "repair {onnx} -o {output}",
        {
            "source": FIRST,
            "result": SECOND,
            "simplified": Stage((*NO_ANSWER, "nothing", *SAVED), modules=SIMPLIFIER),
            "import": Stage(("other_weights", "outputs_swapped"), "import"),
        },
    ),
    "repair keras": Command(
        "repair {keras} -o {output}",
        {
            "source": FIRST,
            "result": SECOND,
            "export": Stage((*NO_ANSWER, *SAVED), modules=KERAS_EXPORT),
        },
    ),
    "verify": Command("verify {signed} {again}", {"source": FIRST, "result": SECOND}),
    "verify tfjs": Command("verify {signed} {tfjs}", {"source": FIRST, "tfjs": RUNNER}),
    "verify tfjs first": Command("verify {tfjs} {signed}", {"tfjs": RUNNER}),
    "verify onnx": Command("verify {onnx} {signed}", {"source": FIRST, "result": SECOND}),
    "convert": Command(
        "convert {signed} --tfjs -o {output}", {"source": FIRST, "tfjs": RUNNER, "pass": PASS}
    ),
    "convert onnx": Command(
        "convert {onnx} --tfjs -o {output}",
        {
            "simplified": Stage((*NO_ANSWER, "nothing", *SAVED), modules=SIMPLIFIER),
            "source": FIRST,
            "tfjs": RUNNER,
            "pass": PASS,
        },
    ),
    "quantize": Command(
        "convert {signed} --tfjs -o {output} --quantize uint8",
        {
            "source": FIRST,
            "graphs": SECOND,
            "tfjs": RUNNER,
            "pass": PASS,
            "weights": Stage(("a scale", "bytes", "another's"), "weights"),
        },
    ),
    # Slow, and of one output: a few of each.
    "repair preset": Command(
        f"repair --preset {PRESET} --weights {WEIGHTS} -o {{output}}",
        {
            "exported": Stage(("off_by_a_hundredth", "lost")),
            "source": Stage(("off_by_a_hundredth", "a_case_less"), number=2),
            "result": Stage(("off_by_a_hundredth", "nothing"), number=3),
        },
    ),
    "convert preset": Command(
        f"convert {PRESET} --weights {WEIGHTS} --tfjs -o {{output}}",
        {
            "exported": Stage(("off_by_a_hundredth", "nothing")),
            "simplified": Stage(("other_weights",), modules=SIMPLIFIER),
            "source": Stage(("off_by_a_hundredth", "truncated"), number=2),
            "tfjs": Stage(("off_by_a_hundredth", "zeros", "answers_nothing"), "runner"),
        },
    ),
}

QUICK = {
    ("repair", "source", "nothing"), ("repair", "result", "swapped"),
    ("repair keras", "export", "outputs_swapped"), ("repair onnx", "import", "other_weights"),
    ("verify", "result", "off_by_a_hundredth"), ("verify tfjs", "source", "lost"),
    ("convert", "tfjs", "answers_nothing"), ("convert onnx", "simplified", "killed"),
    ("quantize", "graphs", "nothing"), ("quantize", "pass", "scaled"),
    ("quantize", "weights", "a scale"),
    ("repair", "result", AS_IT_IS), ("quantize", "graphs", AS_IT_IS), ("convert", "tfjs", AS_IT_IS),
}  # fmt: skip
"""Those that run with every `make test`."""


def planted_faults() -> Iterator[tuple[str, str, str]]:
    """(command, stage, fault) of each."""
    for command, described in COMMANDS.items():
        for stage, planted in described.stages.items():
            for fault in planted.faults:
                yield command, stage, fault
