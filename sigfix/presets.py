"""The docTR models that sigfix knows, as a table.

Figures are docTR 1.1.0's own (`default_cfgs` and post-processors of each architecture). Sizes are
in pixels; means and deviations are of RGB values between 0 and 1.
"""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass

from sigfix.errors import UsageError

Triple = tuple[float, float, float]

PRETRAINED, RANDOM = "pretrained", "random"
"""Where weights come from, if not from a file."""

RECOGNITION, DETECTION, ORIENTATION = "recognition", "detection", "orientation"
PAGE_ORIENTATION = "page_orientation"
"""What a classifier of whole pages is for, beside one of crops (`Preset.part`)."""
RECOGNITION_MEAN: Triple = (0.694, 0.695, 0.693)
RECOGNITION_STD: Triple = (0.299, 0.296, 0.301)
DETECTION_MEAN: Triple = (0.798, 0.785, 0.772)
DETECTION_STD: Triple = (0.264, 0.2749, 0.287)
SIZE_STEP = 32  # a detector halves its input five times
WIDTH_STEP = 8  # as wide as a transformer's patches are

Size = int | tuple[int, int]
"""The side of a square, or height and width."""


@dataclass(frozen=True)
class Boxes:
    """How docTR finds boxes in a probability map.

    The map is binarised at `binarise_at`, and the bitmap opened with a square of `opening` pixels;
    boxes whose mean probability is under `least_score` are dropped, the others grown by `unclip`,
    and those with a side under `least_side` pixels dropped, too.
    """

    binarise_at: float
    unclip: float
    least_score: float = 0.1
    opening: int = 3
    least_side: float = 0


@dataclass(frozen=True)
class Preset:
    """What sigfix must know to take one docTR architecture to TensorFlow and TensorFlow.js.

    `decoder` says how docTR's post-processor reads the one output, `output`:

    - "ctc": argmax, collapse repeats, drop the blank.
    - "attention": argmax up to the end of the sequence.
    - "boxes": polygons around the regions of a probability map; see `boxes`.
    - "argmax": the one of `classes`, here degrees, that has the largest logit.

    A recogniser reads `steps` positions from left to right, each with one class a character of
    its vocabulary and more, of which the first is the blank or the end: `extra_names`. It is as
    sure of a word as of its steps: of the least sure one, or in the mean (`confidence`).
    An image keeps its aspect ratio; what is left over is at both sides, or at the right and the
    bottom (`padding`: "symmetric" or "end").
    A detector gives `maps` maps, one a class of text that it was trained for, in the order of
    `class_names` where they are known.
    A classifier tells how crops are turned, or whole pages (`of_pages`).
    `head` is the layer that ends in these classes. One that `feeds_back` reads, at each step, the
    class that the step before decided on, so that a tie may change everything after it.
    """

    name: str
    task: str
    height: int
    width: int
    mean: Triple
    std: Triple
    output: str
    decoder: str
    vocabulary: str = ""
    extra_names: tuple[str, ...] = ()
    confidence: str = ""
    padding: str = "symmetric"
    steps: int = 0
    head: str = ""
    feeds_back: bool = False
    boxes: Boxes | None = None
    classes: tuple[int, ...] = ()
    maps: int = 1
    class_names: tuple[str, ...] = ()
    of_pages: bool = False
    opset: int = 17

    @property
    def extra_classes(self) -> int:
        """How many classes a recogniser has beside the characters of its vocabulary."""
        return len(self.extra_names)

    @property
    def input_shape(self) -> tuple[int | None, int, int, int]:
        """NHWC with a dynamic batch."""
        return (None, self.height, self.width, 3)

    @property
    def is_detector(self) -> bool:
        """Whether the output is a map of the input's height and width."""
        return self.task == DETECTION

    @property
    def part(self) -> str:
        """What the model does where several read a page: its task, or `PAGE_ORIENTATION`."""
        return PAGE_ORIENTATION if self.of_pages else self.task

    @property
    def is_recogniser(self) -> bool:
        """Whether the model reads characters, and so has a vocabulary."""
        return self.task == RECOGNITION

    def sized(self, height: int, width: int) -> Preset:
        """The same for images of this size: what reads from left to right has steps as wide."""
        steps = self.steps * width // self.width if self.decoder == "ctc" else self.steps
        return dataclasses.replace(self, height=height, width=width, steps=steps)

    def other_size(self, height: int | None, width: int | None) -> str | None:
        """The --size that a model of this height and width needs; None where none helps."""
        if height is None or width is None or (height, width) == (self.height, self.width):
            return None
        if self.size_trouble(height, width):
            return None
        return f"{height}" if height == width else f"{height}x{width}"

    def size_trouble(self, height: int, width: int) -> str:
        """What is wrong with a size, '' where nothing is."""
        if self.task == ORIENTATION:
            return f"{self.name} is for images of {self.height} x {self.width}"
        if self.is_detector:
            fits = height > 0 and width > 0 and not (height % SIZE_STEP or width % SIZE_STEP)
            return "" if fits else f"{self.name} needs multiples of {SIZE_STEP}"
        if height != self.height:
            return f"{self.name} reads words of {self.height} pixels in height"
        fits = width > 0 and not width % WIDTH_STEP
        return "" if fits else f"{self.name} needs a width that is a multiple of {WIDTH_STEP}"

    def output_shape(self, characters: int) -> tuple[int | None, ...]:
        """[batch, steps, classes] with a vocabulary of `characters`, or [batch, H, W, maps].

        A classifier has [batch, classes].
        """
        if self.is_detector:
            return (None, self.height, self.width, self.maps)
        if not self.is_recogniser:
            return (None, len(self.classes))
        return (None, self.steps, characters + self.extra_classes)


