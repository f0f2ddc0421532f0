"""Recognisers of text whose images may be of any width."""

from __future__ import annotations

from typing import Any

from tests.onnx_models.building import drawn, exported, parsed, randomised

OPEN_WIDTH = {"x": {0: "batch", 3: "width"}}


def with_attention(opset: int = 12) -> Any:
    """As PaddleOCR's exporter writes SVTR: shapes cut into pieces, joined and reshaped to."""
    weights = {
        "stem": drawn(1, 8, 3, 3, 3), "deep": drawn(2, 8, 1, 3, 3), "point": drawn(3, 16, 8, 1, 1),
        "qkv": drawn(4, 16, 48, scale=0.4), "out": drawn(5, 16, 16), "head": drawn(6, 16, 11),
        "gain": drawn(7, 16) + 1, "shift": drawn(8, 16), "bias": drawn(9, 11),
    }  # fmt: skip
    text = """g (float[batch, 3, 32, width] x) => (float[batch, steps, 11] y) {
        two = Constant<value = int64[1] {2}>()
        eps = Constant<value = float {1e-5}>()
        c1 = Conv<strides = [2, 2], pads = [1, 1, 1, 1], kernel_shape = [3, 3]>(x, stem)
        three = Constant<value = float {3.0}>()
        zero = Constant<value = float {0.0}>()
        six = Constant<value = float {6.0}>()
        p1 = Add(c1, three)
        p2 = Clip(p1, zero, six)
        p3 = Div(p2, six)
        h1 = Mul(c1, p3)
        c2 = Conv<strides = [2, 1], pads = [1, 1, 1, 1], kernel_shape = [3, 3], group = 8>(h1, deep)
        c3 = Conv<kernel_shape = [1, 1]>(c2, point)
        r3 = Relu(c3)
        pool = AveragePool<kernel_shape = [8, 2], strides = [8, 2]>(r3)
        axis2 = Constant<value = int64[1] {2}>()
        q1 = Squeeze<axes = [2]>(pool)
        seq = Transpose<perm = [0, 2, 1]>(q1)
        m1 = ReduceMean<axes = [-1]>(seq)
        d1 = Sub(seq, m1)
        pw = Constant<value = float {2.0}>()
        v1 = Pow(d1, pw)
        m2 = ReduceMean<axes = [-1]>(v1)
        m3 = Add(m2, eps)
        sd = Sqrt(m3)
        n1 = Div(d1, sd)
        n2 = Mul(n1, gain)
        n3 = Add(n2, shift)
        s = Shape(n3)
        i0 = Constant<value = int64[1] {0}>()
        i1 = Constant<value = int64[1] {1}>()
        i2 = Constant<value = int64[1] {2}>()
        steps0 = Slice(s, i1, i2)
        steps1 = Cast<to = 6>(steps0)
        parts = Constant<value = int32[3] {3, 2, 8}>()
        any0 = Constant<value = int32[1] {0}>()
        t0 = Concat<axis = 0>(any0, steps1, parts)
        t1 = Cast<to = 7>(t0)
        proj = MatMul(n3, qkv)
        r5 = Reshape(proj, t1)
        t5 = Transpose<perm = [2, 0, 3, 1, 4]>(r5)
        z = Constant<value = int64 {0}>()
        o = Constant<value = int64 {1}>()
        w = Constant<value = int64 {2}>()
        q = Gather<axis = 0>(t5, z)
        k = Gather<axis = 0>(t5, o)
        v = Gather<axis = 0>(t5, w)
        kt = Transpose<perm = [0, 1, 3, 2]>(k)
        qk = MatMul(q, kt)
        a = Softmax<axis = -1>(qk)
        av = MatMul(a, v)
        at = Transpose<perm = [0, 2, 1, 3]>(av)
        last = Constant<value = int32[1] {16}>()
        t2 = Concat<axis = 0>(any0, steps1, last)
        t3 = Cast<to = 7>(t2)
        joined = Reshape(at, t3)
        op = MatMul(joined, out)
        res = Add(seq, op)
        l1 = MatMul(res, head)
        l2 = Add(l1, bias)
        y = Softmax<axis = 2>(l2)
    }"""
    return parsed(text, opset, weights)


def bilstm(opset: int = 17, dynamic: bool = True) -> Any:
    """A CRNN: convolutions, a squeezed height, two bidirectional LSTMs over the width."""
    import torch
    from torch import nn

    class Crnn(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features = nn.Sequential(
                nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
                nn.Conv2d(8, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d((16, 2)),
            )  # fmt: skip
            self.decoder = nn.LSTM(12, 10, 2, batch_first=True, bidirectional=True)
            self.linear = nn.Linear(20, 11)

        def forward(self, x: Any) -> Any:
            features = self.features(x).squeeze(2).transpose(1, 2)
            return self.linear(self.decoder(features)[0])

    module = randomised(Crnn())
    axes = OPEN_WIDTH if dynamic else None
    return exported(module, (torch.zeros(1, 3, 32, 64),), ["x"], ["y"], opset, axes)


def gru(opset: int = 17) -> Any:
    """A GRU over an open number of steps, the last of which is read."""
    import torch
    from torch import nn

    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gru = nn.GRU(6, 9, 1, batch_first=True)
            self.linear = nn.Linear(9, 4)

        def forward(self, x: Any) -> Any:
            sequence, last = self.gru(x)
            return self.linear(sequence), last

    axes = {"x": {0: "batch", 1: "steps"}}
    module = randomised(Reader())
    return exported(module, (torch.zeros(1, 7, 6),), ["x"], ["y", "h"], opset, axes)


def with_resize(opset: int = 17) -> Any:
    """A feature pyramid: coarse maps brought to the size of finer ones, whatever that is."""
    import torch
    from torch import nn
    from torch.nn import functional

    class Pyramid(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fine = nn.Conv2d(3, 6, 3, stride=2, padding=1)
            self.coarse = nn.Conv2d(6, 6, 3, stride=2, padding=1)
            self.out = nn.Conv2d(6, 1, 3, padding=1)

        def forward(self, x: Any) -> Any:
            fine = functional.relu(self.fine(x))
            coarse = functional.relu(self.coarse(fine))
            near = functional.interpolate(coarse, size=fine.shape[2:], mode="nearest")
            smooth = functional.interpolate(fine + near, scale_factor=2.0, mode="bilinear")
            return torch.sigmoid(self.out(smooth))

    axes = {"x": {0: "batch", 2: "height", 3: "width"}}
    module = randomised(Pyramid())
    return exported(module, (torch.zeros(1, 3, 32, 48),), ["x"], ["y"], opset, axes)
