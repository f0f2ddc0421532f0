"""Vision networks with drawn weights, small images, exported at opsets 11 to 20 by PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.onnx_models.building import exported, randomised


@dataclass(frozen=True)
class Architecture:
    """A network by its builder, the side of its image, and the opset that it is exported at."""

    name: str
    build: Callable[[], Any]
    side: int
    opset: int


def _torchvision(name: str, **options: Any) -> Callable[[], Any]:
    def build() -> Any:
        import torchvision

        parts = name.split(".")
        source = torchvision.models
        for part in parts[:-1]:
            source = getattr(source, part)
        return getattr(source, parts[-1])(weights=None, **options)

    return build


def _timm(name: str) -> Callable[[], Any]:
    def build() -> Any:
        from tests.onnx_models import networks

        return getattr(networks, name)()

    return build


_BACKBONE = {"weights_backbone": None, "num_classes": 5}
_ROWS: tuple[tuple[str, Callable[[], Any], int], ...] = (
    ("alexnet, its features", _timm("alexnet"), 64),
    ("vgg11_bn, its features", _timm("vgg"), 32),
    ("resnet18", _torchvision("resnet18"), 64),
    ("resnext50_32x4d", _torchvision("resnext50_32x4d"), 32),
    ("wide_resnet50_2", _torchvision("wide_resnet50_2"), 32),
    ("densenet121", _torchvision("densenet121"), 32),
    ("squeezenet1_1", _torchvision("squeezenet1_1"), 64),
    ("googlenet", _torchvision("googlenet", aux_logits=False, init_weights=False), 64),
    ("inception_v3", _torchvision("inception_v3", aux_logits=False, init_weights=False), 96),
    ("mobilenet_v2", _torchvision("mobilenet_v2"), 64),
    ("mobilenet_v3_small", _torchvision("mobilenet_v3_small"), 64),
    ("shufflenet_v2_x0_5", _torchvision("shufflenet_v2_x0_5"), 64),
    ("mnasnet0_5", _torchvision("mnasnet0_5"), 64),
    ("efficientnet_b0", _torchvision("efficientnet_b0"), 64),
    ("regnet_y_400mf", _torchvision("regnet_y_400mf"), 64),
    ("convnext_tiny", _torchvision("convnext_tiny"), 64),
    ("vit_b_16, small", _timm("vit"), 32),
    ("swin_t, small", _timm("swin"), 32),
    ("swin_v2_t, small", _timm("swin_v2"), 32),
    ("maxvit_t, small", _timm("maxvit"), 64),
    (
        "lraspp_mobilenet_v3_large",
        _torchvision("segmentation.lraspp_mobilenet_v3_large", **_BACKBONE),
        64,
    ),
    ("fcn_resnet50", _torchvision("segmentation.fcn_resnet50", **_BACKBONE), 32),
    ("deeplabv3_mobilenet", _torchvision("segmentation.deeplabv3_mobilenet_v3_large", **_BACKBONE),
     64),
    ("convnext-like", _timm("Convnext"), 32),
    ("mobilevit-like", _timm("MobileVit"), 32),
    ("mixer-like", _timm("Mixer"), 32),
    ("efficientformer-like", _timm("PoolFormer"), 32),
    ("ghostnet-like", _timm("Ghost"), 32),
    ("repvgg-like", _timm("RepVgg"), 32),
    ("crossvit-like, two branches", _timm("Cross"), 32),
    ("unet-like", _timm("Unet"), 32),
    ("encoder-like, of transformers", _timm("Encoder"), 0),
)  # fmt: skip
ARCHITECTURES = tuple(
    Architecture(name, build, side, 11 + place % 10)
    for place, (name, build, side) in enumerate(_ROWS)
)


def export(architecture: Architecture, opset: int | None = None) -> Any:
    """The network as an ONNX model whose batch is dynamic."""
    import torch

    torch.manual_seed(0)
    module = randomised(architecture.build().eval())
    side = architecture.side
    given = torch.randn(1, 3, side, side) if side else torch.randint(0, 10, (1, 12))

    class Only(torch.nn.Module):
        """Of a segmentation network's dictionary its one map."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = module

        def forward(self, x: Any) -> Any:
            made = self.inner(x)
            return made["out"] if isinstance(made, dict) else made

    dynamic = {"x": {0: "batch"}}
    return exported(Only(), (given,), ["x"], ["y"], opset or architecture.opset, dynamic)
