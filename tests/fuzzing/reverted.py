"""Defences of sigfix that are taken out again, one at a time: the fuzzer must notice each.

Every entry of `REVERTED` is an edit of sigfix's source that puts a mended fault back. Try one:
python -m tests.fuzzing.reverted NAME SEED COUNT FOLDER. Inputs are made until one shows the fault;
what it is goes to standard output as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType


@dataclass(frozen=True)
class Reverted:
    """A defence: where it is (`module`), its source text `old`, and what is there without it.

    `kind` are the files that it is for, `inputs` within how many of them the fault must show, and
    `shows` what the fuzzer says then (a regular expression).
    """

    name: str
    kind: str
    inputs: int
    shows: str
    module: str
    old: str
    new: str


REVERTED = (
    Reverted(
        "any number of shards", "index", 500, "Expired|MemoryError|characters",
        "sigfix.reading.bundle", "range(min(count, _MOST_SHARDS))", "range(max(count, 0))",
    ),
    Reverted(
        "blocks that repeat one another", "index", 1500, "Expired|MemoryError|characters",
        "sigfix.reading.bundle", "if packed > len(data):", "if False:",
    ),
    Reverted(
        "a number of more than 64 bits", "index", 2000, "^error: |struct",
        "sigfix.wire", "if value >> 64:", "if False:",
    ),
    Reverted(
        "a copy of snappy's from nowhere", "index", 1000, "ZeroDivisionError",
        "sigfix.reading.snappy", "if not 0 < offset <= len(out):", "if offset > len(out):",
    ),
    Reverted(
        "a shard that there is not", "index", 500, "KeyError",
        "sigfix.reading.bundle", "if tensor.shard not in needed or", "if",
    ),
    Reverted(
        "a tar member of a size below zero", "tar", 1000, "Expired|MemoryError",
        "sigfix.reading.archives", "if member.size < 0:", "if False:",
    ),
    Reverted(
        "an archive that unpacks without end", "xz", 500, "Expired|MemoryError",
        "sigfix.reading.archives", "if member.offset_data + member.size > most:", "if False:",
    ),
    Reverted(
        "errors that are no ValueError", "gz", 500, "zlib|EOFError|tarfile|BadGzip",
        "sigfix.reading.boundary", "except Exception as error:",
        "except (ValueError, OSError) as error:",
    ),
    Reverted(
        "errors of zip files", "keras", 500, "zlib|LZMA|BadZip|RuntimeError|NotImplemented",
        "sigfix.reading.boundary", "except Exception as error:",
        "except (ValueError, OSError) as error:",
    ),
    Reverted(
        "a configuration that unpacks without end", "keras", 500, "Expired|MemoryError",
        "sigfix.reading.keras", "if archive.getinfo(name).file_size > LARGEST_CONFIG:", "if False:",
    ),
    Reverted(
        "a layer that is no object", "keras", 500, "AttributeError|TypeError",
        "sigfix.reading.keras_config", "for layer in found if isinstance(layer, dict)]",
        "for layer in found]",
    ),
    Reverted(
        "errors of h5py", "h5", 500, "Error",
        "sigfix.reading.hdf5_child", "except Exception as error:", "except OSError as error:",
    ),
    Reverted(
        "weights without a model", "h5", 500, "TypeError",
        "sigfix.reading.keras", "if text is None:", "if False:",
    ),
    Reverted(
        "HDF5 that is read without end", "h5", 2000, "Expired",
        "sigfix.reading.hdf5_child", "resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))",
        "pass",
    ),
    Reverted(
        "a weight file that is a link out", "tfjs", 1000, "outside the model",
        "sigfix.reading.files", 'if found == "a file" and leads_out(folder / name, folder):',
        "if False:",
    ),
    Reverted(
        "external data that is a link out", "onnx", 1500, "outside the model",
        "sigfix.reading.files", 'if found == "a file" and leads_out(folder / name, folder):',
        "if False:",
    ),
    Reverted(
        "a folder that is a link out", "pb", 500, "outside the model|secret",
        "sigfix.reading.directory", "if entry.is_symlink() and leads_out(path, self.root):",
        "if False:",
    ),
    Reverted(
        "a pipe in the place of a file", "tfjs", 1000, "which is no file",
        "sigfix.reading.files",
        'return "a file" if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "no plain file")',
        'return "a file"',
    ),
    Reverted(
        "a type that no tensor has", "frozen", 1000, "plan",
        "sigfix.planning.soundness", "if dtype not in DTYPES:", "if False:",
    ),
    Reverted(
        "a node without a name", "frozen", 1500, "KeyError",
        "sigfix.describing.candidates",
        "return bool(node.name) and node_of(node.name) == node.name", "return True",
    ),
    Reverted(
        "a shape that is none", "pb", 1000, "TypeError",
        "sigfix.model.specs",
        "if isinstance(value, tuple) and all(size is None or type(size) is int for size in value):",
        "if value is not None:",
    ),
    Reverted(
        "digits that are no number", "pb", 2000, "ValueError: invalid literal",
        "sigfix.diagnosis.checks.container",
        "if part.isdecimal() and len(part) < 10)", "if part.isdigit() and len(part) < 10)",
    ),
    Reverted(
        "an index of thousands of digits", "pb", 2000, "ValueError: Exceeds",
        "sigfix.model.graph",
        "if index.isdecimal() and len(index) < 10 else 0", "if index.isdecimal() else 0",
    ),
    Reverted(
        "control characters in a report", "pb", 1000, "reached the output",
        "sigfix.rendering.inspection_text",
        "shortened(printable(place + item.message), 600)", "shortened(place + item.message, 600)",
    ),
    Reverted(
        "control characters in JSON", "pb", 1000, "reached the output",
        "sigfix.rendering.json_text",
        "return match[0] if match[0].isprintable() else json_escaped(match[0])", "return match[0]",
    ),
    Reverted(
        "a command that is not quoted", "pb", 1000, "command",
        "sigfix.diagnosis.rule",
        'Command(" ".join(["sigfix repair", quote_path(path), *map(quote, options)]))',
        'Command(" ".join(["sigfix repair", str(path), *options]))',
    ),
    Reverted(
        "a graph that goes round", "frozen", 2000, "Expired|MemoryError",
        "sigfix.describing.training_graph",
        "            if node.name not in found and node.name not in but:",
        "            if node.name not in but:",
    ),
    Reverted(
        "signatures listed once for each", "grown", 60, "Expired",
        "sigfix.model.saved_model", "@cached_property\n    def user_signatures",
        "@property\n    def user_signatures",
    ),
    Reverted(
        "paths of any length", "grown", 60, "Expired|MemoryError|characters",
        "sigfix.reading.objects",
        "if len(prefix) + len(child.local_name) > LONGEST_PATH:", "if False:",
    ),
    Reverted(
        "a broken source taken for a fault of sigfix", "pb", 2000, "to blame",
        "sigfix.pipeline.applying", "    refuse_broken_source(described, decided)\n", "",
    ),
    Reverted(
        "graphs inside graphs without end", "onnx", 2000, "RecursionError",
        "sigfix.reading.onnx_tensors", "if depth > _DEEPEST:", "if False:",
    ),
)  # fmt: skip


class _Loader(SourceFileLoader):
    """Compiles a module's file with the edit in it."""

    edit: Reverted

    def get_code(self, fullname: str) -> CodeType:
        text = Path(self.path).read_text(encoding="utf-8")
        if text.count(self.edit.old) != 1:
            raise ValueError(f"{self.edit.name}: {fullname} has no longer {self.edit.old!r}, once")
        return compile(text.replace(self.edit.old, self.edit.new), self.path, "exec")


class _Finder(PathFinder):
    """Finds the one module whose source is edited."""

    edit: Reverted

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != cls.edit.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None and spec.origin is not None
        spec.loader = _Loader(fullname, spec.origin)
        spec.loader.edit = cls.edit
        return spec


def take_out(edit: Reverted) -> None:
    """Let the module be imported without its defence; it must not have been yet."""
    assert edit.module not in sys.modules
    _Finder.edit = edit
    sys.meta_path.insert(0, _Finder)  # type: ignore[arg-type]


def main() -> None:
    name, seed, count, folder = sys.argv[1:]
    edit = next(item for item in REVERTED if item.name == name)
    take_out(edit)
    from tests.fuzzing.worker import Worker, limit_memory

    worker = Worker(int(seed), Path(folder).absolute(), edit.kind)
    limit_memory()
    worker.run(int(count), until_fault=True)
    print(json.dumps(worker.report(int(count))))


if __name__ == "__main__":
    main()
