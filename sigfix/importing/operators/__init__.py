"""ONNX operators, expressed in TensorFlow's.

Importing this package registers them. Each family is a module; each operator is a function from
a `Node` and its input tensors to its output tensors, all in ONNX's own layout (NCHW). Kernels
work in NHWC; `layout.py` explains how the transposes between the two disappear.
"""

import sigfix.importing.operators.activations
import sigfix.importing.operators.constants
import sigfix.importing.operators.convolution
import sigfix.importing.operators.einsum
import sigfix.importing.operators.elementwise
import sigfix.importing.operators.indexing
import sigfix.importing.operators.linear
import sigfix.importing.operators.loops
import sigfix.importing.operators.normalization
import sigfix.importing.operators.padding
import sigfix.importing.operators.pooling
import sigfix.importing.operators.quantisation
import sigfix.importing.operators.quantised_products
import sigfix.importing.operators.rearranging
import sigfix.importing.operators.recurrent
import sigfix.importing.operators.reductions
import sigfix.importing.operators.regions
import sigfix.importing.operators.reshaping
import sigfix.importing.operators.resize
import sigfix.importing.operators.sampling
import sigfix.importing.operators.selection
import sigfix.importing.operators.shape
import sigfix.importing.operators.slicing
import sigfix.importing.operators.spectra
import sigfix.importing.operators.suppression
import sigfix.importing.operators.transposed_convolution
import sigfix.importing.operators.unpooling  # noqa: F401
