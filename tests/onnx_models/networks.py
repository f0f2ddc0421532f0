"""Small networks as timm and transformers have them, written anew."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional


def vit() -> Any:
    from torchvision.models.vision_transformer import VisionTransformer

    return VisionTransformer(32, 8, 2, 3, 48, 96, num_classes=10)


def swin() -> Any:
    from torchvision.models.swin_transformer import SwinTransformer

    return SwinTransformer([4, 4], 24, [2, 2], [2, 4], [4, 4], num_classes=10)


def swin_v2() -> Any:
    from torchvision.models import swin_transformer as s

    return s.SwinTransformer(
        [4, 4], 24, [2, 2], [2, 4], [4, 4], num_classes=10,
        block=s.SwinTransformerBlockV2, downsample_layer=s.PatchMergingV2,
    )  # fmt: skip


def maxvit() -> Any:
    from torchvision.models.maxvit import MaxVit

    return MaxVit((64, 64), 16, 4, [16, 32], [1, 1], 8, 0.0, num_classes=10)


class _Residual(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Any) -> Any:
        return x + self.inner(x)


class _LastNorm(nn.LayerNorm):
    """LayerNorm over the channels of [N, C, H, W]."""

    def forward(self, x: Any) -> Any:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def _conv(a: int, b: int, k: int = 3, s: int = 1, g: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(a, b, k, s, k // 2, groups=g, bias=False), nn.BatchNorm2d(b), nn.SiLU()
    )


class _Pooled(nn.Module):
    def __init__(self, body: nn.Module, width: int) -> None:
        super().__init__()
        self.body, self.head = body, nn.Linear(width, 10)

    def forward(self, x: Any) -> Any:
        return self.head(self.body(x).mean((2, 3)))


def alexnet() -> Any:
    from torchvision import models

    return _Pooled(models.alexnet(weights=None).features, 256)


def vgg() -> Any:
    from torchvision import models

    return _Pooled(models.vgg11_bn(weights=None).features, 512)


def Convnext() -> Any:
    """Depthwise 7 x 7, channel norms, GELU between pointwise layers, layer scale."""

    class Block(nn.Module):
        def __init__(self, d: int) -> None:
            super().__init__()
            self.deep, self.norm = nn.Conv2d(d, d, 7, padding=3, groups=d), nn.LayerNorm(d, 1e-6)
            self.up, self.down = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)
            self.gain = nn.Parameter(torch.full((d,), 0.3))

        def forward(self, x: Any) -> Any:
            y = self.norm(self.deep(x).permute(0, 2, 3, 1))
            y = self.down(functional.gelu(self.up(y))) * self.gain
            return x + y.permute(0, 3, 1, 2)

    stages = [nn.Conv2d(3, 16, 4, 4), _LastNorm(16), Block(16), Block(16), _LastNorm(16)]
    return _Pooled(nn.Sequential(*stages, nn.Conv2d(16, 24, 2, 2), Block(24)), 24)


def MobileVit() -> Any:
    """Local convolutions, then attention over pixels at the same place of every patch."""

    class Unfolded(nn.Module):
        def __init__(self, d: int) -> None:
            super().__init__()
            layer = nn.TransformerEncoderLayer(d, 2, 2 * d, 0.0, "gelu", batch_first=True)
            self.local, self.attend = (
                _conv(d, d),
                nn.TransformerEncoder(layer, 1, enable_nested_tensor=False),
            )
            self.fuse = _conv(2 * d, d)

        def forward(self, x: Any) -> Any:
            b, c, h, w = x.shape
            y = self.local(x).reshape(b * c, h // 2, 2, w // 2, 2).transpose(2, 3)
            y = y.reshape(b, c, h * w // 4, 4).permute(0, 3, 2, 1).reshape(b * 4, h * w // 4, c)
            y = self.attend(y).reshape(b, 4, h * w // 4, c).permute(0, 3, 2, 1)
            y = y.reshape(b * c, h // 2, w // 2, 2, 2).transpose(2, 3).reshape(b, c, h, w)
            return self.fuse(torch.cat([x, y], 1))

    return _Pooled(nn.Sequential(_conv(3, 16, 3, 2), _conv(16, 16, 3, 2), Unfolded(16)), 16)


def Mixer() -> Any:
    """Products over tokens and over channels in turn."""

    class Block(nn.Module):
        def __init__(self, n: int, d: int) -> None:
            super().__init__()
            self.norms = nn.ModuleList([nn.LayerNorm(d), nn.LayerNorm(d)])
            self.tokens = nn.Sequential(nn.Linear(n, 2 * n), nn.GELU(), nn.Linear(2 * n, n))
            self.channels = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d))

        def forward(self, x: Any) -> Any:
            x = x + self.tokens(self.norms[0](x).transpose(1, 2)).transpose(1, 2)
            return x + self.channels(self.norms[1](x))

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, 24, 4, 4)
            self.blocks, self.head = nn.Sequential(Block(64, 24), Block(64, 24)), nn.Linear(24, 10)

        def forward(self, x: Any) -> Any:
            return self.head(self.blocks(self.stem(x).flatten(2).transpose(1, 2)).mean(1))

    return Net()


def PoolFormer() -> Any:
    """Means of neighbours in place of attention, as EfficientFormer's first stages have them."""

    class Block(nn.Module):
        def __init__(self, d: int) -> None:
            super().__init__()
            self.pool = nn.AvgPool2d(3, 1, 1, count_include_pad=False)
            self.norm = nn.GroupNorm(1, d)
            self.inner = nn.Sequential(nn.Conv2d(d, 2 * d, 1), nn.GELU(), nn.Conv2d(2 * d, d, 1))

        def forward(self, x: Any) -> Any:
            y = self.norm(x)
            x = x + self.pool(y) - y
            return x + self.inner(x)

    return _Pooled(nn.Sequential(_conv(3, 16, 3, 2), Block(16), _conv(16, 24, 3, 2), Block(24)), 24)


