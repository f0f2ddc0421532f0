"""The commands: in which folder each is run, and how it ends; or why it is not run here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from tests.doc_commands import around, doctr_scenes, places, scenes

Around = Callable[[], AbstractContextManager[around.Environment]]


@dataclass(frozen=True)
class Ran:
    """A command in a folder that `scene` makes; it exits with `code` and says the pattern `said`.

    `heavy` ones run models, or take long for another reason. `around` is what it is run in, `needs`
    are packages. One that serves is ended by Ctrl-C once it was asked for a page.
    """

    scene: Callable[[], None]
    code: int = 0
    heavy: bool = False
    said: str = ""
    around: Around = around.nothing
    needs: tuple[str, ...] = ()
    until_ctrl_c: bool = False


@dataclass(frozen=True)
class NotRun:
    """Why a command is not run here, and what runs it, or its kind, instead."""

    why: str


CONTAINERS = NotRun("needs docker or podman; tests/test_container.py runs it where one is")

DOCTR = ("doctr", "tensorflow", "tensorflowjs", "onnx", "onnxslim", "onnxruntime")
Built = partial(Ran, heavy=True, needs=DOCTR)
"""A model of docTR's is built of weights."""


def without_network(option: str) -> Ran:
    """docTR's weights cannot be fetched: the way on is the same command with a file of weights."""
    said = (
        r"error: the pretrained weights \S+ of \w+ could not be fetched from https://\S+ "
        r"\(.*refused\)\.\n  try: download https://\S+ where there is a network, and: "
        rf"sigfix .*{option} \S+\.pt\n"
    )
    return Built(scenes.nothing, 2, said=said, around=around.no_network)


READ = r"same   docTR \(Python\) -> .* read the same"
OFFLINE = without_network("--weights")
OFFLINE_PAIR = without_network("--det-weights")
INSTALLED = partial(Ran, heavy=True, said="Successfully installed .*sigfix")
STORES = partial(
    Ran, places.stores, around=around.stores, needs=("s3fs", "gcsfs", "huggingface_hub")
)
MADE = partial(Ran, heavy=True, around=around.its_own_make)

