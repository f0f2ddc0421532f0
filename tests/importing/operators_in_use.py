"""Which ONNX operators the models use that sigfix is for; slow, so its result is committed.

    python -m tests.importing.operators_in_use     writes operators_in_use.json beside this file

docTR's recognisers, detectors and orientation classifiers are exported as docTR does it, at the
preset's opset and at PyTorch's default; torchvision's classification and segmentation models with
the TorchScript exporter at opset 18 and, where onnxscript is installed, with the newer one. Of
each torchvision family the smallest members are taken: the others repeat the same blocks.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

OPERATORS_FILE = Path(__file__).with_suffix(".json")
OPSET = 18
CLASSIFIERS = (
    "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "efficientnet_v2_s", "googlenet",
    "inception_v3", "maxvit_t", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_large",
    "mobilenet_v3_small", "regnet_x_400mf", "regnet_y_400mf", "resnet18", "resnet50",
    "resnext50_32x4d", "shufflenet_v2_x0_5", "squeezenet1_0", "squeezenet1_1", "swin_t",
    "swin_v2_t", "vgg11", "vgg11_bn", "vit_b_32", "wide_resnet50_2",
)  # fmt: skip
SEGMENTERS = (
    "deeplabv3_mobilenet_v3_large", "deeplabv3_resnet50", "fcn_resnet50",
    "lraspp_mobilenet_v3_large",
)  # fmt: skip
SIDE, SIDES = 224, {"inception_v3": 299}
DETECTOR_SIDE = 256  # docTR's own is 1024; the operators are the same


def operators_in(path: Path) -> set[str]:
    """Operators of ONNX's own domain in a file, subgraphs included; "domain.Name" for others."""
    import onnx

    def of(nodes: Any) -> Iterator[str]:
        for node in nodes:
            yield f"{node.domain}.{node.op_type}" if node.domain else node.op_type
            for attribute in node.attribute:
                for graph in (attribute.g, *attribute.graphs):
                    yield from of(graph.node)

    return set(of(onnx.load(path, load_external_data=False).graph.node))


def doctr_exports(place: Path) -> Iterator[tuple[str, set[str]]]:
    from sigfix.importing.doctr import build_model, export_onnx
    from sigfix.presets import PRESETS, find_preset

    for name, listed in PRESETS.items():
        preset = find_preset(name, DETECTOR_SIDE if listed.is_detector else None)
        model = build_model(preset, "random")
        for opset in sorted({preset.opset, OPSET}):
            path = place / "model.onnx"
            export_onnx(model, dataclasses.replace(preset, opset=opset), path)
            yield f"doctr, opset {opset}", operators_in(path)


def torchvision_exports(place: Path) -> Iterator[tuple[str, set[str]]]:
    import torch
    import torchvision

    from sigfix.importing.doctr import quiet

    exporters = [False, *([True] if find_spec("onnxscript") else [])]
    for name in (*CLASSIFIERS, *SEGMENTERS):
        weights = {"weights": None, **({"weights_backbone": None} if name in SEGMENTERS else {})}
        if name in ("googlenet", "inception_v3"):
            weights["init_weights"] = False
        module = torchvision.models.get_model(name, **weights).eval()
        side = SIDES.get(name, SIDE)
        example = (torch.zeros(1, 3, side, side),)
        for dynamo in exporters:
            path = place / f"{name}_{dynamo}.onnx"
            with quiet():
                torch.onnx.export(
                    module, example, str(path), dynamo=dynamo, opset_version=OPSET, verbose=False
                )
            yield f"torchvision, {'dynamo' if dynamo else 'TorchScript'}", operators_in(path)


def collect() -> dict[str, dict[str, int]]:
    """Operator -> source -> how many of its exports use the operator."""
    counts: dict[str, dict[str, int]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for exports in (torchvision_exports, doctr_exports):
            for source, operators in exports(Path(folder)):
                for operator in operators:
                    of_operator = counts.setdefault(operator, {})
                    of_operator[source] = of_operator.get(source, 0) + 1
                print(source, len(operators), flush=True)
    return {k: dict(sorted(counts[k].items())) for k in sorted(counts)}


def operators_in_use() -> dict[str, dict[str, int]]:
    """What the last run of this module wrote."""
    result: dict[str, dict[str, int]] = json.loads(OPERATORS_FILE.read_text("utf-8"))
    return result


if __name__ == "__main__":
    OPERATORS_FILE.write_text(json.dumps(collect(), indent=1) + "\n", "utf-8")
    print(f"wrote {OPERATORS_FILE.name}")
