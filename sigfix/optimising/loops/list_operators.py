"""TensorFlow's operators on TensorLists and TensorArrays: what each does, and where it reads what.

A TensorArray of TensorFlow 1 has two references: its handle, and the flow, a number that goes from
one operator to the next and so orders them. Here its flow stands for what is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sigfix.optimising.graph.graph import NodeDef


@dataclass(frozen=True)
class ListOperator:
    """An operator: its `kind`, and which input is what.

    With `second`, the list that it gives is its second output. `type` is the attribute that says
    what the tensors are made of.
    """

    kind: str
    places: Mapping[str, int] = field(default_factory=dict)
    second: bool = False
    type: str = "element_dtype"

    def read(self, node: NodeDef, what: str) -> str:
        """The reference that a node of this operator reads as `what`; "" where it reads none."""
        place = self.places.get(what)
        return "" if place is None else str(node.input[place])

    def type_of(self, node: NodeDef) -> int:
        """TensorFlow's number of the type of the tensors in the list."""
        return int(node.attr[self.type].type)


def _array(kind: str, second: bool = False, **places: int) -> ListOperator:
    return ListOperator(kind, places, second, "T" if "tensor" in places else "dtype")


def _list(kind: str, **places: int) -> ListOperator:
    return ListOperator(kind, places)


LISTS: dict[str, ListOperator] = {
    "EmptyTensorList": _list("reserve"),
    "TensorListReserve": _list("reserve", size=1),
    "TensorListFromTensor": _list("unstack", tensor=0),
    "TensorListScatterV2": _list("scatter", tensor=0, places=1, size=3),
    "TensorListScatterIntoExistingList": _list("scatter", list=0, tensor=1, places=2),
    "TensorListSetItem": _list("write", list=0, place=1, tensor=2),
    "TensorListPushBack": _list("push", list=0, tensor=1),
    "TensorListResize": _list("resize", list=0, size=1),
    "TensorListGetItem": _list("read", list=0, place=1),
    "TensorListPopBack": _list("pop", list=0),
    "TensorListStack": _list("stack", list=0),
    "TensorListGather": _list("gather", list=0, places=1),
    "TensorListConcatV2": _list("concatenate", list=0),
    "TensorListLength": _list("length", list=0),
    "TensorArrayV3": _array("reserve", second=True, size=0),
    "TensorArrayScatterV3": _array("scatter", list=3, tensor=2, places=1),
    "TensorArrayWriteV3": _array("write", list=3, place=1, tensor=2),
    "TensorArrayReadV3": _array("read", list=2, place=1),
    "TensorArrayGatherV3": _array("gather", list=2, places=1),
    "TensorArrayConcatV3": _array("concatenate", list=1),
    "TensorArraySizeV3": _array("length", list=1),
}
"""Every operator that is followed, by its name; a list that another one touches is not known."""