ROWS: dict[str, Ran | NotRun] = {
    "make demo": MADE(places.demo_place, said="20 of 20 read the same", needs=DOCTR),
    "make test": MADE(places.small_project, said="1 passed"),
    "pip install .": INSTALLED(places.package, around=around.new_environment),
    "pip install '.[all]'": INSTALLED(
        places.package,
        said=r"Successfully installed (setuptools-\S+ )?sigfix-\S+\s",
        around=around.environment_with_all,
    ),
    "pip install '.[remote]'": INSTALLED(places.package, around=around.new_environment),
    "sigfix inspect model/": Ran(scenes.folders, 1),
    "sigfix inspect models/*/": Ran(scenes.folders),
    "sigfix inspect model/ --target tfjs-wasm": Ran(scenes.folders, 1),
    "sigfix inspect model/ --format json": Ran(scenes.folders, 1),
    "sigfix inspect model/ --fail-on warning": Ran(scenes.folders, 1),
    "sigfix inspect --recursive .": Ran(scenes.folders, 1),
    "sigfix inspect model/ --graph model.svg": Ran(scenes.folders, 1),
    "git diff --name-only main | grep '\\.onnx$' | sigfix inspect -": Ran(scenes.repository),
    "sigfix inspect --recursive models --jobs 4 --format junit --output-file sigfix.xml": Ran(
        scenes.folders
    ),
    "sigfix inspect --recursive models --baseline sigfix-baseline.json --write-baseline": Ran(
        scenes.folders
    ),
    "sigfix inspect --recursive models --baseline sigfix-baseline.json": Ran(scenes.baselined),
    "sigfix inspect gs://bucket/models/ranker/3": STORES(said="gs://bucket/models/ranker/3"),
    "sigfix inspect s3://bucket/net.onnx hf://somebody/model/saved_model.pb": STORES(
        said="hf://somebody/model/saved_model.pb"
    ),
    "sigfix inspect --recursive gs://bucket/models --jobs 8": STORES(
        code=1, said="gs://bucket/models/unnamed"
    ),
    "sigfix explain SIG001": Ran(scenes.nothing),
    "sigfix explain \"KeyError: 'serving_default'\"": Ran(scenes.nothing),
    "sigfix presets": Ran(scenes.nothing),
    "sigfix presets crnn_vgg16_bn": Ran(scenes.nothing),
    "sigfix diff model/ fixed/": Ran(scenes.folders, 1),
    "sigfix repair model/ --dry-run": Ran(scenes.folders),
    "sigfix repair model/": Ran(scenes.unsigned, heavy=True),
    "sigfix repair model/ -o fixed/ --function encoder.__call__": Ran(scenes.two_parts, heavy=True),
    "sigfix repair model/ -o fixed/ --input 'image=float32[?,32,128,3]' "
    "--output logits=output_0": Ran(scenes.one_image_function, heavy=True),
    "sigfix repair model/ -o fixed/ --bind training=false "
    "--append 'probabilities=softmax(output_0)'": Ran(scenes.image_model, heavy=True),
    "sigfix repair model/ -o fixed/ --function encode=encoder --function decode=decoder": Ran(
        scenes.two_parts, heavy=True
    ),
    "sigfix repair model --function encode=encoder.__call__ "
    "--function decode=decoder.__call__": Ran(scenes.two_parts, heavy=True),
    "sigfix repair model --from serving_default=scores+classes --from predict=scores": Ran(
        scenes.to_split, heavy=True
    ),
    "sigfix repair model --output serving_default/p=softmax:0 --output classes/class=ArgMax:0": Ran(
        scenes.unsigned_graph, heavy=True
    ),
    "sigfix repair model.onnx --rename logits=scores": Ran(scenes.onnx_file, heavy=True),
    "sigfix repair model/ --preset linknet_resnet18": Ran(doctr_scenes.like_linknet, heavy=True),
    "sigfix repair --preset crnn_vgg16_bn": OFFLINE,
    "sigfix repair --preset crnn_vgg16_bn --weights my.pt": Built(doctr_scenes.crnn),
    "sigfix repair --preset parseq --weights my.pt --vocab german": Built(
        doctr_scenes.german_parseq
    ),
    "sigfix repair --preset linknet_resnet18 --size 512": OFFLINE,
    "sigfix repair --preset crnn_vgg16_bn --normalize preset": OFFLINE,
    "sigfix repair --preset crnn_vgg16_bn --weights random --seed 1 --keep-onnx": Built(
        scenes.nothing
    ),
    "sigfix convert --tfjs": Ran(scenes.lone, heavy=True),
    "sigfix convert model/ --tfjs -o web/ --quantize float16": Ran(scenes.signed, heavy=True),
    "sigfix convert model/ --tfjs --quantize auto --max-loss 0.01": Ran(
        doctr_scenes.recogniser, heavy=True
    ),
    "sigfix convert model/ --tfjs --target tfjs-wasm": Ran(scenes.signed, heavy=True),
    "sigfix convert model/ --tfjs --signature scores": Ran(scenes.of_scores, heavy=True),
    "sigfix convert model.onnx --tfjs --layout nhwc": Ran(scenes.onnx_file, heavy=True),
    "sigfix convert model.onnx --input 'image=float32[?,3,320,320]'": Ran(
        scenes.open_onnx_file, heavy=True
    ),
    "sigfix convert model.keras": Ran(scenes.keras_file, heavy=True),
    "sigfix convert model/ --input image=1,224,224,3 --rename output_0=scores": Ran(
        scenes.with_image_signature, heavy=True
    ),
    "sigfix convert model/ --parsed": Ran(scenes.parsing, heavy=True),
    "sigfix repair model/ --parsed": Ran(scenes.parsing, heavy=True),
    "sigfix convert model/ --cut-strings": Ran(scenes.words, heavy=True),
    "sigfix convert crnn_vgg16_bn --tfjs": OFFLINE,
    "sigfix convert sar.onnx --preset sar_resnet31 --tfjs": Built(doctr_scenes.exported_sar),
    "sigfix convert db_mobilenet_v3_large --weights det.pt --tfjs -o det-web": Ran(
        doctr_scenes.samples, heavy=True
    ),
    "sigfix bundle --det db_mobilenet_v3_large --reco crnn_mobilenet_v3_small "
    "-o site/": OFFLINE_PAIR,
    "sigfix bundle --det db_mobilenet_v3_large --det-weights det.pt --reco parseq "
    "--reco-weights reco.pt --vocab german -o site/": Built(
        doctr_scenes.sample_and_german, said=READ
    ),
    "sigfix bundle --det det-web/ --reco reco-web/ -o site/": Built(
        doctr_scenes.converted_both, said=READ
    ),
    "sigfix bundle --det det-web --reco crnn_mobilenet_v3_small --reco-weights reco.pt "
    "-o site/": Built(doctr_scenes.converted_detector, said=READ),
    "sigfix convert db_mobilenet_v3_large --tfjs --bundle -o site/": OFFLINE,
    "sigfix convert crnn_mobilenet_v3_small --weights reco.pt --tfjs --bundle -o site/": Built(
        doctr_scenes.samples, said=READ
    ),
    "sigfix serve site/": Ran(places.site, 130, said="Ctrl-C stops it", until_ctrl_c=True),
    "sigfix verify model/ fixed/": Ran(scenes.signed, heavy=True),
    "sigfix verify model.onnx model_tfjs/ --tolerance 1e-4": Ran(scenes.converted_onnx, heavy=True),
    "sigfix verify model/ fixed/ --signature scores --inputs inputs.npz": Ran(
        scenes.of_scores, heavy=True
    ),
    "docker build --target inspect -t sigfix .": CONTAINERS,
    'docker run --rm --network none -v "$PWD:/work:ro" sigfix inspect --recursive .': CONTAINERS,
    "docker build -t sigfix-all .": CONTAINERS,
    'docker run --rm --network none -v "$PWD:/work" --user "$(id -u):$(id -g)" sigfix-all '
    "repair model": CONTAINERS,
}
"""A line of a shell block, without its comment -> what becomes of it."""
