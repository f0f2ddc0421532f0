"""Models that are saved, and the commands that `convert` prints where it refuses one."""

from __future__ import annotations

import shlex

import pytest
import tensorflow as tf

from sigfix.cli.main import main


def saved(path, module, function):
    tf.saved_model.save(module, str(path), signatures={"serving_default": function})
    return path


def exit_code(arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    return caught.value.code


def printed(capsys, *arguments):
    """Run a command that refuses; the commands that its last line prints."""
    assert exit_code([str(item) for item in arguments]) != 0
    said = capsys.readouterr().err
    line = next(line for line in said.splitlines() if "sigfix convert" in line)
    text = said[said.index(line) :]
    commands = " ".join(text.replace("try:", "").split()).split(" && ")
    return [shlex.split(command)[1:] for command in commands]
