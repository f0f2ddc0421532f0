"""Repair of a large model against a bare `tf.saved_model.load` and `save` of it.

Every measurement is a process of its own; memory is the peak of that process or its children.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.bench.ratio import Ratio

_MEASURE = """
import json, resource, sys, time
start = time.perf_counter()
{code}
seconds = time.perf_counter() - start
peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF,
                                                         resource.RUSAGE_CHILDREN))
print(json.dumps([seconds, peak / 1024]))
"""
_SAVE = """
import tensorflow as tf
class Module(tf.Module):
    def __init__(self):
        super().__init__()
        self.weights = [tf.Variable(tf.random.normal([5000, 5000])) for _ in range({count})]
    @tf.function
    def __call__(self, x):
        for weight in self.weights:
            x = tf.matmul(x, weight) / 100.0
        return x
module = Module()
concrete = module.__call__.get_concrete_function(tf.TensorSpec([None, 5000], tf.float32))
tf.saved_model.save(module, {path!r})
tf.saved_model.save(module, {signed!r}, signatures={{"predict": concrete}})
"""
_BARE = """
import tensorflow as tf
tf.saved_model.save(tf.saved_model.load({path!r}), {out!r})
"""
_REPAIR = """
from pathlib import Path
from sigfix import RepairOptions, repair
repair({path!r}, Path({out!r}), None, RepairOptions(verify={verify}))
"""
_EDIT = """
from pathlib import Path
from sigfix import plan
from sigfix.reading import load_message
from sigfix.repairing.apply import edit_message
message, _ = load_message(Path({path!r}))
edit_message(message, plan({path!r}))
message.SerializeToString(deterministic=True)
"""


def measure(temporary: Path, megabytes: int = 500) -> list[Ratio]:
    """Time and peak memory of a repair, compared or not, and of an alias, copied or not."""
    path, signed = str(temporary / "model"), str(temporary / "signed")
    _run(_SAVE, path=path, signed=signed, count=max(1, megabytes // 100))
    bare, bare_peak = _run(_BARE, path=path, out=str(temporary / "bare"))
    found = []
    for name, code, values, aim in (
        ("repair, not compared", _REPAIR, {"path": path, "verify": False}, 1.2),
        ("repair, compared", _REPAIR, {"path": path, "verify": True}, 3.0),
        ("alias, with the copy", _REPAIR, {"path": signed, "verify": False}, 1.0),
        ("alias, without the copy", _EDIT, {"path": signed}, 1 / 20),
    ):
        seconds, peak = _run(code, **values, out=str(temporary / name.replace(" ", "_")))
        title = f"{name}, {megabytes} MB"
        found.append(Ratio(title, "bare load and save", seconds, bare, aim))
        if name == "repair, not compared":
            title = f"{title}, peak memory"
            memory = Ratio(title, "bare load and save", peak / 1e3, bare_peak / 1e3, 1.3, "MB")
            found.append(memory)
    return found


def _run(code: str, **values: object) -> tuple[float, float]:
    """Seconds and peak megabytes (its children's included) of a fresh process that runs `code`."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE.format(code=code.format(**values))],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, peak = json.loads(done.stdout.splitlines()[-1])
    return seconds, peak
