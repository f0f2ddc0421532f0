"""Export torchvision's mobilenet_v3_small: python export.py FILE.onnx."""

from __future__ import annotations

import sys

import torch
from torchvision.models import mobilenet_v3_small


def main(file: str) -> None:
    """With seeded weights: `weights="DEFAULT"` would download trained ones."""
    torch.manual_seed(5)
    model = mobilenet_v3_small().eval()
    torch.onnx.export(
        model,
        (torch.zeros(1, 3, 224, 224),),
        file,
        input_names=["image"],
        output_names=["scores"],
        dynamic_axes={"image": {0: "batch"}, "scores": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )


if __name__ == "__main__":
    main(sys.argv[1])
