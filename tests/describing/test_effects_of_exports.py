"""What TensorFlow itself writes: loading it is no reach, and what is random is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sigfix.describing import running
from sigfix.describing.effects import DETERMINISTIC, KEEPS_STATE, RANDOM, conduct, reaching
from sigfix.pipeline.inspect import inspect
from sigfix.reading import read

tf = pytest.importorskip("tensorflow")
SPEC = tf.TensorSpec([None, 4], tf.float32, name="x")


def save(call: Callable, folder: Path, **parts: object) -> Path:
    module = tf.Module()
    for name, part in parts.items():
        setattr(module, name, part)
    function = tf.function(call, input_signature=[SPEC])
    module.call = function
    tf.saved_model.save(module, str(folder), signatures={"serving_default": function})
    return folder


def with_variable(folder: Path) -> Path:
    weights = tf.Variable(tf.ones([4, 2]))
    return save(lambda x: {"y": x @ weights}, folder, weights=weights)


def with_table_of_an_asset(folder: Path) -> Path:
    words = folder.with_name(f"{folder.name}.txt")
    words.write_text("a\nb\n")
    filled = tf.lookup.TextFileInitializer(
        str(words), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64,
        tf.lookup.TextFileIndex.LINE_NUMBER,
    )  # fmt: skip
    table = tf.lookup.StaticHashTable(filled, -1)
    return save(lambda x: {"y": table.lookup(tf.strings.as_string(x))}, folder, table=table)


def with_dataset(folder: Path) -> Path:
    def call(x):
        total = tf.data.Dataset.range(3).map(lambda i: i * 2).cache().reduce(
            tf.constant(0, tf.int64), lambda a, b: a + b
        )  # fmt: skip
        return {"y": x + tf.cast(total, tf.float32)}

    return save(call, folder)


def with_loop(folder: Path) -> Path:
    def call(x):
        for _ in tf.range(3):
            x = x * 2.0
        tf.print(tf.shape(x))
        return {"y": tf.debugging.check_numerics(x, "not finite")}

    return save(call, folder)


def with_fixed_seed(folder: Path) -> Path:
    return save(lambda x: {"y": x + tf.random.stateless_uniform([4], [1, 2])}, folder)


def of_tf1(folder: Path) -> Path:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder(tf.float32, [None, 4], name="x")
        weights = tf.compat.v1.get_variable("w", [4, 2], use_resource=False)
        y = tf.identity(tf.matmul(x, weights), name="y")
        session.run(tf.compat.v1.global_variables_initializer())
        builder = tf.compat.v1.saved_model.Builder(str(folder))
        signature = tf.compat.v1.saved_model.predict_signature_def({"x": x}, {"y": y})
        builder.add_meta_graph_and_variables(
            session, ["serve"], {"serving_default": signature},
            main_op=tf.compat.v1.tables_initializer(),
        )  # fmt: skip
        builder.save()
    return folder


def counting(folder: Path) -> Path:
    count = tf.Variable(0.0)
    return save(lambda x: {"y": x + count.assign_add(1.0)}, folder, count=count)


def drawing(folder: Path) -> Path:
    return save(lambda x: {"y": x + tf.random.uniform([4])}, folder)


def with_generator(folder: Path) -> Path:
    generator = tf.random.Generator.from_seed(1)
    return save(lambda x: {"y": x + generator.uniform([4])}, folder, generator=generator)


def augmenting(folder: Path) -> Path:
    import keras

    model = keras.Sequential([keras.Input([8, 8, 3]), keras.layers.RandomTranslation(0.2, 0.2)])
    archive = keras.export.ExportArchive()
    archive.track(model)
    spec = tf.TensorSpec([None, 8, 8, 3], tf.float32, name="x")
    archive.add_endpoint("serve", lambda x: model(x, training=True), input_signature=[spec])
    archive.write_out(str(folder), verbose=False)
    return folder


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (with_variable, DETERMINISTIC),
        (with_table_of_an_asset, DETERMINISTIC),
        (with_dataset, DETERMINISTIC),
        (with_loop, DETERMINISTIC),
        (with_fixed_seed, DETERMINISTIC),
        (of_tf1, DETERMINISTIC),
        (counting, KEEPS_STATE),
        (drawing, RANDOM),
        (with_generator, RANDOM),
        (augmenting, RANDOM),
    ],
    ids=lambda item: getattr(item, "__name__", item),
)
def test_usual_exports(build, expected, tmp_path) -> None:
    path = build(tmp_path / "m")
    meta = read(path).meta_graphs[0]
    runs = [running.of_signature(meta, item.key) for item in meta.user_signatures]
    assert runs
    assert [str(item) for item in reaching(running.loading(meta), *runs)] == []
    assert {conduct(run).kind for run in runs} == {expected}
    codes = {item.code for item in inspect(path).findings}
    assert not codes & {"BEH305", "BEH306"}
    assert ("BEH308" in codes) == (expected == RANDOM)
    assert ("BEH303" in codes) == (build in (counting, augmenting))
