"""The bundle of both sample models, made once."""

from __future__ import annotations

from pathlib import Path

from tests.documents.reading import DETECTOR, RECOGNISER, weights_of


def make_site(folder: Path) -> Path:
    """Write it as `sigfix bundle` does."""
    from sigfix.pipeline.bundle import bundle
    from sigfix.pipeline.bundle_models import BundleOptions, Part
    from sigfix.pipeline.preset_options import PresetOptions

    parts = {
        task: Part(name, PresetOptions(str(weights_of(name))))
        for task, name in (("detection", DETECTOR), ("recognition", RECOGNISER))
    }
    bundle(BundleOptions(parts), folder, say=lambda text: print(text, flush=True))
    return folder


def site_in(cache: Path) -> Path:
    """The bundle in a folder of what was measured, made where it is not there."""
    site = cache / "site"
    return site if site.is_dir() else make_site(site)
