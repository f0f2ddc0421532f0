"""Small models of pictures and of sound as transformers has them, with drawn weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from tests.onnx_models.attention import HEADS, WIDTH, WORDS, Attention, Block, Crossing


class Vit(nn.Module):
    """A token in front of the patches; norms in front; DeiT and DINO are so, too."""

    def __init__(self, fused: bool = True) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, WIDTH, 8, 8)
        self.first = nn.Parameter(torch.randn(1, 1, WIDTH))
        self.places = nn.Parameter(torch.randn(1, 17, WIDTH))
        self.blocks = nn.ModuleList([Block(fused=fused), Block(fused=fused)])
        self.norm, self.head = nn.LayerNorm(WIDTH, 1e-12), nn.Linear(WIDTH, 5)

    def features(self, pixel_values: Any) -> Any:
        x = self.patch(pixel_values).flatten(2).transpose(1, 2)
        x = torch.cat((self.first.expand(x.shape[0], -1, -1), x), dim=1) + self.places
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def forward(self, pixel_values: Any) -> Any:
        return self.head(self.features(pixel_values)[:, 0, :])


class Clip(nn.Module):
    """A tower each for pictures and texts; a text is read at its last token, the largest id."""

    def __init__(self) -> None:
        super().__init__()
        self.see, self.words = Vit(), nn.Embedding(WORDS, WIDTH)
        self.places, self.norm = nn.Embedding(32, WIDTH), nn.LayerNorm(WIDTH)
        self.blocks = nn.ModuleList([Block(), Block()])
        self.of_text, self.of_image = (nn.Linear(WIDTH, 16, bias=False) for _ in range(2))
        self.scale = nn.Parameter(torch.tensor(2.6592))

    def forward(self, input_ids: Any, pixel_values: Any) -> Any:
        image = self.of_image(self.see.features(pixel_values)[:, 0, :])
        tokens = input_ids.shape[-1]
        x = self.words(input_ids) + self.places(torch.arange(tokens)[None])
        for block in self.blocks:
            x = block(x, causal=True)
        last = input_ids.to(torch.int).argmax(dim=-1)
        text = self.of_text(self.norm(x)[torch.arange(x.shape[0]), last])
        image = image / image.norm(p=2, dim=-1, keepdim=True)
        text = text / text.norm(p=2, dim=-1, keepdim=True)
        of_text = torch.matmul(text, image.t()) * self.scale.exp()
        return of_text.t(), of_text, text, image


class Segformer(nn.Module):
    """Attention to a coarser map, depthwise convolutions in the dense part, maps brought up."""

    class Stage(nn.Module):
        def __init__(self, inputs: int, stride: int, coarser: int) -> None:
            super().__init__()
            self.patch = nn.Conv2d(inputs, WIDTH, 2 * stride - 1, stride, stride - 1)
            self.norms = nn.ModuleList([nn.LayerNorm(WIDTH) for _ in range(4)])
            self.attend = Attention(False)
            self.coarse = nn.Conv2d(WIDTH, WIDTH, coarser, coarser)
            self.wide, self.back = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)
            self.deep = nn.Conv2d(2 * WIDTH, 2 * WIDTH, 3, padding=1, groups=2 * WIDTH)

        def forward(self, image: Any) -> Any:
            image = self.patch(image)
            batch, _, height, width = image.shape
            x = self.norms[0](image.flatten(2).transpose(1, 2))
            n = self.norms[1](x)
            fine = n.permute(0, 2, 1).reshape(batch, WIDTH, height, width)
            coarse = self.norms[2](self.coarse(fine).flatten(2).permute(0, 2, 1))
            x = x + self.attend(n, other=coarse)
            wide = self.wide(self.norms[3](x))
            deep = self.deep(wide.transpose(1, 2).view(batch, 2 * WIDTH, height, width))
            x = x + self.back(functional.gelu(deep.flatten(2).transpose(1, 2)))
            return x.reshape(batch, height, width, -1).permute(0, 3, 1, 2).contiguous()

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList([self.Stage(3, 4, 2), self.Stage(WIDTH, 2, 1)])
        self.fuse, self.norm = nn.Conv2d(2 * WIDTH, 16, 1, bias=False), nn.BatchNorm2d(16)
        self.out = nn.Conv2d(16, 3, 1)

    def forward(self, pixel_values: Any) -> Any:
        fine = self.stages[0](pixel_values)
        coarse = functional.interpolate(
            self.stages[1](fine), size=fine.shape[2:], mode="bilinear", align_corners=False
        )
        return self.out(functional.relu(self.norm(self.fuse(torch.cat((coarse, fine), dim=1)))))


class Detr(nn.Module):
    """Features with sines of their places, asked by queries that are learned; boxes, classes."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 16, 7, 4, 3), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, WIDTH, 3, 2, 1)
        )
        self.encode, self.decode = Block(True), Crossing()
        self.queries = nn.Embedding(6, WIDTH)
        self.classes, self.boxes = nn.Linear(WIDTH, 4), nn.Linear(WIDTH, 4)

    def places(self, there: Any) -> Any:
        rows, columns = there.cumsum(1), there.cumsum(2)
        rows = rows / (rows[:, -1:, :] + 1e-6) * 6.2832
        columns = columns / (columns[:, :, -1:] + 1e-6) * 6.2832
        at = torch.arange(WIDTH // 2, dtype=torch.float32)
        speed = 100 ** (2 * torch.div(at, 2, rounding_mode="floor") / (WIDTH // 2))
        found = []
        for place in (rows, columns):
            angles = place[:, :, :, None] / speed
            pairs = (angles[..., 0::2].sin(), angles[..., 1::2].cos())
            found.append(torch.stack(pairs, dim=4).flatten(3))
        return torch.cat(found, dim=3).flatten(1, 2)

    def forward(self, pixel_values: Any) -> Any:
        maps = self.body(pixel_values)
        there = torch.ones(maps.shape[0], *maps.shape[2:])
        seen = self.encode(maps.flatten(2).permute(0, 2, 1) + self.places(there))
        queries = self.queries.weight.unsqueeze(0).repeat(maps.shape[0], 1, 1)
        found = self.decode(queries, seen, causal=False)
        return self.classes(found), self.boxes(found).sigmoid()


class Wav2vec(nn.Module):
    """Convolutions over samples, norms by groups, places by a convolution whose end is cut off."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv1d(1, WIDTH, 10, 5, bias=False), nn.GroupNorm(WIDTH, WIDTH)
        self.second = nn.Conv1d(WIDTH, WIDTH, 3, 2, bias=False)
        places = nn.Conv1d(WIDTH, WIDTH, 8, padding=4, groups=HEADS)
        self.places = nn.utils.parametrizations.weight_norm(places, dim=2)
        self.block, self.head = Block(True), nn.Linear(WIDTH, 12)

    def forward(self, input_values: Any) -> Any:
        x = functional.gelu(self.norm(self.first(input_values[:, None])))
        x = functional.gelu(self.second(x)).transpose(1, 2)
        places = self.places(x.transpose(1, 2))[:, :, :-1]
        return self.head(self.block(x + functional.gelu(places).transpose(1, 2)))


class Whisper(nn.Module):
    """Sound's spectrum by two convolutions, with fixed places, encoded."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(10, WIDTH, 3, padding=1)
        self.second = nn.Conv1d(WIDTH, WIDTH, 3, 2, 1)
        self.places, self.norm = nn.Embedding(12, WIDTH), nn.LayerNorm(WIDTH)
        self.blocks = nn.ModuleList([Block(), Block()])

    def forward(self, input_features: Any) -> Any:
        x = functional.gelu(self.second(functional.gelu(self.first(input_features))))
        x = x.permute(0, 2, 1) + self.places.weight
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


class Swin2(nn.Module):
    """Windows that are rolled, with scores by cosine and learned shifts, masked at the seams."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.norm = nn.Conv2d(3, WIDTH, 4, 4), nn.LayerNorm(WIDTH)
        self.joined, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.scale = nn.Parameter(torch.full((HEADS, 1, 1), 2.3))
        self.shift = nn.Parameter(torch.randn(HEADS, 16, 16))
        regions = torch.zeros(8, 8)
        for row in (slice(0, 4), slice(4, 6), slice(6, 8)):
            for column in (slice(0, 4), slice(4, 6), slice(6, 8)):
                regions[row, column] = regions.max() + 1
        cut = regions.view(2, 4, 2, 4).permute(0, 2, 1, 3).reshape(4, 16)
        self.register_buffer("mask", (cut[:, None] != cut[:, :, None]).float() * -100.0)

    def forward(self, pixel_values: Any) -> Any:
        x = self.norm(self.patch(pixel_values).permute(0, 2, 3, 1))
        batch = x.shape[0]
        turned = torch.roll(x, shifts=(-2, -2), dims=(1, 2))
        cut = turned.view(batch, 2, 4, 2, 4, WIDTH).permute(0, 1, 3, 2, 4, 5)
        cut = cut.reshape(-1, 16, WIDTH)
        q, k, v = (
            part.reshape(-1, 16, HEADS, WIDTH // HEADS).transpose(1, 2)
            for part in self.joined(cut).chunk(3, dim=-1)
        )
        scores = functional.normalize(q, dim=-1) @ functional.normalize(k, dim=-1).transpose(-2, -1)
        scores = scores * torch.clamp(self.scale, max=4.6052).exp() + 16 * self.shift.sigmoid()
        scores = scores.view(batch, 4, HEADS, 16, 16) + self.mask[None, :, None]
        mixed = scores.view(-1, HEADS, 16, 16).softmax(-1) @ v
        mixed = self.out(mixed.transpose(1, 2).reshape(batch, 2, 2, 4, 4, WIDTH))
        mixed = mixed.permute(0, 1, 3, 2, 4, 5).reshape(x.shape)
        return (x + torch.roll(mixed, shifts=(2, 2), dims=(1, 2))).mean((1, 2))
