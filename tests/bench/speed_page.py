"""What `make bench` measured of inference -> docs/speed.md."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sigfix.presets import PRESETS
from tests.bench import kernels, naive, rounding, threads
from tests.bench.inference import (
    AIM_ALL,
    AIM_ALONE,
    AIM_CONVERSION,
    AIM_NAIVE,
    FAMILIES,
    ORT_WEB,
    WASM,
    batches,
    geometric_mean,
    kernels_text,
    ratios,
    speed_of,
)
from tests.bench.ratio import Ratio
from tests.matrix.machine import describe_machine

TRIED = (
    "crnn_*: an LSTM is 64 steps of eleven operators, and TF.js spends 5 to 10 microseconds of "
    "JavaScript on each tensor however small it is: more than ONNX Runtime needs for the whole "
    "network in crnn_mobilenet_v3_small. Kept: both directions in one product, the steps split "
    "in two levels (docs/graph-passes.md). Tried, microseconds a step at batch 1 and 16 against "
    "86 and 453 now: one sigmoid for all gates 84 and 426, but no operator fewer; a product a "
    "direction 81 and 360, with three operators more; the input's product inside the step 116 "
    "and 752; gates by strided slices 179 and 1,990.",
    "vitstr_*, parseq: dense products, at 15 thousand million products a second the same "
    "speed that a 1 x 1 convolution has. Left are the exact Erf (5 ns an element; polynomials and "
    "a sigmoid cost as much) and attention.",
    "vitstr_*, parseq, batch 16: TF.js's wasm backend multiplies matrices with XNNPACK only where "
    "both sides have a batch of one, and in a plain loop otherwise. Attention head by head "
    "reaches XNNPACK at batch 1; nothing does at batch 16 in a graph for any batch. Sixteen calls "
    "with one word each take less time than one with sixteen.",
    "sar_resnet31, master, linknet_*: nearly all of it is convolutions, XNNPACK's here and MLAS' "
    "there, both at what the processor can multiply. Kept for the wasm target: fewer products "
    "(Winograd's F(4, 3), docs/graph-passes.md).",
    "viptr_tiny: small products, each with several operators around it. Kept: attention head by "
    "head. Left is attention within windows, which are part of the batch and so in the plain loop.",
)
"""What was tried for the models above 1."""

PLAIN = "## Plain TensorFlow.js"

ORIENTATION = tuple(name for name in PRESETS if name.endswith("_orientation"))


def page(cache: Path) -> str:
    """The whole page; what was not measured is named."""
    models = [name for name in PRESETS if name not in ORIENTATION]
    means = [(batch, *geometric_mean(models, batch, cache)) for batch in (1, 16)]
    parts = [
        "# Speed in TensorFlow.js, as ratios",
        "Against ONNX Runtime Web with the same ONNX file: detectors at 512 x 512, recognisers at "
        "32 x 128, random weights, wasm. Below 1 TensorFlow.js is faster. First with sigfix's "
        "kernels (docs/kernels.md), which a bundle and `sigfix-ocr` use by themselves, then the "
        "same model.json in TensorFlow.js as it is.",
        kernels.section(cache).rstrip("\n"),
        threads.section(cache),
        f"{PLAIN} against {ORT_WEB}",
        "Written by `make bench`. " + "\n".join(describe_machine()),
        "Medians in Node.js, one thread, both sides in turns. Times depend on the machine and on "
        "what else ran there, ratios hardly.",
        "\n".join(
            f"- batch {batch}: {mean:.2f} in the geometric mean of {count} models "
            f"(aim: {AIM_ALL} over all 18)"
            for batch, mean, count in means
            if count
        ),
        f"With `--target {WASM}`, for the models that were measured with it (below): "
        f"{_wasm_mean(models, cache)} at batch 1 (aim: {AIM_ALL}).",
        f"No model whose name starts with {', '.join(FAMILIES)} should be above {AIM_ALONE:g}.",
        _table(ratio for name in PRESETS for ratio in ratios(name, cache) if _is(ratio, ORT_WEB)),
        f"{PLAIN}, above 1: the most expensive kernels",
        "\n".join(_slow(cache)) or "None.",
        "What was tried:",
        "\n".join(f"- {line}" for line in TRIED),
        f"{PLAIN} against {naive.TITLE}",
        f"onnx-tf 1.10.0 and `tensorflowjs_converter`, for the models that it converts. Inference: "
        f"at most {AIM_NAIVE}; conversion from ONNX, sigfix's with its check of the result: at "
        f"most {AIM_CONVERSION}.",
        _table(
            ratio for name in PRESETS for ratio in ratios(name, cache) if _is(ratio, naive.TITLE)
        ),
        f"{PLAIN}, not measured",
        "\n".join(_missing(cache)) or "Nothing.",
        rounding.section(lambda name: rounding.known(name, cache)),
    ]
    return "\n\n".join(parts) + "\n"


def _is(ratio: Ratio, against: str) -> bool:
    return ratio.against == against


def _wasm_mean(models: list[str], cache: Path) -> str:
    mean, count = geometric_mean(models, 1, cache, WASM)
    return f"{mean:.2f} in the geometric mean of {count} models"


def _slow(cache: Path) -> Iterable[str]:
    for name in PRESETS:
        for row in speed_of(name, cache).get("rows", ()):
            if "kernels" in row:
                yield f"- {name}, batch {row['batch']}: {kernels_text(row['kernels'])}"


def _missing(cache: Path) -> Iterable[str]:
    for name in PRESETS:
        speed = speed_of(name, cache)
        if not speed:
            yield f"- {name}"
        timed = {row["batch"] for row in speed.get("rows", ())}
        for batch in batches(PRESETS[name]):
            if speed and batch not in timed:
                yield f"- {name}, batch {batch}"
        if "error" in speed:
            yield f"- {name}: {speed['error']}"
        for row in speed.get("rows", ()):
            if "error" in row:
                yield f"- {name}, batch {row['batch']}, {row['against']}: {row['error']}"


def _table(found: Iterable[Ratio]) -> str:
    lines = ["| what | ratio | TF.js by sigfix | the other | |", "| --- | --- | --- | --- | --- |"]
    for ratio in found:
        value = ratio.ours / ratio.theirs
        mark = "" if value <= ratio.aim else f"above {ratio.aim:g}"
        times = (f"{seconds * 1e3:.0f} ms" for seconds in (ratio.ours, ratio.theirs))
        lines.append(f"| {ratio.what} | {value:.2f} | {' | '.join(times)} | {mark} |")
    return "\n".join(lines)
