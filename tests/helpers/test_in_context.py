"""Tasks to be guessed from examples: the pairs, and how answers count."""

import pytest
import torch

from helpers.in_context import (
    MOST_EXAMPLES,
    NUM_QUESTIONS,
    TASKS,
    accuracy,
    draw_examples,
    prompt,
    shuffled,
)
from helpers.llama import Llama


class Letters:
    """Each character is its own token."""

    def encode(self, text):
        return [ord(c) % 128 for c in text]


@pytest.mark.parametrize("task", TASKS)
def test_questions_are_never_examples(task):
    assert len(TASKS[task]) >= MOST_EXAMPLES + NUM_QUESTIONS
    assert len({q for q, _ in TASKS[task]}) == len(TASKS[task])
    for seed in range(3):
        examples, questions = draw_examples(task, seed)
        assert (len(examples), len(questions)) == (8, 36)
        assert not set(examples) & set(questions)


def test_a_prompt():
    assert prompt([], "big") == "big ->"
    assert prompt([("a", "b"), ("c", "d")], "e") == "a -> b\nc -> d\ne ->"


def test_every_answer_is_exchanged():
    examples = [("a", "1"), ("b", "2"), ("c", "3")]
    assert shuffled(examples) == [("a", "2"), ("b", "3"), ("c", "1")]


def test_an_answer_is_right_if_it_would_be_written():
    torch.manual_seed(0)
    model = Llama(128, 16, 2, 4, 2, 24).eval()
    letters = Letters()
    examples = [("a", "b")]
    questions = []
    for word in ("x", "yes", "no", "q"):
        ids = letters.encode(prompt(examples, word))
        start = len(ids)
        with torch.no_grad():
            for _ in range(3):
                ids.append(model(torch.tensor([ids]))[0, -1].argmax().item())
        said = "".join(map(chr, ids[start:]))
        questions.append((word, said))

    class Written(Letters):
        def encode(self, text):
            """Answers as the model writes them: no blank, no new line."""
            if text.startswith(" ") and text.endswith("\n"):
                text = text[1:-1]
            return super().encode(text)

    assert accuracy(model, Written(), examples, questions) == 1
    wrong = [(q, "~" + a[1:]) for q, a in questions]
    assert accuracy(model, Written(), examples, wrong) == 0
    half = questions[:2] + wrong[2:]
    assert accuracy(model, Written(), examples, half) == 0.5
    with pytest.raises(ValueError, match="nothing to ask"):
        accuracy(model, letters, examples, [])
