"""The options of `sigfix repair`, in groups, and the `Choices` that they stand for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from sigfix.cli.groups import (
    CHANGE,
    CHECK,
    RESULT,
    SOURCE,
    Building,
    ChosenTags,
    Force,
    Format,
    KeepFailed,
    NoVerify,
    Quiet,
    Renames,
    pair_of,
)
from sigfix.cli.options import option
from sigfix.errors import UsageError
from sigfix.planning import Choices
from sigfix.planning.choices import (
    AppendChoice,
    Binding,
    InputChoice,
    Layout,
    NormalizeChoice,
    Pair,
    Tags,
)
from sigfix.planning.parsing import (
    parse_append,
    parse_binding,
    parse_input,
    parse_layout,
    parse_normalize,
    parse_sources,
    parse_tags,
)
from sigfix.presets import find_preset
from sigfix.vocabularies import vocabulary_characters


@dataclass(frozen=True)
class Chosen:
    """What a signature is built from."""

    function: Annotated[
        list[str],
        option(
            "Build it from this function, as `encoder.__call__`; `KEY=PATH` makes one more.",
            "--function",
            panel=SOURCE,
        ),
    ] = field(default_factory=list)
    from_key: Annotated[
        list[str],
        option(
            "Build it from this signature, several are merged; `KEY=OLD`, `KEY=ONE+OTHER` make "
            "one more.",
            "--from",
            panel=SOURCE,
        ),
    ] = field(default_factory=list)
    tags: ChosenTags = None
    signature: Annotated[
        str, option("The key of the signature to make.", "--signature", panel=SOURCE)
    ] = "serving_default"


@dataclass(frozen=True)
class Edits:
    """What is changed on the way."""

    inputs: Annotated[
        list[InputChoice],
        option(
            "An input's name, dtype and shape: `image=float32[?,32,128,3]`; `new:old=...` renames.",
            "--input",
            panel=CHANGE,
            parser=parse_input,
        ),
    ] = field(default_factory=list)
    outputs: Annotated[
        list[str],
        option(
            "An output: `probabilities=softmax:0`; `KEY/NAME=TENSOR` of another signature.",
            "--output",
            panel=CHANGE,
        ),
    ] = field(default_factory=list)
    bind: Annotated[
        list[Binding],
        option(
            "A value for what is no input: `training=false`.",
            "--bind",
            panel=CHANGE,
            parser=parse_binding,
        ),
    ] = field(default_factory=list)
    rename: Renames = field(default_factory=list)
    drop_output: Annotated[
        list[str], option("An output to leave out.", "--drop-output", panel=CHANGE)
    ] = field(default_factory=list)
    append: Annotated[
        list[AppendChoice],
        option(
            "One more output: `probabilities=sigmoid(logits)`.",
            "--append",
            panel=CHANGE,
            parser=parse_append,
        ),
    ] = field(default_factory=list)
    normalize: Annotated[
        str | None,
        option(
            "Bake in `mean,std,scale`, `image:mean,std` for one input, channels `r/g/b`; or "
            "`preset`, those of --preset.",
            "--normalize",
            panel=CHANGE,
        ),
    ] = None
    layout: Annotated[
        Layout | None,
        option(
            "`nhwc` or `nchw` at the edges; `nhwc:image,map` for these alone.",
            "--layout",
            panel=CHANGE,
            parser=parse_layout,
        ),
    ] = None
    parsed: Annotated[
        bool,
        option(
            "Cut the parser of tf.Examples off: their features become inputs.",
            "--parsed",
            panel=CHANGE,
        ),
    ] = False
    remove_signature: Annotated[
        list[str], option("A signature to remove.", "--remove-signature", panel=CHANGE)
    ] = field(default_factory=list)
    rename_signature: Annotated[
        list[Pair],
        option(
            "A signature's key: `old=new`.",
            "--rename-signature",
            panel=CHANGE,
            parser=pair_of("--rename-signature"),
        ),
    ] = field(default_factory=list)
    method_name: Annotated[
        str | None,
        option("The method name of the signature.", "--method-name", panel=CHANGE),
    ] = None
    set_tags: Annotated[
        Tags | None,
        option("The tags the MetaGraph shall have.", "--set-tags", panel=CHANGE, parser=parse_tags),
    ] = None
    only_meta_graph: Annotated[
        bool, option("Drop the other MetaGraphs.", "--only-metagraph", panel=CHANGE)
    ] = False
    rebuild: Annotated[
        bool,
        option(
            "Load the model and save it anew first, where its graph does not tell what a function "
            "uses: this runs it.",
            "--rebuild",
            panel=CHANGE,
        ),
    ] = False


@dataclass(frozen=True)
class Writing:
    """How the result is checked and written, whatever is planned."""

    no_verify: NoVerify = False
    run: Annotated[
        bool, option("Compare numbers for metadata-only repairs too.", "--run", panel=CHECK)
    ] = False
    output: Annotated[
        Path | None,
        option("The new directory.  (default: MODEL_repaired)", "-o", "--output-dir", panel=RESULT),
    ] = None
    plan_file: Annotated[
        Path | None,
        option("Apply this plan, made with --dry-run --format json.", "--plan", panel=RESULT),
    ] = None
    dry_run: Annotated[
        bool,
        option("Show the plan and stop; TensorFlow is not needed.", "--dry-run", panel=RESULT),
    ] = False
    force: Force = False
    keep_failed: KeepFailed = None
    output_format: Format = "text"
    quiet: Quiet = False


def choices_of(chosen: Chosen, edits: Edits, preset: str | None, building: Building) -> Choices:
    """What the options ask for. Raises `UsageError` where they contradict each other."""
    sources = parse_sources(chosen.function, chosen.from_key, edits.outputs)
    layout = edits.layout or Layout("", ())
    if building.vocab is not None:
        vocabulary_characters(building.vocab)
    return Choices(
        key=chosen.signature,
        function=sources.function,
        from_key=sources.from_key,
        signatures=sources.signatures,
        tags=chosen.tags,
        set_tags=edits.set_tags,
        inputs=tuple(edits.inputs),
        outputs=sources.outputs,
        rename=tuple(edits.rename),
        drop_outputs=tuple(edits.drop_output),
        bind=tuple(edits.bind),
        append=tuple(edits.append),
        normalize=_normalize(edits.normalize, preset),
        layout=layout.order or None,
        layout_of=layout.names,
        remove=tuple(edits.remove_signature),
        rename_signatures=tuple(edits.rename_signature),
        method_name=edits.method_name,
        only_meta_graph=edits.only_meta_graph,
        rebuild=edits.rebuild,
        parsed=edits.parsed,
        preset=None
        if preset is None
        else find_preset(preset, building.images, building.raw_logits),
        vocabulary=building.vocab or "",
    )


def _normalize(text: str | None, preset: str | None) -> NormalizeChoice | None:
    """`mean,std[,scale]` as numbers; `preset` stands for those of the preset that is named."""
    if text != "preset":
        return None if text is None else parse_normalize(text)
    if preset is None:
        raise UsageError("--normalize preset: of which preset?", "--preset NAME, or mean,std")
    known = find_preset(preset)
    return NormalizeChoice(known.mean, known.std)
