"""One command sets the address everywhere, and can set it again."""

import shutil

import nbformat
import pytest

import publish
from notebooks import NOTEBOOKS, ROOT, read, tags


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A copy of all that holds the address."""
    for name in ("README.md", "TEACHING.md", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "notebooks").mkdir()
    copies = []
    for path in NOTEBOOKS:
        copies.append(shutil.copy(path, tmp_path / "notebooks" / path.name))
    monkeypatch.setattr(publish, "PYPROJECT", tmp_path / "pyproject.toml")
    pages = [tmp_path / page.name for page in publish.PAGES]
    monkeypatch.setattr(publish, "PAGES", pages)
    monkeypatch.setattr(publish, "NOTEBOOKS", copies)
    return tmp_path


def everything(course):
    files = sorted(p for p in course.rglob("*") if p.is_file())
    return {p.name: p.read_text(encoding="utf-8") for p in files}


def test_the_address_is_set_everywhere(course):
    old = publish.address()
    assert publish.publish("someone/else-where")
    assert publish.address() == "someone/else-where"
    for name, text in everything(course).items():
        assert old not in text, name
    for path in (course / "notebooks").glob("*.ipynb"):
        notebook = read(path)
        nbformat.validate(notebook)
        setup = next(c for c in notebook.cells if "setup" in tags(c))
        assert 'https://github.com/someone/else-where"' in setup.source
        assert "/github/someone/else-where/blob/" in notebook.cells[0].source


def test_there_and_back_changes_no_byte(course):
    before, old = everything(course), publish.address()
    publish.publish("someone/else-where")
    publish.publish(old)
    assert everything(course) == before
    assert publish.publish(old) == []


@pytest.mark.parametrize("repo", ["", "name", "https://x/y/z", "a/b c"])
def test_what_is_no_address_is_refused(repo, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["publish.py", repo])
    with pytest.raises(SystemExit):
        publish.main()
    assert "owner/name" in capsys.readouterr().err