def Ghost() -> Any:
    """Half of the maps made of the other half, by cheap convolutions; squeeze and excite."""

    class Module(nn.Module):
        def __init__(self, a: int, b: int) -> None:
            super().__init__()
            self.first, self.cheap = _conv(a, b // 2, 1), _conv(b // 2, b // 2, 3, 1, b // 2)
            self.squeeze = nn.Sequential(
                nn.AdaptiveAvgPool2d(1), nn.Conv2d(b, b // 4, 1), nn.ReLU(),
                nn.Conv2d(b // 4, b, 1), nn.Hardsigmoid(),
            )  # fmt: skip

        def forward(self, x: Any) -> Any:
            y = self.first(x)
            y = torch.cat([y, self.cheap(y)], 1)
            return y * self.squeeze(y)

    return _Pooled(nn.Sequential(_conv(3, 16, 3, 2), Module(16, 24), nn.MaxPool2d(2),
                                 Module(24, 32)), 32)  # fmt: skip


def RepVgg() -> Any:
    """Branches of 3 x 3, 1 x 1 and the identity, summed."""

    class Block(nn.Module):
        def __init__(self, d: int) -> None:
            super().__init__()
            self.three = nn.Sequential(nn.Conv2d(d, d, 3, 1, 1, bias=False), nn.BatchNorm2d(d))
            self.one = nn.Sequential(nn.Conv2d(d, d, 1, bias=False), nn.BatchNorm2d(d))
            self.same = nn.BatchNorm2d(d)

        def forward(self, x: Any) -> Any:
            return functional.relu(self.three(x) + self.one(x) + self.same(x))

    return _Pooled(nn.Sequential(_conv(3, 16, 3, 2), Block(16), Block(16)), 16)


def Cross() -> Any:
    """Two sizes of patches, each asking the other."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.small, self.large = nn.Conv2d(3, 16, 4, 4), nn.Conv2d(3, 16, 8, 8)
            self.ask = nn.MultiheadAttention(16, 2, batch_first=True)
            self.back = nn.MultiheadAttention(16, 2, batch_first=True)
            self.head = nn.Linear(32, 10)

        def forward(self, x: Any) -> Any:
            a, b = (m(x).flatten(2).transpose(1, 2) for m in (self.small, self.large))
            a = a + self.ask(a, b, b)[0]
            b = b + self.back(b, a, a)[0]
            return self.head(torch.cat([a.mean(1), b.mean(1)], 1))

    return Net()


def Unet() -> Any:
    """Down, up by transposed and resized maps, and what was skipped beside them."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = _conv(3, 8), _conv(8, 12, 3, 2), _conv(12, 16, 3, 2)
            self.up, self.d = nn.ConvTranspose2d(16, 12, 2, 2), _conv(24, 12)
            self.e, self.out = _conv(20, 8), nn.Conv2d(8, 2, 1)

        def forward(self, x: Any) -> Any:
            a = self.a(x)
            b = self.b(a)
            d = self.d(torch.cat([self.up(self.c(b)), b], 1))
            d = functional.interpolate(d, scale_factor=2, mode="bilinear", align_corners=False)
            return self.out(self.e(torch.cat([d, a], 1)))

    return Net()


def Encoder() -> Any:
    """Tokens with places, a mask made of the padding, layers as BERT has them, a pooler."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words, self.places = nn.Embedding(50, 24), nn.Embedding(16, 24)
            layer = nn.TransformerEncoderLayer(24, 3, 48, 0.0, "gelu", batch_first=True)
            self.norm, self.pool = nn.LayerNorm(24, 1e-12), nn.Linear(24, 24)
            self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

        def forward(self, ids: Any) -> Any:
            x = self.norm(self.words(ids) + self.places(torch.arange(ids.shape[1])))
            hidden = self.layers(x, src_key_padding_mask=ids == 49)
            return torch.tanh(self.pool(hidden[:, 0]))

    return Net()
