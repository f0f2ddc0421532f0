"""TGT: what TensorFlow Serving needs beyond a model that loads.

Sources: github.com/tensorflow/serving, servables/tensorflow/classifier.cc, regressor.cc and
predict_util.cc; tensorflow.org/tfx/serving/api_rest and serving_basic.
"""

from __future__ import annotations

from collections.abc import Iterator

from sigfix.diagnosis.subject import Findings, Subject, few, finding, located, repair_signature
from sigfix.model import Signature

_PREDICT = "tensorflow/serving/predict"
_CLASSIFY = "tensorflow/serving/classify"
_REGRESS = "tensorflow/serving/regress"
_BINARY_SUFFIX = "_bytes"


def check_serving(subject: Subject) -> Findings:
    """TGT409 to TGT411: version directory, calls, names of binary outputs."""
    yield from _check_version(subject)
    for signature in subject.meta.user_signatures:
        wrong = list(_call_faults(signature))
        if wrong:
            yield finding(
                "TGT410",
                "; ".join(wrong),
                located(subject, signature),
                (f"method name {signature.method_name}",),
                repair_signature(subject, signature, "--method-name", _PREDICT),
            )
        for item in signature.outputs if signature.method_name == _PREDICT else ():
            if item.spec.dtype == "string" and not item.key.endswith(_BINARY_SUFFIX):
                yield finding(
                    "TGT411",
                    f"the REST API sends it as text; binary data needs a name that ends in "
                    f"{_BINARY_SUFFIX}",
                    located(subject, signature, f"output {item.key}"),
                    (),
                    repair_signature(
                        subject, signature, "--rename", f"{item.key}={item.key}{_BINARY_SUFFIX}"
                    ),
                )


def _check_version(subject: Subject) -> Findings:
    name = subject.path.resolve().name
    if subject.path.is_dir() and not name.isdigit():
        yield finding(
            "TGT409", f"the directory is called {name}, not by a version number such as 1"
        )


def _call_faults(signature: Signature) -> Iterator[str]:
    """What keeps TensorFlow Serving from answering the call that the method name stands for."""
    method = signature.method_name
    inputs = [item.key for item in signature.inputs]
    outputs = [item.key for item in signature.outputs]
    if method not in ("", _PREDICT, _CLASSIFY, _REGRESS):
        yield "the method name is none that it knows"
    if method in (_CLASSIFY, _REGRESS) and inputs != ["inputs"]:
        yield f"this call needs one input, inputs; there is {few(inputs) or 'none'}"
    if method == _CLASSIFY and not (outputs and set(outputs) <= {"classes", "scores"}):
        yield f"classify needs the outputs classes or scores; there is {few(outputs) or 'none'}"
    if method == _REGRESS and outputs != ["outputs"]:
        yield f"regress needs one output, outputs; there is {few(outputs) or 'none'}"
