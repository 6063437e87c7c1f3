"""One command sets the address everywhere, and can set it again."""

import pytest

from tools import publish
from tools.address import address, book_of
from tools.contents import load
from tools.notebook_files import read, tags


def files(course):
    """{name: bytes} of everything in a copy of the course."""
    return {
        path.relative_to(course.root).as_posix(): path.read_bytes()
        for path in course.root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_address_is_set_everywhere_and_back(course_copy):
    old, before = address(), files(course_copy)
    stale = course_copy.run("tools.refresh", "--check").stdout
    said = course_copy.run("tools.publish", "someone/else-where").stdout
    assert "set in pyproject.toml" in said
    for chapter in load():
        path = course_copy.root / "notebooks" / chapter.path.name
        assert f"set in notebooks/{chapter.path.name}" in said
        notebook = read(path)
        assert old not in path.read_text(encoding="utf-8")
        setup = next(c for c in notebook.cells if "setup" in tags(c))
        assert 'https://github.com/someone/else-where"' in setup.source
        assert "/github/someone/else-where/blob/" in notebook.cells[0].source
    for name in ("README.md", "TEACHING.md", "pyproject.toml"):
        text = (course_copy.root / name).read_text(encoding="utf-8")
        assert f"github.com/{old}" not in text, name
    readme = (course_copy.root / "README.md").read_text(encoding="utf-8")
    assert "https://someone.github.io/else-where/" in readme
    assert book_of(old) not in readme
    # What is stored stays true: no notebook has to be executed again.
    assert course_copy.run("tools.refresh", "--check").stdout == stale
    course_copy.run("tools.publish", old)
    assert files(course_copy) == before
    assert course_copy.run("tools.publish", old).stdout == ""


@pytest.mark.parametrize("repo", ["", "name", "https://x/y/z", "a/b c"])
def test_what_is_no_address_is_refused(repo, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["publish", repo])
    with pytest.raises(SystemExit):
        publish.main()
    assert "owner/name" in capsys.readouterr().err
