"""How a person mends a SavedModel with TensorFlow alone: each takes what there is, and saves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Hand = Callable[[Path, Path], None]
"""Reads the model at the first path, and saves it with a signature at the second."""


def _part(model: Any, path: str) -> Any:
    for name in path.split("."):
        model = getattr(model, name)
    return model


def traced(
    path: str, *shapes: tuple[int | None, ...], dtype: str = "float32", **given: Any
) -> Hand:
    """A trace of the function at `path`, for tensors of these shapes and other arguments."""

    def save(source: Path, target: Path) -> None:
        import tensorflow as tf

        model = tf.saved_model.load(str(source))
        specs = [tf.TensorSpec(shape, dtype) for shape in shapes]
        trace = _part(model, path).get_concrete_function(*specs, **given)
        tf.saved_model.save(model, str(target), signatures=trace)

    return save


def wrapped(call: Callable[..., Any], **specs: tuple[str, Sequence[int | None]]) -> Hand:
    """A `tf.function` written around the model, `call(model, **tensors)`."""

    def save(source: Path, target: Path) -> None:
        import tensorflow as tf

        model = tf.saved_model.load(str(source))
        named = {
            name: tf.TensorSpec(shape, dtype, name=name) for name, (dtype, shape) in specs.items()
        }

        @tf.function
        def serve(**tensors: Any) -> Any:
            return call(model, **tensors)

        tf.saved_model.save(model, str(target), serve.get_concrete_function(**named))

    return save


def each_row(**specs: tuple[str, Sequence[int | None]]) -> Hand:
    """The model's call, of one row at a time: its trace takes no more."""

    def call(model: Any, **tensors: Any) -> Any:
        import tensorflow as tf

        names = sorted(tensors, key=list(specs).index)
        rows = [tensors[name] for name in names]
        kinds = tf.nest.map_structure(
            lambda item: tf.TensorSpec(item.shape[1:], item.dtype),
            model(*(item[:1] for item in rows)),
        )

        def one(row: Any) -> Any:
            found = model(*(item[None] for item in row))
            return tf.nest.map_structure(lambda item: item[0], found)

        return tf.map_fn(one, tuple(rows), fn_output_signature=kinds)

    return wrapped(call, **specs)


def renamed(key: str, tags: Sequence[str] | None = None) -> Hand:
    """A signature that is there, as `serving_default`."""

    def save(source: Path, target: Path) -> None:
        import tensorflow as tf

        model = tf.saved_model.load(str(source), tags=tags)
        tf.saved_model.save(model, str(target), {"serving_default": model.signatures[key]})

    return save


def of_graph(
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    tags: Sequence[str] = ("serve",),
    given: Mapping[str, Any] | None = None,
) -> Hand:
    """Tensors of a TF1 graph by name; `given` are constants in the place of placeholders."""

    def save(source: Path, target: Path) -> None:
        import tensorflow as tf

        v1 = tf.compat.v1
        with tf.Graph().as_default() as graph, v1.Session() as session:
            constants = {name: tf.constant(value) for name, value in (given or {}).items()}
            v1.saved_model.loader.load(session, list(tags), str(source), input_map=constants)
            found = [
                {key: graph.get_tensor_by_name(name) for key, name in names.items()}
                for names in (inputs, outputs)
            ]
            tables = v1.get_collection(v1.GraphKeys.TABLE_INITIALIZERS)
            more = v1.group(*tables, name="hand_init") if tables else None
            v1.saved_model.simple_save(session, str(target), *found, legacy_init_op=more)

    return save


def of_signature(key: str, tags: Sequence[str] = ("serve",)) -> Hand:
    """A signature of a TF1 graph, of tensors that TensorFlow 2 does not take, under another key."""

    def save(source: Path, target: Path) -> None:
        import tensorflow as tf

        v1 = tf.compat.v1
        with tf.Graph().as_default(), v1.Session() as session:
            loaded = v1.saved_model.loader.load(session, list(tags), str(source))
            builder = v1.saved_model.builder.SavedModelBuilder(str(target))
            known = dict(loaded.signature_def)
            builder.add_meta_graph_and_variables(
                session, ["serve"], signature_def_map={**known, "serving_default": known[key]}
            )
            builder.save()

    return save


def of_frozen(file: str, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> Hand:
    """Tensors of a frozen graph."""

    def save(source: Path, target: Path) -> None:
        import tensorflow as tf

        v1 = tf.compat.v1
        definition = v1.GraphDef.FromString((source / file).read_bytes())
        with tf.Graph().as_default() as graph, v1.Session() as session:
            tf.import_graph_def(definition, name="")
            found = [
                {key: graph.get_tensor_by_name(name) for key, name in names.items()}
                for names in (inputs, outputs)
            ]
            v1.saved_model.simple_save(session, str(target), *found)

    return save


def of_keras(file: str) -> Hand:
    """What Keras 3 reads of its file, its call as an endpoint with Keras' names of the tensors."""

    def save(source: Path, target: Path) -> None:
        import keras
        import tensorflow as tf

        unsafe = {"safe_mode": False} if file.endswith(".keras") else {}
        model = keras.models.load_model(source / file, compile=False, **unsafe)
        names = [item.name for item in model.inputs]
        outputs = [item._keras_history.operation.name for item in model.outputs]

        def serve(**tensors: Any) -> Any:
            given = [tensors[name] for name in names]
            found = model(given if len(given) > 1 else given[0], training=False)
            return dict(zip(outputs, found if isinstance(found, list) else [found], strict=True))

        specs = [tf.TensorSpec(item.shape, item.dtype, name=item.name) for item in model.inputs]
        traced = tf.function(serve).get_concrete_function(**dict(zip(names, specs, strict=True)))
        archive = keras.export.ExportArchive()
        archive.track(model)
        archive.add_endpoint(
            "serving_default",
            lambda *given: traced(**dict(zip(names, given, strict=True))),
            input_signature=specs,
        )
        archive.write_out(str(target), verbose=False)

    return save


def of_keras_2(file: str) -> Hand:
    """The same with Keras 2, whose model TensorFlow itself can save."""

    def save(source: Path, target: Path) -> None:
        import tensorflow as tf
        import tf_keras

        model = tf_keras.models.load_model(source / file, compile=False)
        (given,), (name,) = model.inputs, model.output_names

        @tf.function(input_signature=[tf.TensorSpec(given.shape, given.dtype, name=given.name)])
        def serve(tensor: Any) -> Any:
            return {name: model(tensor, training=False)}

        tf.saved_model.save(model, str(target), serve)

    return save


def of_onnx(source: Path, target: Path) -> None:
    """The network of the ONNX file, written again with TensorFlow's operators."""
    import onnx
    import tensorflow as tf

    (tensor,) = onnx.load(source / "model.onnx").graph.initializer
    module = tf.Module()
    module.kernel = tf.Variable(onnx.numpy_helper.to_array(tensor).transpose(2, 3, 1, 0))

    @tf.function(input_signature=[tf.TensorSpec([None, 3, 8, 8], tf.float32, name="pixels")])
    def serve(pixels: Any) -> Any:
        found = tf.nn.conv2d(tf.transpose(pixels, [0, 2, 3, 1]), module.kernel, 1, "SAME")
        maps = tf.transpose(found, [0, 3, 1, 2])
        return {"logits": tf.reduce_mean(maps, [2, 3]), "feature_map": maps}

    tf.saved_model.save(module, str(target), serve)
