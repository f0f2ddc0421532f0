"""MASTER's global context in the form in which it is exported, against docTR's own."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("doctr")


@pytest.mark.parametrize(("heads", "scaled"), [(8, True), (4, False), (1, True)])
def test_gives_what_doctrs_gives(heads: int, scaled: bool) -> None:
    from doctr.models.classification.magc_resnet.pytorch import MAGC
    from torch import nn

    from sigfix.importing.exportable.global_context import GlobalContext, with_global_context

    torch.manual_seed(3)
    model = nn.Sequential(nn.Identity(), MAGC(32, heads, attn_scale=scaled, ratio=0.25)).eval()
    exported = with_global_context(model)
    assert isinstance(exported[1], GlobalContext)
    assert isinstance(model[1], MAGC)
    images = torch.randn(3, 32, 4, 6) * 20  # scores so large that exp alone would overflow
    with torch.inference_mode():
        torch.testing.assert_close(exported(images), model(images), rtol=1e-5, atol=1e-4)


def test_a_model_without_it_is_itself() -> None:
    from torch import nn

    from sigfix.importing.exportable.global_context import with_global_context

    model = nn.Sequential(nn.Identity())
    assert with_global_context(model) is model
