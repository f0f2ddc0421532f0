"""The main job from end to end, with weights that need no download.

    python examples/demo.py [DIRECTORY]

Runs sigfix's three commands in DIRECTORY (`demo` by default; new or empty), then lets docTR read
the word images in examples/words twice: once with its PyTorch model, once with the TensorFlow.js
model that sigfix made, which runs in Node.js. Exits 1 where the two disagree.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sigfix.verifying.runners import tfjs

EXAMPLES = Path(__file__).resolve().parent
PRESET = "crnn_mobilenet_v3_small"
WEIGHTS = EXAMPLES / "weights" / f"{PRESET}.fp16.safetensors"
WORDS = EXAMPLES / "words"
CONFIDENCE_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Reading:
    """What docTR made of one image, with its own model and with the converted one.

    `shown` is what the image really shows. Confidences are between 0 and 1.
    """

    shown: str
    pytorch: str
    pytorch_confidence: float
    tfjs: str
    tfjs_confidence: float

    @property
    def same(self) -> bool:
        """Whether both read the same text, equally sure."""
        difference = abs(self.pytorch_confidence - self.tfjs_confidence)
        return self.pytorch == self.tfjs and difference <= CONFIDENCE_TOLERANCE


def main() -> int:
    """Run the demo; 0 where PyTorch and TensorFlow.js read the same."""
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else "demo").resolve()
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        print(f"{directory} is not empty. Name a new directory.", file=sys.stderr)
        return 2
    status = run_commands(directory)
    if status:
        return status
    readings = read_words(directory / f"{PRESET}_tfjs")
    print(comparison(readings))
    return 0 if readings and all(reading.same for reading in readings) else 1


def run_commands(directory: Path) -> int:
    """Run the three commands in `directory`, shown as one would type them; the exit status."""
    weights = os.path.relpath(WEIGHTS, directory)
    for arguments in (
        ["repair", "--preset", PRESET, "--weights", weights],
        ["inspect", PRESET],
        ["convert", "--tfjs"],
    ):
        print("\n$ sigfix", *arguments, flush=True)
        status = subprocess.run([sys.executable, "-m", "sigfix", *arguments], cwd=directory)
        if status.returncode:
            return status.returncode
    return 0


def read_words(tfjs_model: Path) -> list[Reading]:
    """Read every image that words.json lists, with both models."""
    import torch
    from doctr.io import read_img_as_numpy
    from doctr.models import recognition, recognition_predictor
    from safetensors.torch import load_file

    model = getattr(recognition, PRESET)(pretrained=False, pretrained_backbone=False)
    model.load_state_dict({name: value.float() for name, value in load_file(WEIGHTS).items()})
    predictor = recognition_predictor(model)

    class TfjsModel(torch.nn.Module):
        """Stands where the PyTorch model stood: docTR's pre- and post-processing stay."""

        def __init__(self) -> None:
            super().__init__()
            self.place = torch.nn.Parameter(torch.zeros(1))  # the predictor asks for a device

        def forward(self, batch: torch.Tensor, return_preds: bool) -> dict[str, object]:
            nhwc = np.ascontiguousarray(batch.permute(0, 2, 3, 1).numpy())
            logits = tfjs.run(tfjs_model, [{"input": nhwc}], ["logits"]).outputs[0]["logits"]
            return {"preds": model.postprocessor(torch.from_numpy(logits))}

    words = json.loads((WORDS / "words.json").read_text("utf-8"))
    images = [read_img_as_numpy(WORDS / word["file"]) for word in words]
    from_pytorch = predictor(images)
    predictor.model = TfjsModel()
    from_tfjs = predictor(images)
    return [
        Reading(word["text"], *pytorch, *js)
        for word, pytorch, js in zip(words, from_pytorch, from_tfjs, strict=True)
    ]


def comparison(readings: list[Reading]) -> str:
    """A table of the readings, side by side."""
    width = max(len(text) for r in readings for text in (r.shown, r.pytorch, r.tfjs))
    lines = [
        "\nThe same word images, read by docTR with both models (text and confidence):\n",
        f"  {'image shows':{width}}   {'docTR (PyTorch)':{width + 8}}{'TensorFlow.js':{width + 8}}",
    ]
    lines += [
        f"  {r.shown:{width}}   {r.pytorch:{width}} {r.pytorch_confidence:.3f}  "
        f"{r.tfjs:{width}} {r.tfjs_confidence:.3f}  {'same' if r.same else 'DIFFERENT'}"
        for r in readings
    ]
    same = sum(reading.same for reading in readings)
    lines.append(f"\n{same} of {len(readings)} read the same.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
