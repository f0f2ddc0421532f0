"""TGT401 of forms: operators that `convert` writes in others, and that it cannot write here."""

from __future__ import annotations

from collections.abc import Callable

from sigfix.describing.suppression import MOST_PICKS, WAY_ON, most_picked
from sigfix.describing.targets import Target
from sigfix.diagnosis.checks.bodies import Body, bodies_of, shape_of, whole_number
from sigfix.diagnosis.subject import Findings, finding
from sigfix.model import Graph, Node


def _picked(node: Node, body: Body) -> str:
    """Why a CombinedNonMaxSuppression cannot be written out, '' where the file does not tell."""
    if len(node.data_inputs) < 4:
        return ""
    boxes, scores = (shape_of(reference, body) for reference in node.data_inputs[:2])
    a_class, total = (whole_number(reference, body) for reference in node.data_inputs[2:4])
    if scores is None or len(scores) != 3 or a_class is None or total is None:
        return ""
    if scores[2] is None:
        return "an open number of classes"
    known = boxes[1] if boxes is not None and len(boxes) == 4 else None
    picks = most_picked(total, a_class, scores[2], known)
    return f"{picks} boxes, more than {MOST_PICKS}" if picks > MOST_PICKS else ""


def _not_int32(node: Node, body: Body) -> str:
    kind = str(node.attributes.get("T", ""))
    return f"{kind} numbers" if kind not in ("int32", "") else ""


FORMS: dict[str, tuple[Callable[[Node, Body], str], str]] = {
    "CombinedNonMaxSuppression": (_picked, WAY_ON),
    **dict.fromkeys(
        (
            "BitwiseAnd",
            "BitwiseOr",
            "BitwiseXor",
            "Invert",
            "LeftShift",
            "RightShift",
        ),
        (_not_int32, "export the model with int32 there"),
    ),
}
"""Operator -> what tells why it is not written in others, and the way on."""


def check_forms(nodes: list[Node], graph: Graph, target: Target, where: str) -> Findings:
    """Operators that are written in others, but not in the form that a node has."""
    wanted = {id(node) for node in nodes if node.op in FORMS and node.op in target.expressed}
    if not wanted:
        return
    for body in bodies_of(graph):
        for node in body.values():
            if isinstance(node, Node) and id(node) in wanted:
                tell, way = FORMS[node.op]
                reason = tell(node, body)
                if reason:
                    what = f"{target.title} does not have {node.op} of {reason}"
                    yield finding("TGT401", what, where, (way,))
