"""CON: the directory and its files, as far as there is a model to report about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from sigfix.describing.meta_graphs import SERVE, meant_meta_graph
from sigfix.describing.versions import is_version
from sigfix.describing.weights import Fault, asset_faults, graph_faults, weight_faults
from sigfix.diagnosis.rule import Finding, repair_command
from sigfix.diagnosis.subject import Findings, few, finding
from sigfix.model import SavedModel
from sigfix.wording import plural

KNOWN_GRAPH_VERSION = 2400
"""GraphDef versions of TensorFlow 2.20 and before are below this."""
KNOWN_TENSORFLOW = (2, 20)
_LISTED = 20
"""Findings of one kind about files; of more, one finding says how many."""


def check_tags(model: SavedModel) -> Findings:
    """CON201 to CON203."""
    graphs = model.meta_graphs
    meant = meant_meta_graph(model)
    if len(graphs) > 1:
        sets = [f"[{', '.join(meta.tags)}]" for meta in graphs]
        tags = () if meant is None else ("--tags", ",".join(graphs[meant].tags))
        yield finding(
            "CON201",
            f"{len(sets)} MetaGraphs with the tags {few(sets)}",
            command=repair_command(model.path, *tags, "--only-metagraph"),
        )
    if not graphs or any(set(meta.tags) == {SERVE} for meta in graphs):
        return
    command = repair_command(model.path, "--set-tags", SERVE)
    likely = graphs if meant is None else (graphs[meant],)
    names = few([", ".join(meta.tags) for meta in likely if meta.tags])
    if not names:
        yield finding("CON203", "the model has no tags", command=command)
    elif any(SERVE in meta.tags for meta in likely):
        told = f"the tags are {names}, not serve alone: loaders look for exactly the set they name"
        yield finding("CON202", told, command=command)
    else:
        yield finding("CON202", f"the tags are {names}, not serve", command=command)


def check_variables(model: SavedModel) -> Findings:
    """CON204 to CON207, and CON211."""
    store, faults = model.variables, weight_faults(model)
    missing = any(code == "CON204" for code, *_ in faults)
    stray = store.stray if store is not None else ()
    for code in ("CON204", "CON205", "CON206", "CON211"):
        found = _grouped([fault for fault in faults if fault[0] == code])
        yield from (_with_names(item, stray) if code == "CON204" else item for item in found)
    if store is None or store.error:
        return
    for name in store.bad_checksums[:20]:
        yield finding("CON206", f"the checksum of {name} is wrong", "variables")
    if stray and not missing:
        yield _stray(stray)


def _grouped(faults: list[Fault]) -> Findings:
    """A finding for each of a few files, and one that names the rest of many."""
    listed = faults if len(faults) <= _LISTED else faults[:1]
    for fault in listed:
        yield finding(*fault)
    rest = [PurePosixPath(where).name for _, _, where in faults[len(listed) :]]
    if rest:
        what = f"{plural(len(rest), 'more file')} like that: {few(rest)}"
        yield finding(faults[0][0], what, "variables")


def _with_names(missing: Finding, stray: tuple[str, ...]) -> Finding:
    """What is missing, and the files that may be it under another name."""
    if not stray:
        return missing
    said = f"may be there under another name: {few(list(stray))}"
    return replace(missing, evidence=(*missing.evidence, said))


def _stray(names: tuple[str, ...]) -> Finding:
    return finding("CON207", f"files that the index does not name: {few(list(names))}", "variables")


def check_assets(model: SavedModel) -> Findings:
    """CON208, CON209 and CON211."""
    yield from _grouped(asset_faults(model))
    seen = set()
    for meta in model.meta_graphs:
        for asset in meta.assets:
            if asset.filename in seen:
                continue
            seen.add(asset.filename)
            path = PurePosixPath(asset.filename.replace("\\", "/"))
            if path.is_absolute() or ".." in path.parts or not asset.filename:
                yield finding(
                    "CON209",
                    f"{asset.filename!r} leads out of the model's directory",
                    "assets",
                )
            elif not asset.exists:
                yield finding("CON208", f"assets/{asset.filename} is missing", "assets")


def check_producer(model: SavedModel) -> Findings:
    """CON213 and CON218."""
    for meta in model.meta_graphs:
        version = meta.tensorflow_version
        if not is_version(version):
            yield finding(
                "CON218",
                f"TensorFlow's version is {version!r}, which its loader of TF1 models cannot parse",
                command=repair_command(model.path),
            )
        parts = version.split(".")
        numbers = tuple(int(part) for part in parts[:2] if part.isdecimal() and len(part) < 10)
        known = f"TensorFlow {'.'.join(map(str, KNOWN_TENSORFLOW))}"
        if len(numbers) == 2 and numbers > KNOWN_TENSORFLOW:
            yield finding(
                "CON213",
                f"written by TensorFlow {version}; sigfix knows up to {known}",
                evidence=(f"GraphDef producer version {meta.graph.producer}",),
            )
        elif meta.graph.min_consumer > KNOWN_GRAPH_VERSION:
            yield finding(
                "CON213",
                f"its graph is only for readers of GraphDef version {meta.graph.min_consumer} and "
                f"newer (min_consumer); {known} reads up to version {KNOWN_GRAPH_VERSION}",
                evidence=(f"GraphDef producer version {meta.graph.producer}",),
            )


def check_graph(model: SavedModel) -> Findings:
    """CON219."""
    for fault in graph_faults(model):
        yield finding(*fault)


def check_problems(model: SavedModel) -> Findings:
    """What reading itself met, such as links that lead out of the directory."""
    for problem in model.problems[:_LISTED]:
        yield finding(problem.code, problem.message, problem.location)
    if len(model.problems) > _LISTED:
        more = [problem.location for problem in model.problems[_LISTED:]]
        yield finding(model.problems[0].code, f"{len(more)} more of them: {few(more)}")


def check_path(model: SavedModel) -> Findings:
    """CON210."""
    for key, value in model.notes:
        if key == "nested":
            yield finding("CON210", f"the SavedModel is below the given path, in {value}")


CHECKS = (
    check_tags, check_variables, check_assets, check_graph, check_problems, check_producer,
    check_path,
)  # fmt: skip
