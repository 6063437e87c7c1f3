"""Code is identified by what it says, on every version of Python alike."""

import pytest

from tools.fingerprint import fingerprint

SOURCE = '''\
"""A module."""

import os  # a comment


@property
def function(x: int, *args, y=None, **options) -> float:
    """What it does."""
    if x is None or y == -1.5:
        return [n for n in args if n]
    try:
        with open(os.devnull) as file:
            text = f"{file!r:>{x}} {y:.2f} and {x=}" "more"
            more = b"bytes".decode()
    except (OSError, ValueError) as error:
        raise RuntimeError from error
    return lambda a, /, b=(), *, c=...: {a: b, **{"c": c}}


class Thing(dict, metaclass=type):
    """Another docstring."""

    async def wait(self):
        async for _ in self:
            self[1:2, ...], *rest = await self.get(True, 1j)
        else:
            del rest
        while (n := 0) < 1 <= 2:
            n += not n @ 3
        assert n, None
        match n:
            case {"a": [1, *_]} | None:
                pass
'''


def test_it_is_the_same_on_every_python():
    """This number was found on 3.11; 3.12, 3.13 and later must find it too.

    It changes only when the way of finding it is changed on purpose, and
    then `make refresh` executes every notebook again.
    """
    assert fingerprint(SOURCE) == "01dfa84932ad6d37"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""A module."""', '"""Another module."""'),
        ('    """What it does."""\n', ""),
        ("  # a comment", ""),
        (
            "[n for n in args if n]",
            "[\n            n for n in args if n\n        ]",
        ),
        ("\n\n\nclass", "\n\nclass"),
    ],
)
def test_words_and_layout_do_not_count(old, new):
    assert old in SOURCE
    assert fingerprint(SOURCE.replace(old, new)) == fingerprint(SOURCE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("y=None", "y=0"),
        ("y=None", "y=False"),
        ("y=None", "y"),
        ("-1.5", "1.5"),
        ("{y:.2f}", "{y:.3f}"),
        ("{x=}", "{x}"),
        ("None or", "None and"),
        ("a, /, b", "a, b"),
        ("**options", "options"),
        ("@property\n", ""),
        ("True, 1j", "1, 1j"),
        ("await self", "self"),
    ],
)
def test_every_change_of_meaning_counts(old, new):
    assert old in SOURCE
    assert fingerprint(SOURCE.replace(old, new)) != fingerprint(SOURCE)
