"""Which operators are tables, normalise batches or steer control flow; see `effects` for more."""

from __future__ import annotations

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

ASYNCHRONOUS = CONTROL_FLOW | {
    "NonMaxSuppressionV2", "NonMaxSuppressionV3", "NonMaxSuppressionV5", "Where", "HashTable",
    "HashTableV2", "LookupTableImport", "LookupTableImportV2", "LookupTableFind",
    "LookupTableFindV2", "LookupTableSize", "LookupTableSizeV2",
}  # fmt: skip
"""What TensorFlow.js runs by `executeAsync` alone (tfjs-converter 4.22, model_analysis)."""

CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall", "SymbolicGradient"})
