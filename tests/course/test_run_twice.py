"""A cell that is run again says the same again.

Learners run a cell twice all the time. In the notebooks below no cell trains
on, so nothing may differ; a cell that draws random numbers draws them from
a generator that it seeds itself.
"""

import pytest
from nbformat.v4 import new_notebook

from tools.notebook_files import NOTEBOOKS, read, tags, topic
from tools.refresh import client, normalise

QUICK = "gradient_descent"
TOPICS = ("start_here", "neurons_and_activations", QUICK)
assert set(TOPICS) <= set(map(topic, NOTEBOOKS)), "a topic was renamed"


def texts(cell):
    """What a cell's outputs say in words."""
    return [
        output.get("text") or output.get("data", {}).get("text/plain")
        for output in cell.outputs
    ]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path,
            marks=() if topic(path) == QUICK else pytest.mark.full,
            id=topic(path),
        )
        for path in NOTEBOOKS
        if topic(path) in TOPICS
    ],
)
def test_every_cell_twice_says_the_same(path):
    twice = []
    for cell in read(path).cells:
        if cell.cell_type == "code":
            again = cell.copy()
            again.id = f"{cell.id}-again"
            twice += [cell, again]
    notebook = new_notebook(cells=twice)
    client(notebook, path.parent).execute()
    cells = normalise(notebook).cells
    for first, again in zip(cells[::2], cells[1::2], strict=True):
        if "volatile" not in tags(first):
            assert texts(first) == texts(again), first.source
