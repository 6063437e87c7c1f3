"""The recorded trainings in six tools: complete, and repeatable in small."""

from importlib.util import find_spec

import pytest

from helpers.frameworks import parting
from helpers.recorded import load_record
from tools.experiments import frameworks


def test_every_tool_is_recorded_with_all_its_losses():
    rows = load_record("frameworks")["rows"]
    assert [row["tool"] for row in rows] == list(frameworks.PROGRAMS)
    for row in rows:
        assert len(row["losses"]) == frameworks.STEPS
        assert len(row["train_cpu_seconds_all"]) == frameworks.REPEATS
        assert row["lines"] == frameworks.lines_of(
            frameworks.PROGRAMS[row["tool"]]
        )


def test_everything_that_the_notebook_shows_without_packages_is_recorded():
    names = [row["name"] for row in load_record("frameworks-trials")["rows"]]
    assert names == list(frameworks.SHOWN)


@pytest.mark.parametrize("tool", frameworks.PROGRAMS)
def test_three_steps_again(tool):
    """On another processor, rounding is another."""
    for name in frameworks.IMPORTS[tool]:
        if not find_spec(name.partition(".")[0]):
            pytest.skip(f"{name} is not installed")
    if "TensorFlow" in tool and not find_spec("tensorflow"):
        pytest.skip("tensorflow is not installed")
    row = frameworks.in_a_process(tool, 3)
    (recorded,) = [
        one for one in load_record("frameworks")["rows"] if one["tool"] == tool
    ]
    assert len(row["losses"]) == 3
    assert parting(row["losses"], recorded["losses"], 1e-4) >= 2
    assert row["import_cpu_seconds"] > 0


def test_lines_are_counted_without_imports_and_blanks():
    assert frameworks.lines_of(frameworks.pytorch) == 9
