"""Messages of ONNX Runtime, onnx-tf, PyTorch's exporter and docTR's checkpoints."""

from __future__ import annotations

from sigfix.diagnosis.messages.row import KnownMessage

IMPORT = (
    "`sigfix repair FILE.onnx` imports it without onnx-tf, and names each operator that it "
    "cannot express."
)

ROWS = (
    KnownMessage(
        "onnx-tf",
        r"BackendIsNotSupposedToImplementIt|OpUnsupportedException"
        r"|is not supported in Tensorflow\.",
        (),
        "onnx-tf cannot express an operator of the ONNX file, or this form of it.",
        IMPORT,
    ),
    KnownMessage(
        "onnxruntime-web",
        r"cannot resolve operator ['\"]?\w+['\"]? with opsets",
        (),
        "The webgl backend of onnxruntime-web has no such operator.",
        "Use its wasm backend, or `sigfix convert FILE.onnx --tfjs` for TensorFlow.js.",
    ),
    KnownMessage(
        "onnxruntime-web",
        r"no available backend found",
        (),
        "The runtime's own .wasm files did not arrive (3c 21 44 4f is the beginning of a web "
        "page), or the browser lacks WebGPU.",
        "Set ort.env.wasm.wasmPaths to where they are served; the model is not at fault.",
    ),
    KnownMessage(
        "onnxruntime-web",
        r"unsupported data type: FLOAT16",
        (),
        "The webgl backend of onnxruntime-web does not compute float16.",
        "Export the model in float32, or use the wasm or webgpu backend.",
    ),
    KnownMessage(
        "ONNX Runtime",
        r"Invalid Feed Input Name|Invalid Output Name|ONNXRuntimeError.*Invalid (?:in|out)put name",
        (),
        "The call names an input or output that the model does not have.",
        "`sigfix inspect FILE.onnx` lists the names that it has.",
    ),
    KnownMessage(
        "ONNX Runtime",
        r"Got invalid dimensions for input|Invalid rank for input: "
        r"|Unexpected input data type\. Actual",
        (),
        "An input has another shape or dtype than the model declares.",
        "`sigfix inspect FILE.onnx` lists them; `sigfix repair FILE.onnx --input "
        "'x=float32[?,3,224,224]'` makes a SavedModel with sizes of your own.",
    ),
    KnownMessage(
        "ONNX Runtime",
        r"INVALID_PROTOBUF|Protobuf parsing failed",
        ("CON214", "CON211"),
        "The file is no ONNX file: it is damaged, cut off, a Git-LFS pointer, or of another kind.",
        "`sigfix inspect FILE.onnx` says which.",
    ),
    KnownMessage(
        "ONNX Runtime",
        r"NOT_IMPLEMENTED ?: ?Could not find an implementation for|is not a registered function/op",
        (),
        "This runtime has no kernel for an operator of the model.",
        "Use a newer runtime, or the one with the operator's library. " + IMPORT,
    ),
    KnownMessage(
        "ONNX Runtime, onnx",
        r"Unsupported model IR version|max supported IR version|domain ai\.onnx is till opset"
        r"|IR version < 3 cannot have opset_import",
        (),
        "The file is of another version of ONNX than this program reads.",
        "Use a newer runtime, or write it anew with onnx.version_converter. `sigfix inspect "
        "FILE.onnx` says the opset.",
    ),
    KnownMessage(
        "PyTorch",
        r"Failed to export an ONNX attribute|Exporting the operator ['\"]?\S+ to ONNX opset"
        r"|Unsupported: ONNX export of",
        (),
        "PyTorch cannot write a part of the model as ONNX. There is no model for sigfix yet.",
        "Where it is one of docTR's: `sigfix repair --preset crnn_vgg16_bn` builds it in a form "
        "that exports; `sigfix presets` lists them.",
    ),
    KnownMessage(
        "PyTorch",
        r"Error\(s\) in loading state_dict for|size mismatch for \S+: copying a param",
        (),
        "The checkpoint is of another model, or of one with another number of classes: for a "
        "recogniser that is the vocabulary.",
        "Of a docTR checkpoint: `sigfix repair --preset crnn_vgg16_bn --weights FILE.pt --dry-run` "
        "says whose it is, and which vocabularies have its size (--vocab).",
    ),
)
