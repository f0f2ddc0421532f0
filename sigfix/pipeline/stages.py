"""`verify --plot`: where along the network two models begin to differ, as far as names tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sigfix.errors import SigfixError
from sigfix.forking import apart
from sigfix.model import OtherModel, SavedModel, TensorSpec
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.verify_formats import Chosen, cases_for, chosen, narrowed_specs
from sigfix.planning.meta_graphs import choose_meta_graph
from sigfix.reading.opening import open_model
from sigfix.temporary import temporary_folder
from sigfix.verifying.arrays import Arrays
from sigfix.verifying.feeding import Renamed
from sigfix.verifying.matching import Pair, pair_tensors
from sigfix.verifying.runnable import GRAPH, Call, Runnable
from sigfix.verifying.runners import onnx
from sigfix.verifying.runners.tensor_files import in_tfjs_dtypes
from sigfix.verifying.runners.tfjs_model import tfjs_model
from sigfix.verifying.stages import InnerNode, Inside, Stages, compare_stages
from sigfix.verifying.tolerances import REPAIRED, TFJS


@dataclass(frozen=True)
class Asked:
    """What `verify` was asked, beside the models and the signature."""

    tags: tuple[str, ...] | None = None
    inputs: Arrays | None = None
    tolerance: float | None = None
    seed: int = 0
    options: RepairOptions = field(default_factory=RepairOptions)


def stages_between(left: Path, right: Path, key: str, asked: Asked) -> Stages:
    """Compare what two models have inside, on the first set of inputs that `verify` uses.

    `key` is the signature of the SavedModels among them. Both are executed. What cannot be
    compared is said in what is returned, and never an error: it is no part of the verdict.
    """
    with temporary_folder() as folder:
        try:
            models = [open_model(path, "verify") for path in (left, right)]
            for model in models:
                if why := _closed(model):
                    return Stages(why=why)
            one, other = (chosen(model, key, asked.tags, asked.options, folder) for model in models)
            fed = pair_tensors(one.inputs, other.inputs, "input")
            first = _inside(models[0], one, asked, _own(one.inputs), folder / "left.pb")
            second = _inside(models[1], other, asked, fed, folder / "right.pb")
            tfjs = one.tfjs or other.tfjs
            limit = (TFJS if tfjs else REPAIRED) if asked.tolerance is None else asked.tolerance
            specs, both = narrowed_specs(one, other, fed), one.operators | other.operators
            case = cases_for(specs, asked.inputs, asked.seed, both)[0]
            cast = in_tfjs_dtypes if tfjs else dict
            return compare_stages(first, second, case, limit, asked.options.seconds, cast)
        except SigfixError as error:
            return Stages(why=error.message)


def _closed(model: SavedModel | OtherModel) -> str:
    """Why nobody can look into a model, '' where one can."""
    if isinstance(model, OtherModel) and model.kind == "keras":
        return f"Keras runs {model.path.name} as a whole; compare what repair makes of it"
    if isinstance(model, OtherModel) and model.kind == "tfjs" and model.graph is None:
        return f"{model.path.name} has layers, and no graph that could be looked into"
    return ""


def _own(inputs: Sequence[TensorSpec]) -> list[Pair]:
    return [Pair(spec.name, spec.name) for spec in inputs]


def _inside(
    model: SavedModel | OtherModel, side: Chosen, asked: Asked, fed: Sequence[Pair], file: Path
) -> Inside:
    if isinstance(model, SavedModel):
        tags = model.meta_graphs[choose_meta_graph(model, asked.tags)].tags
        return _of_signature(model.path, side.key, tags, fed, file)
    feed = _feed(fed)
    if model.kind == "onnx":
        whole = onnx.onnx_file(model.path)

        def read_onnx(names: Sequence[str]) -> Runnable:
            return replace(whole, calls=(Call(feed=feed),), details={"inner": tuple(names)})

        fed_names = frozenset(spec.name for spec in side.inputs)
        return Inside(_onnx_nodes(model.path), fed_names, read_onnx, onnx=True)
    nodes = () if model.graph is None else model.graph.nodes
    folder = model.path if model.path.is_dir() else model.path.parent
    return Inside(
        tuple(InnerNode(node.name, node.op, node.inputs) for node in nodes),
        frozenset(node.name for node in nodes if node.op == "Placeholder"),
        lambda names: tfjs_model(folder, list(names), feed),
    )


def _of_signature(
    path: Path, key: str, tags: Sequence[str], fed: Sequence[Pair], file: Path
) -> Inside:
    """A signature as a frozen graph, in which every function is written out."""

    def work() -> tuple[Mapping[str, str], tuple[str, ...], tuple[InnerNode, ...], str]:
        from sigfix.exporting.freezing import IMPORT_SCOPE, freeze
        from sigfix.pipeline.reference_graphs import write_graph

        frozen = freeze(path, key, tags)
        definition = write_graph(frozen.graph, file)
        nodes = tuple(InnerNode(n.name, n.op, tuple(n.input)) for n in definition.node)
        return frozen.inputs, frozen.unused_inputs, nodes, f"{IMPORT_SCOPE}/"

    inputs, unused, nodes, scope = apart(work)
    feed = _feed([pair for pair in fed if pair.right not in unused])

    def reading(names: Sequence[str]) -> Runnable:
        details = {"inputs": dict(inputs), "outputs": {name: name for name in names}}
        return Runnable(GRAPH, file, (Call({"file": str(file)}, feed),), f"{path.name}", details)

    return Inside(nodes, frozenset(inputs.values()), reading, scope)


def _feed(fed: Sequence[Pair]) -> Renamed:
    names = {pair.right: pair.left for pair in fed}
    return Renamed(names, {pair.right: pair.order for pair in fed if pair.order is not None})


def _onnx_nodes(path: Path) -> tuple[InnerNode, ...]:
    import onnx as onnx_package

    graph = onnx_package.load(path, load_external_data=False).graph
    return tuple(
        InnerNode(output, node.op_type, tuple(filter(None, node.input)))
        for node in graph.node
        for output in node.output
        if output
    )
