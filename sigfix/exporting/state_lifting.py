"""State that is written inside of loops and branches, led into them and out again as data.

    while(..., variable, ...)   becomes   held = read(variable)
                                          ..., held = while(..., held, ...)
                                          assign(variable, held)

so that what is left of a variable are reads and writes in no loop and no branch, which
`state_threading` knows. Works on functions, before TensorFlow inlines them and lowers control flow:
there a loop's body is a function of what it is given, and control edges order what it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sigfix.exporting.state_threading import READ, STEPS, before, last_write
from sigfix.optimising.graph.graph import node_of

CALLS = {"PartitionedCall": "f", "StatefulPartitionedCall": "f"}
LOOPS = ("While", "StatelessWhile")
BRANCHES = ("If", "StatelessIf", "Case", "StatelessCase")
_RESOURCE = 20


@dataclass(frozen=True)
class Variable:
    """A variable as a graph has it: the number of its dtype, and its TensorShapeProto."""

    name: str
    dtype: int
    shape: Any


class _CannotBeLifted(Exception):
    """It stays where it is, and whoever needs it elsewhere says so."""


@contextmanager
def lifted(function: Any, variables: Mapping[str, Variable]) -> Iterator[None]:
    """Let a concrete function's graph be said with its states out of loops, while in the block.

    `variables` are by the nodes that stand for them.
    """
    definition = function.graph.as_graph_def()
    _Lifting(definition).run(variables)
    function.graph.as_graph_def = lambda *_, **__: definition
    try:
        yield
    finally:
        del function.graph.as_graph_def


class _Lifting:
    """Functions are copied before they are changed: others may call them as they were."""

    def __init__(self, definition: Any) -> None:
        self.definition = definition
        self.library = {str(f.signature.name): f for f in definition.library.function}
        self.made = 0

    def run(self, variables: Mapping[str, Variable]) -> None:
        for node in self.definition.node:
            held = {
                place: variables[node_of(reference)]
                for place, reference in enumerate(node.input)
                if reference[0] != "^" and node_of(reference) in variables
            }
            if held and node.op in CALLS:
                self._lift_call(node, held)

    def _lift_call(self, call: Any, held: Mapping[int, Variable]) -> None:
        """Let a call, which is in no loop and no branch, be of a function that is like that."""
        made = self._copy(call.attr["f"].func.name)
        names = [str(arg.name) for arg in made.signature.input_arg]
        own = {names[place]: variable for place, variable in held.items()}
        for node in list(made.node_def):
            given = {
                place: own[reference] for place, reference in enumerate(node.input)
                if reference in own
            }  # fmt: skip
            if node.op in CALLS and given:
                self._lift_call(node, given)
            for place, variable in given.items() if node.op in (*LOOPS, *BRANCHES) else ():
                twice = list(given.values()).count(variable) > 1
                if self._is_written(node, place) and not twice:
                    self._try_taking_out(made, node, place, variable)
        call.attr["f"].func.name = made.signature.name

    def _try_taking_out(self, inside: Any, node: Any, place: int, variable: Variable) -> None:
        try:
            self._take_out(inside, node, place, variable)
        except _CannotBeLifted:
            return

    def _is_written(self, node: Any, place: int) -> bool:
        """Whether what a node calls writes the variable that is its input number `place`."""
        for _, name in _called(node):
            function = self.library[name]
            arg = function.signature.input_arg[place - _before_arguments(node)].name
            for one in function.node_def:
                places = [number for number, given in enumerate(one.input) if given == arg]
                if places and (
                    any(self._is_written(one, number) for number in places)
                    if _called(one)
                    else one.op != READ
                ):
                    return True
        return False

    def _take_out(self, inside: Any, node: Any, place: int, variable: Variable) -> None:
        """Give a node of the function `inside` what a variable holds, and take what it becomes."""
        written = self._is_written(node, place)
        arg = place - _before_arguments(node)
        made = []
        for attribute, name in _called(node):
            function, value = self._with_value(name, arg, variable)
            signature = function.signature
            if node.op in LOOPS:
                if attribute.name == "cond" and value != signature.input_arg[arg].name:
                    raise _CannotBeLifted
                if attribute.name == "body":
                    signature.output_arg[arg].type = variable.dtype
                    function.ret[signature.output_arg[arg].name] = value
            elif written:
                signature.output_arg.add(name=self._name("held"), type=variable.dtype)
                function.ret[signature.output_arg[-1].name] = value
            made.append((attribute, function))
        handle, nodes = node.input[place], _nodes(inside)
        if any(f"{node.name}:output:{place}" in other.input for other in inside.node_def):
            raise _CannotBeLifted  # a variable that a loop gives back is used
        after = [
            other
            for other in inside.node_def
            if handle in other.input and node.name in before(nodes, other.name) - {other.name}
        ]
        for attribute, function in made:
            attribute.func.name = function.signature.name
        at = _retyped(node, place, variable, written)
        read = inside.node_def.add(name=self._name("read"), op=READ)
        read.input.extend([node.input[place], *(c for c in node.input if c[0] == "^")])
        read.attr["dtype"].type = variable.dtype
        node.input[place] = f"{read.name}:value:0"
        if not written:
            return
        assign = inside.node_def.add(name=self._name("assign"), op="AssignVariableOp")
        assign.input.extend([handle, f"{node.name}:output:{at}"])
        assign.attr["dtype"].type = variable.dtype
        for other in inside.node_def:
            for number, reference in enumerate(other.input):
                if reference == f"^{node.name}":
                    other.input[number] = f"^{assign.name}"
        for other in after:
            if f"^{assign.name}" not in other.input:
                other.input.append(f"^{assign.name}")
        inside.signature.control_output.append(assign.name)
        inside.control_ret[assign.name] = assign.name

    def _with_value(self, name: str, arg: int, variable: Variable) -> tuple[Any, str]:
        """A copy of a function that takes what a variable holds, and what it holds at the end."""
        made = self._copy(name)
        argument = made.signature.input_arg[arg]
        own = str(argument.name)
        for node in list(made.node_def):
            places = [number for number, given in enumerate(node.input) if given == own]
            if places and _called(node):
                if len(places) > 1:
                    raise _CannotBeLifted
                self._take_out(made, node, places[0], variable)
        nodes = _nodes(made)
        users = [node for node in made.node_def if own in node.input]
        if any(node.op != READ and node.op not in STEPS for node in users):
            raise _CannotBeLifted
        writes = [str(node.name) for node in users if node.op != READ]
        earlier = {str(node.name): before(nodes, node.name) for node in users}
        value = {own: own}

        def held(access: str) -> str:
            found = last_write(access, earlier, writes)
            if found is None:
                raise _CannotBeLifted
            return value[found or own]

        for write in sorted(writes, key=lambda n: len(earlier[n].intersection(writes))):
            step, given = STEPS[nodes[write].op], nodes[write].input[1]
            value[write] = self._step(made, step, held(write), given, variable) if step else given
        reads = [node for node in users if node.op == READ]
        for node in reads:
            self._become_identity(node, held(node.name), variable)
        last = [n for n in writes if len(earlier[n].intersection(writes)) == len(writes)]
        if writes and len(last) != 1:
            raise _CannotBeLifted
        for write in writes:
            waited = dict.fromkeys(
                f"^{_named(r)}" for r in nodes[write].input if _named(r) in nodes
            )
            nodes[write].op = "NoOp"
            nodes[write].attr.clear()
            nodes[write].input[:] = list(waited)
        _rename(made, {f"{node.name}:value:0": f"{node.name}:output:0" for node in reads})
        value = {key: _renamed(one, reads) for key, one in value.items()}
        argument.type = variable.dtype
        made.arg_attr.pop(arg, None)
        return made, value[last[0]] if last else own

    def _step(self, made: Any, op: str, held: str, given: str, variable: Variable) -> str:
        node = made.node_def.add(name=self._name("step"), op=op)
        node.input.extend([held, given])
        node.attr["T"].type = variable.dtype
        return f"{node.name}:z:0"

    def _become_identity(self, node: Any, value: str, variable: Variable) -> None:
        controls = [reference for reference in node.input if reference[0] == "^"]
        node.op = "Identity"
        node.attr.clear()
        node.attr["T"].type = variable.dtype
        node.input[:] = [value, *controls]

    def _copy(self, name: str) -> Any:
        made = self.definition.library.function.add()
        made.CopyFrom(self.library[name])
        made.signature.name = self._name(name)
        self.library[str(made.signature.name)] = made
        return made

    def _name(self, what: str) -> str:
        self.made += 1
        return f"{what}_sigfix_state_{self.made}"


def _called(node: Any) -> Sequence[tuple[Any, str]]:
    """The functions that a node calls, by the attribute that names each."""
    found = []
    for name in ("f", "cond", "body", "then_branch", "else_branch"):
        if name in node.attr and node.attr[name].HasField("func"):
            found.append((_Attribute(name, node.attr[name].func), node.attr[name].func.name))
    if node.op in ("Case", "StatelessCase"):
        for func in node.attr["branches"].list.func:
            found.append((_Attribute("branches", func), func.name))
    return found if node.op in (*CALLS, *LOOPS, *BRANCHES) else ()


@dataclass(frozen=True)
class _Attribute:
    name: str
    func: Any


def _before_arguments(node: Any) -> int:
    """How many inputs a node has before those that its functions are given."""
    return 1 if node.op in BRANCHES else 0


def _retyped(node: Any, place: int, variable: Variable, written: bool) -> int:
    """Let a node take a value in place of a variable; which of its outputs it will hold."""
    node.attr.pop("_output_shapes", None)
    if node.op in LOOPS:
        node.attr["T"].list.type[place] = variable.dtype
        if node.attr["output_shapes"].list.shape:
            node.attr["output_shapes"].list.shape[place].CopyFrom(variable.shape)
        return place
    node.attr["Tin"].list.type[place - _before_arguments(node)] = variable.dtype
    at = len(node.attr["Tout"].list.type)
    if written:
        shapes = node.attr["output_shapes"].list.shape if "output_shapes" in node.attr else ()
        if at == len(shapes):
            node.attr["output_shapes"].list.shape.add().CopyFrom(variable.shape)
        node.attr["Tout"].list.type.append(variable.dtype)
    return at


def _nodes(function: Any) -> dict[str, Any]:
    return {str(node.name): node for node in function.node_def}


def _named(reference: str) -> str:
    """The node, or the argument, of a reference inside of a function (`node:output:0`)."""
    return reference.removeprefix("^").partition(":")[0]


def _rename(function: Any, names: Mapping[str, str]) -> None:
    for node in function.node_def:
        node.input[:] = [names.get(reference, reference) for reference in node.input]
    for key, reference in function.ret.items():
        function.ret[key] = names.get(reference, reference)


def _renamed(reference: str, reads: Sequence[Any]) -> str:
    names = {f"{node.name}:value:0": f"{node.name}:output:0" for node in reads}
    return names.get(reference, reference)