def _recogniser(
    name: str,
    decoder: str,
    steps: int,
    head: str,
    extra_names: tuple[str, ...] = ("<eos>",),
    confidence: str = "minimum",
    feeds_back: bool = False,
) -> Preset:
    return Preset(
        name=name,
        task=RECOGNITION,
        height=32,
        width=128,
        mean=RECOGNITION_MEAN,
        std=RECOGNITION_STD,
        output="logits",
        decoder=decoder,
        vocabulary="french",
        extra_names=("<blank>",) if decoder == "ctc" else extra_names,
        confidence=confidence,
        padding="end",
        steps=steps,
        head=head,
        feeds_back=feeds_back,
    )


def _orientation(name: str, side: int) -> Preset:
    return Preset(
        name=name,
        task=ORIENTATION,
        height=side,
        width=side,
        mean=RECOGNITION_MEAN,
        std=RECOGNITION_STD,
        output="logits",
        decoder="argmax",
        head="classifier.3",
        classes=(0, -90, 180, 90),
        of_pages=name.endswith("page_orientation"),
    )


def _detector(name: str, boxes: Boxes) -> Preset:
    return Preset(
        name=name,
        task=DETECTION,
        height=1024,
        width=1024,
        mean=DETECTION_MEAN,
        std=DETECTION_STD,
        output="probabilities",
        decoder="boxes",
        boxes=boxes,
    )


_DB, _LINKNET, _FAST = Boxes(0.3, 1.5, least_side=2), Boxes(0.1, 1.5), Boxes(0.1, 1.0)
_MASTER_CLASSES = ("<eos>", "<sos>", "<pad>")

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        _recogniser("crnn_vgg16_bn", "ctc", 32, "linear"),
        _recogniser("crnn_mobilenet_v3_small", "ctc", 32, "linear"),
        _recogniser("crnn_mobilenet_v3_large", "ctc", 32, "linear"),
        _recogniser("sar_resnet31", "attention", 31, "decoder.output_dense", feeds_back=True),
        _recogniser("master", "attention", 50, "linear", _MASTER_CLASSES, feeds_back=True),
        _recogniser("vitstr_small", "attention", 33, "head", confidence="mean"),
        _recogniser("vitstr_base", "attention", 33, "head", confidence="mean"),
        _recogniser("parseq", "attention", 33, "head", confidence="mean", feeds_back=True),
        _recogniser("viptr_tiny", "ctc", 32, "head"),
        _detector("db_resnet34", _DB),
        _detector("db_resnet50", _DB),
        _detector("db_mobilenet_v3_large", _DB),
        _detector("linknet_resnet18", _LINKNET),
        _detector("linknet_resnet34", _LINKNET),
        _detector("linknet_resnet50", _LINKNET),
        _detector("fast_tiny", _FAST),
        _detector("fast_small", _FAST),
        _detector("fast_base", _FAST),
        _orientation("mobilenet_v3_small_crop_orientation", 256),
        _orientation("mobilenet_v3_small_page_orientation", 512),
    )
}


def find_preset(
    name: str, size: Size | None = None, raw_logits: bool = False, option: str = "--size"
) -> Preset:
    """The preset called `name`, for images of `size` pixels, or a detector's with raw logits.

    Raises `UsageError` where there is none (with the nearest name), or for a size or raw logits
    that it cannot have; `option` is what gave the size.
    """
    preset = PRESETS.get(name)
    if preset is None:
        near = difflib.get_close_matches(name.lower(), PRESETS, n=1)
        near = near or [preset for preset in PRESETS if preset.startswith(name)]
        raise UsageError(
            f"there is no preset called '{name}'.",
            f"{near[0]}, or another that `sigfix presets` lists" if near else "sigfix presets",
        )
    if raw_logits and not preset.is_detector:
        raise UsageError(f"--raw-logits is for detectors; {name} gives logits.", "leave it out")
    if size is not None:
        height, width = (size, size) if isinstance(size, int) else size
        trouble = preset.size_trouble(height, width)
        if trouble:
            raise UsageError(
                f"{option} {_size_text(size)}: {trouble}.", _nearest(preset, size, option)
            )
        preset = preset.sized(height, width)
    return dataclasses.replace(preset, output="logits") if raw_logits else preset


def _size_text(size: Size) -> str:
    return f"{size}" if isinstance(size, int) else f"{size[0]}x{size[1]}"


def _nearest(preset: Preset, size: Size, option: str) -> str:
    """The size that is meant, as far as that can be told."""
    if preset.task == ORIENTATION:
        return "leave it out"
    step = SIZE_STEP if preset.is_detector else WIDTH_STEP
    sides = (size,) if isinstance(size, int) else size
    rounded = [max(round(side / step), 1) * step for side in sides]
    if preset.is_detector:
        nearest = rounded[0] if len(rounded) == 1 else (rounded[0], rounded[1])
        return f"{option} {_size_text(nearest)}"
    return f"{option} {preset.height}x{max(rounded[-1], preset.height)}"
