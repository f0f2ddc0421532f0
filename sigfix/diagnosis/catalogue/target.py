"""TGT: what the chosen `--target` cannot do."""

from __future__ import annotations

from sigfix.diagnosis.rule import Fixable, Rule, Severity

RULES = (
    Rule(
        "TGT401", "operator-not-in-target", Severity.ERROR, Fixable.NEVER,
        what="The target's converter does not know an operator.",
        why="Conversion stops, or the model throws when it runs.",
        causes="The target supports a part of TensorFlow's operators only.",
        example="LoopCond is not an operator of TF.js",
        fix="Replace the operator in the original model, or choose another target.",
    ),
    Rule(
        "TGT402", "operator-not-in-backend", Severity.ERROR, Fixable.NEVER,
        what="The chosen TF.js backend has no kernel for an operator.",
        why="The model loads and throws at the first prediction on this backend.",
        causes="Backends implement different kernels.",
        example="LRN has no kernel in the wasm backend",
        fix="Use another backend, or replace the operator.",
    ),
    Rule(
        "TGT403", "channels-first", Severity.WARNING, Fixable.SOMETIMES,
        what="A convolution or pooling is in NCHW layout.",
        why="TF.js computes NHWC only; TensorFlow's CPU kernels too.",
        causes="The model comes from PyTorch or ONNX, or was trained on GPUs with channels first.",
        example="Conv2D with data_format NCHW",
        fix="sigfix convert --tfjs --layout nhwc where the source allows it.",
    ),
    Rule(
        "TGT404", "control-flow", Severity.WARNING, Fixable.NEVER,
        what="The graph has loops or branches.",
        why="TF.js then runs it only with the asynchronous executeAsync, which is slower; other "
        "runtimes may not run it at all.",
        causes="tf.while_loop, tf.cond, recurrent layers that are not unrolled.",
        example="While, TensorListReserve",
        fix="Unroll the loop (static length) before exporting.",
    ),
    Rule(
        "TGT405", "fused-matmul-wrong", Severity.ERROR, Fixable.ALWAYS,
        what="A _FusedMatMul has a form that the wasm backend computes wrongly.",
        why="The numbers are wrong and nothing reports it.",
        causes="transpose_b, or batches of two and more, in a fused matrix product (TF.js 4.22).",
        example="_FusedMatMul with transpose_b=True",
        fix="sigfix convert --tfjs never emits these forms.",
    ),
    Rule(
        "TGT406", "tensor-type", Severity.WARNING, Fixable.SOMETIMES,
        what="An input or output has a dtype that the target does not have.",
        why="TF.js has float32, int32, bool, string and complex64: an int64 becomes int32 and "
        "loses what does not fit, and strings run on the CPU only.",
        causes="Token ids, timestamps or raw text are fed to the model.",
        example="ids: int64[?,128]",
        fix="sigfix repair MODEL --input 'ids=int32[?,128]' casts inside the model.",
    ),
    Rule(
        "TGT407", "rank-limit", Severity.ERROR, Fixable.NEVER,
        what="A tensor has more dimensions than the target handles.",
        why="The WebGL and WebGPU backends of TF.js go up to six dimensions.",
        causes="Splitting images into windows, attention over several axes.",
        example="Transpose of a tensor with 7 dimensions",
        fix="Merge dimensions in the original model.",
    ),
)  # fmt: skip
