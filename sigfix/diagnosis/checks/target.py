"""TGT: what the chosen target cannot do with a graph, and what it needs of a signature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from sigfix.describing.callables import signature_tensor_text
from sigfix.describing.candidates import input_candidates, output_candidates
from sigfix.describing.computing import Computation, of_function, of_signature, of_tensors
from sigfix.describing.operator_kinds import CONTROL_FLOW
from sigfix.describing.targets import (
    FUSED_PARTS,
    IGNORED_BY_TFJS,
    Target,
    is_foreign,
    library_of,
    missing_kernels,
)
from sigfix.diagnosis.checks.conversion import check_conversion
from sigfix.diagnosis.checks.forms import check_forms
from sigfix.diagnosis.checks.padding import check_same_padding
from sigfix.diagnosis.checks.presence import all_tensors
from sigfix.diagnosis.checks.serving import check_serving
from sigfix.diagnosis.checks.specs import by_component, check_static
from sigfix.diagnosis.checks.unsigned import bindings_of
from sigfix.diagnosis.rule import Finding, Severity, repair_command
from sigfix.diagnosis.subject import Findings, Subject, few, finding, located
from sigfix.model import Graph, Node, Signature, TensorSpec, as_shape, node_of
from sigfix.wording import plural


def _counted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{name}: {count}x" for name, count in sorted(Counter(names).items()))


def check_operators(nodes: list[Node], target: Target, where: str, functions: set[str]) -> Findings:
    """TGT401, TGT402 and TGT408: operators that the target or its backend lacks."""
    if target.operators is None:
        return
    foreign = [
        node.op for node in nodes if node.op not in functions and is_foreign(node.op, target)
    ]
    for library in sorted({library_of(name, target) for name in foreign}):
        those = [name for name in foreign if library_of(name, target) == library]
        what = f"{target.title} does not have {few(sorted(set(those)))}"
        if library:
            what += f" without {library}"
        yield finding("TGT401", what, where, _counted(those))
    optional = [node.op for node in nodes if node.op in target.optional_operators]
    if optional:
        yield finding(
            "TGT408",
            f"{target.title} has these only with SELECT_TF_OPS: {few(sorted(set(optional)))}",
            where,
            _counted(optional),
        )
    badly_fused = [
        part
        for node in nodes
        if target.forces_async and node.op.startswith("_Fused")
        for part in map(str, node.listed("fused_ops"))
        if part not in FUSED_PARTS
    ]
    if badly_fused:
        yield finding(
            "TGT401",
            f"{target.title} cannot fuse {few(sorted(set(badly_fused)))}",
            where,
            _counted(badly_fused),
        )
    if target.backend:
        lacking = {
            node.op: missing_kernels(node.op, target.backend)
            for node in nodes
            if node.op not in target.expressed and missing_kernels(node.op, target.backend)
        }
        if lacking:
            yield finding(
                "TGT402",
                f"the {target.backend} backend has no kernel for {few(sorted(lacking))}",
                where,
                tuple(f"{name} needs {', '.join(kernels)}" for name, kernels in lacking.items()),
            )


def check_layout(nodes: list[Node], target: Target, where: str) -> Findings:
    """TGT403: convolutions and poolings with channels first."""
    if not target.needs_nhwc:
        return
    first = [
        node.op
        for node in nodes
        if str(node.attributes.get("data_format", "")).startswith("NC") and node.op != "BiasAdd"
    ]
    if first:
        yield finding(
            "TGT403",
            f"{plural(len(first), 'operator')} with channels first: {few(sorted(set(first)))}",
            where,
            _counted(first),
        )


def check_control_flow(nodes: list[Node], target: Target, where: str) -> Findings:
    """TGT404: loops and branches."""
    if not target.forces_async:
        return
    steering = [node.op for node in nodes if node.op in CONTROL_FLOW]
    if steering:
        yield finding(
            "TGT404",
            f"control flow forces executeAsync: {few(sorted(set(steering)))}",
            where,
            _counted(steering),
        )


def as_converted(found: Iterable[Finding], target: Target) -> Findings:
    """Findings about a TF.js model: what `convert` would have mended is wrong in it for good."""
    wrong = {"TGT405", "TGT412", "TGT416"} | ({"TGT403"} if target.backend == "wasm" else set())
    for item in found:  # channels first: webgl computes some; wasm throws
        yield replace(item, severity=Severity.ERROR) if item.code in wrong else item


def check_fused_matmul(nodes: list[Node], target: Target, where: str) -> Findings:
    """TGT405: the forms of _FusedMatMul that wasm computes wrongly."""
    if not target.forces_async or target.backend not in ("wasm", ""):
        return
    wrong = [
        node.name
        for node in nodes
        if node.op == "_FusedMatMul" and node.attributes.get("transpose_b") is True
    ]
    if wrong:
        yield finding(
            "TGT405",
            f"{len(wrong)} _FusedMatMul with transpose_b, which wasm computes wrongly",
            where,
            tuple(wrong[:6]),
        )


def check_ignored(nodes: list[Node], target: Target, where: str) -> Findings:
    """TGT416: operators that TF.js passes its input through."""
    ignored = sorted({node.op for node in nodes if node.op in IGNORED_BY_TFJS})
    if ignored and target.forces_async:
        yield finding("TGT416", f"{target.title} ignores {few(ignored)}", where)


def check_types(
    tensors: Iterable[tuple[str, TensorSpec]], target: Target, where: str, path: Path | None
) -> Findings:
    """TGT406: dtypes at the edges that the target does not have, or has on the CPU only."""
    if target.dtypes is None:
        return
    for part, spec in tensors:
        dtype = spec.dtype.removesuffix("_ref")
        place = f"{where}, {part}" if where else part
        if dtype == "string" and target.forces_async:
            yield finding("TGT406", "strings run on the CPU only in TensorFlow.js", place)
        elif dtype not in target.dtypes:
            command = ""
            if path is not None and part.startswith("input ") and dtype in ("int64", "float64"):
                key, to = part.removeprefix("input "), {"int64": "int32"}.get(dtype, "float32")
                shape = str(spec).removeprefix(spec.dtype)
                if spec.has_known_rank:
                    command = repair_command(path, "--input", f"{key}={to}{shape}")
            yield finding("TGT406", f"{target.title} has no {dtype}", place, (str(spec),), command)


def _rank(node: Node) -> int:
    shapes = node.attributes.get("_output_shapes")
    listed = shapes if isinstance(shapes, tuple) else ()
    every = map(as_shape, (*listed, node.attributes.get("shape")))
    return max((len(shape) for shape in every if shape is not None), default=0)


def check_ranks(nodes: list[Node], target: Target, where: str) -> Findings:
    """TGT407: tensors with more dimensions than the target handles, where the file says so."""
    if not target.largest_rank:
        return
    deep = {node.name: _rank(node) for node in nodes if _rank(node) > target.largest_rank}
    if deep:
        name = max(deep, key=lambda item: deep[item])
        yield finding(
            "TGT407",
            f"{name} has {deep[name]} dimensions; {target.title} handles {target.largest_rank}",
            where,
            tuple(f"{key}: {rank} dimensions" for key, rank in list(deep.items())[:6]),
        )


def check_nodes(nodes: list[Node], graph: Graph, target: Target, where: str) -> Iterator[Finding]:
    """Every check that looks at operators only; `nodes` are those of `graph` that matter."""
    yield from check_operators(nodes, target, where, set(graph.function_by_name))
    yield from check_forms(nodes, graph, target, where)
    yield from check_layout(nodes, target, where)
    yield from check_control_flow(nodes, target, where)
    yield from check_fused_matmul(nodes, target, where)
    yield from check_ignored(nodes, target, where)
    yield from check_ranks(nodes, target, where)
    yield from check_same_padding(nodes, graph, target, where)


def check_target(subject: Subject, target: Target) -> Findings:
    """Everything about a MetaGraph and a target: what its signatures compute is looked at.

    Without a signature it is what SIG001 would make one of.
    """
    graph = subject.meta.graph
    for signature in subject.meta.user_signatures:
        where = located(subject, signature)
        computation = of_signature(subject.meta, signature.key)
        yield from _check(computation, graph, target, where)
        yield from check_conversion(subject, signature, computation, target, where)
        if target.forces_async:
            yield from _check_composites(subject, signature, target)
        edges = [
            (f"{kind} {item.key}", item.spec)
            for kind, items in (("input", signature.inputs), ("output", signature.outputs))
            for item in items
            if item.encoding == "dense"
        ]
        yield from check_types(edges, target, where, subject.path)
    if not subject.meta.user_signatures:
        yield from _check_candidates(subject, target)
    if target.needs_static_shapes:
        yield from check_static(subject)
    if target.is_server:
        yield from check_serving(subject)


def _check_composites(subject: Subject, signature: Signature, target: Target) -> Findings:
    """TGT417: ragged and sparse tensors at the edges."""
    found = [(part, item) for part, item in all_tensors(signature) if item.encoding != "dense"]
    if found:
        yield finding(
            "TGT417",
            f"{target.title} has dense tensors only: {few([item.key for _, item in found])}",
            located(subject, signature),
            tuple(f"{part}: {signature_tensor_text(item)}" for part, item in found[:6]),
            by_component(subject, signature),
        )


def _check(computation: Computation, graph: Graph, target: Target, where: str) -> Findings:
    """What the operators tell that are left of a computation once it is frozen."""
    yield from check_nodes([node for _, node in computation.varying], graph, target, where)


def _check_candidates(subject: Subject, target: Target) -> Findings:
    """The functions that a signature could be made of, each by its best trace; or a graph."""
    graph = subject.meta.graph
    for function in subject.preferred:
        where = located(subject, part=f"function {function.path}")
        tried = [
            [*_check(computation, graph, target, where),
             *check_conversion(subject, None, computation, target, where)]
            for trace in function.traces
            if trace.name in graph.function_by_name
            for computation in [of_function(subject.meta, trace.name)]
        ]  # fmt: skip
        yield from min(tried, key=_errors, default=[])
    if subject.callables or subject.meta.objects is not None:
        return
    found = output_candidates(subject.meta)
    outputs = [item.spec.name for item in found[:1]]
    switches = [item.partition("=") for item in bindings_of(subject, found)] if found else []
    bound = {name: value == "true" for name, _, value in switches if value in ("true", "false")}
    inputs = [item.spec.name for item in input_candidates(subject.meta)]
    fed = [name for name in inputs if node_of(name) not in bound]
    computation = of_tensors(subject.meta, outputs, fed, bound)
    where = located(subject, part=f"output {outputs[0]}" if outputs else "")
    yield from _check(computation, graph, target, where)
    yield from check_conversion(subject, None, computation, target, where)


def _errors(found: list[Finding]) -> int:
    return sum(item.severity is Severity.ERROR for item in found)
