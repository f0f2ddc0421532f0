"""What `sigfix convert` makes of Keras models of every kind of layer, as `docs/keras.md`.

`python -m tests.keras_zoo [NAME ...]` takes half a minute for each model; what was measured is
kept in .matrix/keras/, and the page is made of all that is there. `--form export` measures one of
the four ways to save.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.environments import ROOT
from tests.keras_zoo.measuring import FORMS, LIBRARIES, ROWS, Result, measure

PAGE = ROOT / "docs" / "keras.md"
CACHE = ROOT / ".matrix" / "keras"
HEAD = """# Keras models in TensorFlow.js

Made by `python -m tests.keras_zoo`: small models of every kind of Keras layer
(`tests/keras_zoo/`), of Keras 2 (tf_keras) and Keras 3, each saved in four ways and converted by
`sigfix convert MODEL --tfjs`. Right means that TensorFlow.js computes on its cpu and its wasm
backend what Keras itself does, to 1e-4 of an output's range (3e-3 where the model computes with
float16), on inputs and by a comparison of the table's own (a sample of them sigfix has to verify
as well: `tests/keras_zoo/test_zoo.py`). `same`: the operators, how they are connected, and the
weights are bit for bit those of a form of the row that was run. `async` needs `executeAsync`.
`cut`: refused, and verified by sigfix once the command that the refusal prints was followed,
which cuts off what TensorFlow.js cannot do. A dash: this Keras has no such layer, or does not
save it so; an empty cell was not measured. Wrong is what `--no-verify` wrote.

"""
TITLES = (".keras", ".h5", "model.export", "tf.saved_model.save")


def main() -> int:
    """Measure, write the page; 1 where a model is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.keras_zoo")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *ROWS], default=[])
    parser.add_argument("--form", action="append", choices=FORMS, help="only these")
    given = parser.parse_args()
    names = given.names
    CACHE.mkdir(parents=True, exist_ok=True)
    for name in names or ROWS:
        for library in LIBRARIES:
            folder = Path(tempfile.mkdtemp())
            found = measure(name, library, folder, given.form or FORMS)
            shutil.rmtree(folder, ignore_errors=True)
            stored = {form: dataclasses.asdict(result) for form, result in found.items()}
            file = CACHE / f"{name}-{library}.json"
            before = json.loads(file.read_text("utf-8")) if file.exists() else {}
            file.write_text(json.dumps({**before, **stored}), "utf-8")
            print(
                name,
                library,
                *(f"{r.verdict} {r.detail[:300]}" for r in found.values()),
                sep="\n  ",
                flush=True,
            )
    PAGE.write_text(page(), "utf-8")
    return 1 if "wrong" in PAGE.read_text("utf-8") else 0


def page() -> str:
    """The whole document, of what is in the cache."""
    lines, counts = [], Counter[str]()
    reasons: dict[str, list[str]] = {}
    for name in ROWS:
        for library in LIBRARIES:
            file = CACHE / f"{name}-{library}.json"
            if not file.exists():
                continue
            found = {form: Result(**item) for form, item in json.loads(file.read_text()).items()}
            counts.update(item.verdict for item in found.values())
            cells = " | ".join(_cell(found.get(form)) for form in FORMS)
            lines.append(f"| {name} | {library} | {cells} |")
            for form, item in found.items():
                if item.verdict in ("refused", "cut"):
                    way = f" Way on: `{item.hint}`" if item.hint else ""
                    said = f"{item.detail}{way}"
                    reasons.setdefault(said, []).append(f"{name} ({library}, {form})")
    asked = sum(counts[kind] for kind in ("right", "cut", "refused", "wrong"))
    share = 100 * counts["right"] / max(asked, 1)
    text = [
        HEAD,
        f"{counts['right']} of {asked} are right ({share:.1f} %), {counts['cut']} are cut, "
        f"{counts['refused']} are refused, {counts['wrong']} are wrong.\n\n",
        f"| model | library | {' | '.join(TITLES)} |\n|---|---|---|---|---|---|\n",
        "\n".join(lines),
        "\n\n## What is refused, and the way on\n\n",
        *(f"- {', '.join(where)}: {said}\n" for said, where in reasons.items()),
    ]
    return "".join(text)


def _cell(item: Result | None) -> str:
    if item is None:
        return ""
    if item.verdict == "unsaved":
        return "-"
    if item.verdict != "right":
        return item.verdict
    return f"{'same' if item.same else 'right'} {item.detail}".strip(" ,")


if __name__ == "__main__":
    sys.exit(main())
