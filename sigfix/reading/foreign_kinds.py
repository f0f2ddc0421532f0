"""Kinds of files that hold no model that sigfix reads: a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Foreign:
    """A kind of file, by its suffixes: what it is, and what to do instead; `{path}` is quoted.

    A `mark` (where it stands, and the bytes) tells it whatever its name is.
    """

    suffixes: tuple[str, ...]
    what: str
    hint: str
    mark: tuple[int, bytes] | None = None

    def is_it(self, path: Path, head: bytes = b"") -> bool:
        """Whether a file is of this kind, by its name or by its first bytes."""
        if path.suffix.lower().partition("-")[0] in self.suffixes:  # .data-00000-of-00001
            return True
        return self.mark is not None and head[self.mark[0] :].startswith(self.mark[1])


_PYTORCH_HINT = (
    "of a docTR model: sigfix repair --preset NAME --weights {path}; of any other: export it "
    "with torch.onnx.export, then sigfix convert model.onnx --tfjs"
)
FOREIGN = (
    Foreign((".pt", ".pth"), "is a PyTorch file, and no graph that sigfix reads", _PYTORCH_HINT),
    Foreign((".safetensors",), "holds weights without a model", _PYTORCH_HINT),
    Foreign(
        (".tflite",),
        "is a TensorFlow Lite model, and there is no way back from it",
        "take the SavedModel that it was made from",
        mark=(4, b"TFL3"),
    ),
    Foreign(
        (".mlmodel", ".mlpackage"),
        "is a Core ML model, which sigfix does not read",
        "take the model that it was made from",
    ),
    Foreign(
        (".pdmodel", ".pdiparams", ".pdparams"),
        "is of PaddlePaddle, which sigfix does not read",
        "export it with paddle2onnx, then: sigfix convert model.onnx --tfjs",
    ),
    Foreign(
        (".index", ".data", ".meta", ".ckpt"),
        "is of a training checkpoint: weights, and no function that could be called",
        "in the original code, restore it and save the model with tf.saved_model.save",
    ),
    Foreign((".npz", ".npy"), "holds arrays, not a model", "--inputs FILE.npz feeds a model"),
)
