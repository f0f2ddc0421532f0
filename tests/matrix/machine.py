"""What a measurement was made on, without the machine's name: date, processor, memory, versions."""

from __future__ import annotations

import datetime
import os
import platform
from importlib.metadata import version
from pathlib import Path

from sigfix.errors import NotVerifiedError
from sigfix.verifying.runners.node import find_node
from tests.browsers import CHROMIUM, version_of

PACKAGES = (
    "tensorflow", "tensorflowjs", "onnx", "onnx-tf", "onnxslim", "onnxruntime", "torch",
    "python-doctr",
)  # fmt: skip


def describe_machine() -> list[str]:
    """Lines for the head of a page: the date, the hardware, the versions."""
    try:
        node = f"Node.js {find_node().version}"
    except NotVerifiedError:
        node = "no Node.js"
    try:
        chromium = version_of(CHROMIUM)
    except RuntimeError:
        chromium = "no Chromium"
    versions = [f"{name} {version(name)}" for name in PACKAGES]
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    setting = os.environ.get("TF_ENABLE_ONEDNN_OPTS")
    chosen = f"={setting}" if setting else "those that TensorFlow chooses"
    return [
        f"Measured on {today}, on {os.cpu_count()} cores of {processor()} with {memory()} of "
        "memory, which other work shared.",
        "The SavedModel ran with TensorFlow's own kernels and with oneDNN's "
        f"(TF_ENABLE_ONEDNN_OPTS=0 and =1), all else with {chosen}.",
        f"Python {platform.python_version()}, {node}, {chromium}, {', '.join(versions)}.",
    ]


def processor() -> str:
    """The processor's model as the system names it."""
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def memory() -> str:
    """The memory of the machine."""
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemTotal:"):
            return f"{round(int(line.split()[1]) / 2**20)} GiB"
    return "an unknown amount"


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []
