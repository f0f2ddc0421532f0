"""The table of networks: of torchvision, and small ones as timm and transformers have them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from tests.onnx_models.exporting import Given, Network


def _torchvision(name: str, **options: Any) -> Callable[[], Any]:
    def build() -> Any:
        import torchvision

        parts = name.split(".")
        source = torchvision.models
        for part in parts[:-1]:
            source = getattr(source, part)
        return getattr(source, parts[-1])(weights=None, **options)

    return build


def _own(module: str, name: str, **options: Any) -> Callable[[], Any]:
    def build() -> Any:
        return getattr(import_module(f"tests.onnx_models.{module}"), name)(**options)

    return build


_BACKBONE = {"weights_backbone": None, "num_classes": 5}
_ROWS: tuple[tuple[str, Callable[[], Any], int], ...] = (
    ("alexnet, its features", _own("networks", "alexnet"), 64),
    ("vgg11_bn, its features", _own("networks", "vgg"), 32),
    ("resnet18", _torchvision("resnet18"), 64),
    ("resnext50_32x4d", _torchvision("resnext50_32x4d"), 32),
    ("mobilenet_v3_large", _torchvision("mobilenet_v3_large"), 64),
    ("densenet121", _torchvision("densenet121"), 32),
    ("squeezenet1_1", _torchvision("squeezenet1_1"), 64),
    ("googlenet", _torchvision("googlenet", aux_logits=False, init_weights=False), 64),
    ("inception_v3", _torchvision("inception_v3", aux_logits=False, init_weights=False), 96),
    ("mobilenet_v2", _torchvision("mobilenet_v2"), 64),
    ("mobilenet_v3_small", _torchvision("mobilenet_v3_small"), 64),
    ("shufflenet_v2_x0_5", _torchvision("shufflenet_v2_x0_5"), 64),
    ("mnasnet0_5", _torchvision("mnasnet0_5"), 64),
    ("efficientnet_b0", _torchvision("efficientnet_b0"), 64),
    ("regnet_y_400mf", _torchvision("regnet_y_400mf"), 64),
    ("convnext_tiny", _torchvision("convnext_tiny"), 64),
    ("vit_b_16, small", _own("networks", "vit"), 32),
    ("swin_t, small", _own("networks", "swin"), 32),
    ("swin_v2_t, small", _own("networks", "swin_v2"), 32),
    ("maxvit_t, small", _own("networks", "maxvit"), 64),
    (
        "lraspp_mobilenet_v3_large",
        _torchvision("segmentation.lraspp_mobilenet_v3_large", **_BACKBONE),
        64,
    ),
    ("fcn_resnet50", _torchvision("segmentation.fcn_resnet50", **_BACKBONE), 32),
    ("deeplabv3_mobilenet", _torchvision("segmentation.deeplabv3_mobilenet_v3_large", **_BACKBONE),
     64),
    ("convnext-like", _own("networks", "Convnext"), 32),
    ("mobilevit-like", _own("networks", "MobileVit"), 32),
    ("mixer-like", _own("networks", "Mixer"), 32),
    ("efficientformer-like", _own("networks", "PoolFormer"), 32),
    ("ghostnet-like", _own("networks", "Ghost"), 32),
    ("repvgg-like", _own("networks", "RepVgg"), 32),
    ("crossvit-like, two branches", _own("networks", "Cross"), 32),
    ("unet-like", _own("networks", "Unet"), 32),
    ("efficientnet_v2_s", _torchvision("efficientnet_v2_s"), 32),
)  # fmt: skip

_IDS = Given("input_ids", ("batch", "tokens"), "ids")
_MASK = Given("attention_mask", ("batch", "tokens"), "mask")
_KINDS = Given("token_type_ids", ("batch", "tokens"), "kinds")
_IMAGE = Given("pixel_values", ("batch", 3, 32, 32))
_PAST = tuple(Given(name, ("batch", 3, "past", 8)) for name in ("past_key", "past_value"))
_TEXTS: tuple[tuple[str, Callable[[], Any], tuple[Given, ...]], ...] = (
    ("BERT-like", _own("texts", "Bert"), (_IDS, _MASK, _KINDS)),
    ("BERT-like, eager attention", _own("texts", "Bert", fused=False), (_IDS, _MASK, _KINDS)),
    ("RoBERTa-like, mean of tokens", _own("texts", "Roberta"), (_IDS, _MASK)),
    ("DistilBERT-like, questions", _own("texts", "Distilbert"), (_IDS, _MASK)),
    ("DeBERTa-like", _own("texts", "Deberta"), (_IDS, _MASK)),
    ("T5-like, encoder", _own("texts", "T5"), (_IDS, _MASK)),
    ("GPT-2-like", _own("texts", "Gpt2"), (_IDS,)),
    ("Llama-like", _own("texts", "Llama"), (_IDS, _MASK)),
    ("GPT-like, keys and values of before", _own("texts", "Cached"), (_IDS, *_PAST)),
    (
        "BART-like, decoder",
        _own("texts", "Decoder"),
        (_IDS, Given("encoder_hidden_states", ("batch", "seen", 24))),
    ),
    ("Longformer-like, near tokens", _own("texts", "Local"), (_IDS,)),
    ("encoder of torch.nn", _own("networks", "Encoder"), (_IDS,)),
    ("ViT-like", _own("seeing", "Vit"), (_IMAGE,)),
    ("ViT-like, eager attention", _own("seeing", "Vit", fused=False), (_IMAGE,)),
    ("CLIP-like", _own("seeing", "Clip"), (_IDS, _IMAGE)),
    ("SegFormer-like", _own("seeing", "Segformer"), (_IMAGE,)),
    ("DETR-like", _own("seeing", "Detr"), (_IMAGE,)),
    ("Swin-2-like", _own("seeing", "Swin2"), (_IMAGE,)),
    ("wav2vec-like", _own("seeing", "Wav2vec"), (Given("input_values", ("batch", "samples")),)),
    ("Whisper-like, encoder", _own("seeing", "Whisper"), (Given("input_features", (1, 10, 24)),)),
)  # fmt: skip

VISION = tuple(
    Network(name, build, (Given("x", ("batch", 3, side, side)),), 11 + place % 10)
    for place, (name, build, side) in enumerate(_ROWS)
)
"""Each is exported at another opset."""
TRANSFORMERS = tuple(
    Network(name, build, given, 14 + place % 7) for place, (name, build, given) in enumerate(_TEXTS)
)
"""PyTorch's attention is exported from opset 14 on."""
NETWORKS = (*VISION, *TRANSFORMERS)
