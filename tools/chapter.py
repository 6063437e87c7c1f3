"""Begin a new notebook: `make chapter NAME=topic AFTER=topic`.

It gets an entry in course.toml, a notebook with a set-up cell, a figure and
an exercise, the module of its checks and that of its wrong answers. What
follows is renumbered, and all that repeats the table of contents is written
anew. The new notebook passes every test; replace its contents piece by piece.
"""

import argparse
import json
import re
import sys

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import generated
from tools.contents import FILE, TOPIC, load, renumber
from tools.notebook_files import ROOT, as_stored
from tools.refresh import METADATA, refresh

TEMPLATE = ROOT / "tools" / "template"
OPENING = """\
# TITLE

**QUESTION**

You will be able to

- say the first thing that a reader will be able to do;
- say the second;
- say the third.

*Reading .*

[![Open in Colab]"""
IMPORTS = """\
import matplotlib.pyplot as plt
import torch

from helpers.checks import TOPIC as checks
from helpers.figures import DATA, show, use_look

use_look()"""
QUESTION = """\
## A question that the first section answers

Before you run the next cell: which is larger, the mean of some numbers \
squared, or the mean of their squares?"""
CODE = """\
values = torch.tensor([1.0, -3.0, 4.0])
print(f"square of the mean {values.mean() ** 2:.2f}")
print(f"mean of the squares {values.square().mean():.2f}")"""
DRAWING = """\
# This cell only draws: the values and their squares.
figure, axes = plt.subplots()
axes.plot(values, values.square(), "o", color=DATA)
axes.set(xlabel="value", ylabel="square of the value")
show(
    figure,
    "Three values and their squares: 1 and 1, -3 and 9, 4 and 16; the mean "
    f"of the squares is {values.square().mean():.2f}.",
)"""
CARD = """\
### Exercise 1. The mean of the squares

*What for:* say what the learner will use this for. *About 5 minutes; one \
line.*

Write `mean_of_squares(x)`: the mean of the squares of a tensor's values, a \
number."""
STUB = """\
def mean_of_squares(x):
    # your code here
    return None


checks.mean_of_squares(mean_of_squares)"""
HINT = """\
<details><summary>Hint 1</summary>

`x.square()` squares each value.

</details>"""
SOLUTION = """\
<details><summary>Solution</summary>

```python
def mean_of_squares(x):
    return x.square().mean()
```

Squaring makes every value count, whatever its sign.

</details>"""
CLOSING = """\
## Keep this

- The first thing to remember.
- The second.
- The third.

**Not explained yet:** the question that this leaves open."""


def cells(topic):
    """The cells of the new notebook."""
    hidden = {"source_hidden": True}
    name = "mean_of_squares"
    return [
        new_markdown_cell(OPENING),
        new_code_cell("pass", metadata={"tags": ["setup"], "jupyter": hidden}),
        new_code_cell(IMPORTS.replace("TOPIC", topic)),
        new_markdown_cell(QUESTION),
        new_code_cell(CODE),
        new_code_cell(DRAWING, metadata={"jupyter": hidden}),
        new_markdown_cell("One sentence on what to see, and why."),
        new_markdown_cell(CARD),
        new_code_cell(
            STUB, metadata={"tags": ["exercise", f"exercise-{name}"]}
        ),
        new_markdown_cell(HINT),
        new_markdown_cell(
            SOLUTION, metadata={"tags": ["solution", f"solution-{name}"]}
        ),
        new_markdown_cell(CLOSING),
    ]


def with_entry(text, topic, title, question, after):
    """course.toml with a new chapter behind the one called `after`."""
    entry = (
        "[[part.chapter]]\n"
        f'topic = "{topic}"\n'
        f"title = {json.dumps(title, ensure_ascii=False)}\n"
        f"question = {json.dumps(question, ensure_ascii=False)}\n"
        f'after = ["{after}"]\n'
    )
    place = re.search(
        rf'^topic = "{after}"\n(?:.+\n)*', text, flags=re.MULTILINE
    )
    return f"{text[: place.end()]}\n{entry}{text[place.end() :]}"


def begin(topic, after, title, question):
    """Make the chapter; returns the files that are new."""
    text = with_entry(
        FILE.read_text(encoding="utf-8"), topic, title, question, after
    )
    new = load(text)  # before anything is changed
    (chapter,) = (c for c in new if c.topic == topic)
    notebook = new_notebook(cells=cells(topic), metadata=METADATA)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{topic[:40]}-{number}".replace("_", "-")
    generated.update_notebook(notebook, chapter, new)
    others = [other for other in new if other != chapter]
    renumber(others)
    FILE.write_text(text, encoding="utf-8", newline="\n")
    modules = {
        "checks.py": ROOT / "helpers" / "checks" / f"{topic}.py",
        "wrong_answers.py": ROOT / "tests" / "wrong_answers" / f"{topic}.py",
        "right_answers.py": ROOT / "tests" / "right_answers" / f"{topic}.py",
    }
    for name, path in modules.items():
        source = (TEMPLATE / name).read_text(encoding="utf-8")
        path.write_text(
            source.replace("TITLE", title), encoding="utf-8", newline="\n"
        )
    chapter.path.write_text(as_stored(notebook), encoding="utf-8")
    generated.write()
    refresh(chapter.path)
    generated.write()  # the outputs add to the reading time
    return [chapter.path, *modules.values()]


def problem(topic, after, question):
    """Why this chapter cannot be begun, or None."""
    topics = [chapter.topic for chapter in load()]
    if not TOPIC.fullmatch(topic):
        return f"NAME is lower-case words joined by _, not {topic!r}"
    if topic in topics:
        return f"there is a notebook on {topic} already"
    if after not in topics:
        return f"AFTER is one of {', '.join(topics)}, not {after!r}"
    if not question.endswith("?"):
        return "QUESTION ends in a question mark"
    return None


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tools.chapter", description=__doc__.splitlines()[0]
    )
    parser.add_argument("name", help="its topic: lower_case_words")
    parser.add_argument("--after", required=True, help="topic that it follows")
    parser.add_argument("--title")
    parser.add_argument("--question")
    arguments = parser.parse_args()
    title = arguments.title or arguments.name.replace("_", " ").capitalize()
    question = (
        arguments.question or f"{title}: what is it, and how does it work?"
    )
    stop = problem(arguments.name, arguments.after, question)
    if stop:
        parser.error(stop)
    for path in begin(arguments.name, arguments.after, title, question):
        print("new", path.relative_to(ROOT))
    print("Replace what stands in them piece by piece; CONTRIBUTING.md helps.")


if __name__ == "__main__":
    sys.exit(main())
