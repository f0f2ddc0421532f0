"""Which operators are tables, normalise batches or steer control flow; see `effects` for more."""

from __future__ import annotations

from sigfix.describing.operators import tensorflow_operators

BATCH_NORM = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})

TABLES = frozenset({
    "HashTable", "HashTableV2", "AnonymousHashTable", "MutableHashTable", "MutableHashTableV2",
    "MutableDenseHashTable", "MutableDenseHashTableV2", "MutableHashTableOfTensors",
    "MutableHashTableOfTensorsV2",
})  # fmt: skip

FILLING = (
    "InitializeTable", "InitializeTableV2", "InitializeTableFromTextFile",
    "InitializeTableFromTextFileV2", "LookupTableImport", "LookupTableImportV2",
)  # fmt: skip
"""What fills a table when the model is loaded."""

INSERTING = frozenset({"LookupTableInsert", "LookupTableInsertV2"})
"""What adds to a table, in an initialiser or in the model itself."""

CONTROL_FLOW = frozenset({
    "Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "RefEnter", "Exit", "RefExit",
    "NextIteration", "RefNextIteration", "LoopCond", "While", "StatelessWhile", "If",
    "StatelessIf", "Case", "StatelessCase",
})  # fmt: skip

CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall", "SymbolicGradient"})


def unknown_names() -> list[str]:
    """Names above that the table of operators does not have; a test keeps this empty."""
    listed = set(FILLING) | INSERTING | BATCH_NORM | TABLES
    known = tensorflow_operators()
    return sorted(name for name in listed | CONTROL_FLOW | CALLS if name not in known)
