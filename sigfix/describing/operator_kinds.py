"""Which operators are random, change state, reach outside the process, or steer control flow."""

from __future__ import annotations

from sigfix.describing.operators import tensorflow_operators

BATCH_NORM = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})

PYTHON_FUNCTIONS = frozenset({"PyFunc", "PyFuncStateless", "EagerPyFunc"})

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

RANDOM = frozenset({
    "RandomUniform", "RandomUniformInt", "RandomStandardNormal",
    "TruncatedNormal", "ParameterizedTruncatedNormal", "RandomShuffle", "RandomGamma",
    "RandomGammaGrad", "RandomPoisson", "RandomPoissonV2", "Multinomial", "RandomCrop",
    "StatefulStandardNormal", "StatefulStandardNormalV2", "StatefulTruncatedNormal",
    "StatefulUniform", "StatefulUniformInt", "StatefulUniformFullInt", "StatefulRandomBinomial",
})  # fmt: skip

STATE_CHANGING = frozenset({
    "Assign", "AssignAdd", "AssignSub", "AssignVariableOp", "AssignAddVariableOp",
    "AssignSubVariableOp", "ScatterAdd", "ScatterUpdate", "ScatterSub", "ScatterNdUpdate",
    "ScatterNdAdd", "ResourceScatterUpdate", "ResourceScatterAdd", "ResourceScatterSub",
    "ResourceScatterNdUpdate", "ResourceScatterNdAdd", "ResourceStridedSliceAssign",
    "CountUpTo", "ResourceCountUpTo", "LookupTableInsert", "LookupTableInsertV2",
    "ApplyGradientDescent", "ApplyAdam", "ApplyMomentum", "ApplyAdagrad", "ApplyRMSProp",
    "ResourceApplyGradientDescent", "ResourceApplyAdam", "ResourceApplyMomentum",
    "ResourceApplyKerasMomentum", "ResourceApplyAdagrad", "ResourceApplyAdagradV2",
    "ResourceApplyRMSProp", "ResourceApplyFtrl", "ResourceApplyFtrlV2",
})  # fmt: skip

SYSTEM = frozenset({
    "ReadFile", "WriteFile", "MatchingFiles", "ShardedFilename", "ShardedFilespec",
    "SaveV2", "Save", "SaveSlices", "RestoreV2", "Restore", "RestoreSlice",
    "MergeV2Checkpoints", "FileSystemSetConfiguration", "WriteSummary",
    "CreateSummaryFileWriter", "CreateSummaryDbWriter", "ImportEvent", "FlushSummaryWriter",
    "WholeFileReader", "WholeFileReaderV2", "TextLineReader", "TextLineReaderV2",
    "TFRecordReader", "TFRecordReaderV2", "FixedLengthRecordReader", "FixedLengthRecordReaderV2",
    "LMDBReader", "LMDBDataset", "TextLineDataset", "TFRecordDataset", "TFRecordDatasetV2",
    "FixedLengthRecordDataset", "FixedLengthRecordDatasetV2", "SqlDataset", "CSVDataset",
    "CSVDatasetV2", "SaveDataset", "SaveDatasetV2", "LoadDataset", "SnapshotDataset",
    "SnapshotDatasetV2", "CacheDataset", "RemoteCall", "RpcCall", "RpcServer", "RpcClient",
    "DataServiceDataset", "DataServiceDatasetV2", "DataServiceDatasetV3", "DataServiceDatasetV4",
    "MatchingFilesDataset",
})  # fmt: skip

CONTROL_FLOW = frozenset({
    "Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "RefEnter", "Exit", "RefExit",
    "NextIteration", "RefNextIteration", "LoopCond", "While", "StatelessWhile", "If",
    "StatelessIf", "Case", "StatelessCase",
})  # fmt: skip

CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall", "SymbolicGradient"})


def unknown_names() -> list[str]:
    """Names above that the table of operators does not have; a test keeps this empty."""
    listed = (
        set(FILLING) | BATCH_NORM | PYTHON_FUNCTIONS | TABLES | RANDOM | STATE_CHANGING | SYSTEM
    )
    known = tensorflow_operators()
    return sorted(name for name in listed | CONTROL_FLOW | CALLS if name not in known)
