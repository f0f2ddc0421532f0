"""The commands: in which folder each is run, and how it ends; or why it is not run here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.doc_commands import doctr_scenes, scenes


@dataclass(frozen=True)
class Ran:
    """A command in a folder that `scene` makes; it exits with `code`. `heavy` ones run models."""

    scene: Callable[[], None]
    code: int = 0
    heavy: bool = False


@dataclass(frozen=True)
class NotRun:
    """Why a command is not run here, and what runs it, or its kind, instead."""

    why: str


DOWNLOADS = NotRun(
    "docTR downloads its weights; tests/importing/test_pretrained.py runs it offline"
)
BUILDS = NotRun("builds a whole network, minutes each; `make matrix` does for every preset")
TRAINED = NotRun("needs somebody's trained weights; tests/importing/test_checkpoints.py makes some")
BUNDLES = NotRun("two networks and a page; tests/page/test_bundle.py bundles small ones")
INSTALLS = NotRun("installs packages; tests/test_packaging.py installs what is built")
CONTAINERS = NotRun("needs docker or podman; tests/test_container.py runs it where one is")
STORES = NotRun("needs packages that are beside no others; tests/reading/test_stores.py runs it")
EXPORTED = NotRun("docTR's export of SAR, two minutes; tests/importing/test_presets.py converts it")
MAKE = NotRun("made by make; tests/test_demo.py runs the demo, tests/test_make.py asks make")
SERVES = NotRun("runs until Ctrl-C; tests/page/test_serving.py starts and stops it")
LIKE_A_PRESET = NotRun("a SavedModel of linknet; tests/repairing/test_preset_spec.py repairs one")

ROWS: dict[str, Ran | NotRun] = {
    "make demo": MAKE,
    "make test": MAKE,
    "pip install .": INSTALLS,
    "pip install '.[all]'": INSTALLS,
    "pip install '.[remote]'": INSTALLS,
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
    "sigfix inspect gs://bucket/models/ranker/3": STORES,
    "sigfix inspect s3://bucket/net.onnx hf://somebody/model/saved_model.pb": STORES,
    "sigfix inspect --recursive gs://bucket/models --jobs 8": STORES,
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
    "sigfix repair model/ --preset linknet_resnet18": LIKE_A_PRESET,
    "sigfix repair --preset crnn_vgg16_bn": DOWNLOADS,
    "sigfix repair --preset crnn_vgg16_bn --weights my.pt": TRAINED,
    "sigfix repair --preset parseq --weights my.pt --vocab german": TRAINED,
    "sigfix repair --preset linknet_resnet18 --size 512": DOWNLOADS,
    "sigfix repair --preset crnn_vgg16_bn --normalize preset": DOWNLOADS,
    "sigfix repair --preset crnn_vgg16_bn --weights random --seed 1 --keep-onnx": BUILDS,
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
    "sigfix convert crnn_vgg16_bn --tfjs": DOWNLOADS,
    "sigfix convert sar.onnx --preset sar_resnet31 --tfjs": EXPORTED,
    "sigfix convert db_mobilenet_v3_large --weights det.pt --tfjs -o det-web": Ran(
        doctr_scenes.samples, heavy=True
    ),
    "sigfix bundle --det db_mobilenet_v3_large --reco crnn_mobilenet_v3_small -o site/": BUNDLES,
    "sigfix bundle --det fast_base --det-weights det.pt --reco parseq --reco-weights reco.pt "
    "--vocab german -o site/": BUNDLES,
    "sigfix bundle --det det-web/ --reco reco-web/ -o site/": BUNDLES,
    "sigfix bundle --det det-web --reco crnn_mobilenet_v3_small --reco-weights reco.pt "
    "-o site/": BUNDLES,
    "sigfix convert db_mobilenet_v3_large --tfjs --bundle -o site/": BUNDLES,
    "sigfix convert crnn_mobilenet_v3_small --weights reco.pt --tfjs --bundle -o site/": BUNDLES,
    "sigfix serve site/": SERVES,
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
