"""Every system that the source chapter names is met in a notebook.

The first notebook has a table of them. The names are those of the chapter's
sections on the background, on what large models are used for, on tools and
on open questions; the chapter itself is not part of the repository.
"""

import re

import pytest

from tools.contents import load
from tools.notebook_files import NOTEBOOKS, read

# Name in the chapter: words that the notebook it is met in must contain.
NAMED = {
    # background
    "BERT": "MiniLM",
    "GPT-3": "GPT-3",
    "ResNet": "ResNet",
    "VGG": "VGG",
    "gradient descent": "learning rate",
    "Adam": "Adam",
    "backpropagation": "backward",
    # principles
    "feature importance": "large weight",
    "model explainers": "captum",
    "visualisation": "filter",
    # applications
    "image classification": "logits",
    "object detection": "detector",
    "image generation": "network draw",
    "text classification": "labels",
    "sentiment analysis": "collection of opinions",
    "machine translation": "decoder",
    "DeepSpeech": "DeepSpeech",
    "voice commands": "commands",
    "WaveNet": "WaveNet",
    "speech synthesis": "How does a network speak",
    # tools
    "PyTorch": "PyTorch",
    "TensorFlow": "TensorFlow",
    "Hugging Face Transformers": "Transformers",
    "fast.ai": "fastai",
    # questions
    "distributed training": "workers",
    "hardware accelerators": "GPU",
    "energy and cost": "cost",
}
UNFINISHED = "A question that the first section answers"  # of a new notebook


def text_of(notebook):
    return "\n".join(
        cell.source for cell in notebook.cells if cell.cell_type == "markdown"
    )


def rows():
    """(names, links, how far) of every row of the table."""
    text = text_of(read(NOTEBOOKS[0]))
    table = re.search(r"<!-- names -->(.*?)<!-- /names -->", text, re.DOTALL)
    lines = [line for line in table[1].splitlines() if line.startswith("| ")]
    for line in lines[1:]:  # without the heads
        names, where, far = (
            part.strip() for part in line.strip("| ").split(" | ")
        )
        links = re.findall(r"\]\((\w+\.ipynb)\)", where)
        yield [name.strip() for name in names.split(",")], links, far


@pytest.mark.parametrize("name", NAMED)
def test_a_name_of_the_chapter_has_its_notebook(name):
    found = [(links, far) for names, links, far in rows() if name in names]
    assert len(found) == 1, f"one row for {name}, not {len(found)}"
    (links, far), files = found[0], {path.name: path for path in NOTEBOOKS}
    assert len(links) == 1
    assert far, "it says how far the course goes"
    text = text_of(read(files[links[0]]))
    if UNFINISHED in text:
        pytest.skip(f"{links[0]} is being written")
    assert NAMED[name] in text, f"{links[0]} does not speak of {name}"


def test_the_table_names_nothing_else():
    known = {*NAMED, "Keras"}
    assert {name for names, *_ in rows() for name in names} == known


def test_the_links_say_the_titles_of_their_notebooks():
    text = text_of(read(NOTEBOOKS[0]))
    for chapter in load():
        links = re.findall(rf"\[([^]]+)\]\({chapter.path.name}\)", text)
        assert set(links) <= {chapter.title, f"Next: {chapter.title}"}
