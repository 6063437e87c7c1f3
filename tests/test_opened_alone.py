"""A notebook opened without the course around it fetches the course."""

import json
import site
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import publish
from notebooks import ROOT, read, tags

START = ROOT / "notebooks" / "00_start_here.ipynb"


@pytest.fixture(scope="session")
def bare(tmp_path_factory):
    """A bare repository with the work tree's present state."""
    folder = tmp_path_factory.mktemp("origin")
    bare, clone = folder / "course.git", folder / "clone"

    def git(*arguments, cwd=ROOT):
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments],
            cwd=cwd,
            check=True,
            capture_output=True,
        )

    clone.mkdir()
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split("\0")
    for name in filter(None, listed):
        if (ROOT / name).exists():  # not one that is deleted
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_bytes((ROOT / name).read_bytes())
    git("init", "-q", "-b", "main", cwd=clone)
    git("add", "-A", cwd=clone)
    git("commit", "-qm", "the course", cwd=clone)
    git("clone", "-q", "--bare", str(clone), str(bare))
    return bare


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """An empty folder, and an environment that has all but the course."""
    without = tmp_path / "environment"
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", without], check=True
    )
    packages = next(without.glob("lib/python*/site-packages"))
    # This environment's packages, but not its .pth files, one of which
    # makes the course itself importable.
    (packages / "all.pth").write_text("\n".join(site.getsitepackages()))
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder, without / "bin" / "python"


def run(folder, python, cells, monkeypatch, origin=None):
    """Execute some cells of a notebook with that Python, in that folder."""
    kernel = folder.parent / "jupyter" / "kernels" / "alone"
    kernel.mkdir(parents=True, exist_ok=True)
    command = [str(python), "-m", "ipykernel_launcher", "-f"]
    specification = {
        "argv": [*command, "{connection_file}"],
        "display_name": "alone",
        "language": "python",
    }
    (kernel / "kernel.json").write_text(json.dumps(specification))
    monkeypatch.setenv("JUPYTER_PATH", str(kernel.parent.parent))
    if origin:
        address = publish.HOST + publish.address()
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        key = f"url.file://{origin}.insteadOf"
        monkeypatch.setenv("GIT_CONFIG_KEY_0", key)
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", address)
    else:
        monkeypatch.delenv("GIT_CONFIG_COUNT", raising=False)
    notebook = nbformat.v4.new_notebook(cells=cells)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(
        notebook, kernel_name="alone", resources=resources
    ).execute()
    return notebook


def cells_of(path, last_line):
    """The notebook's set-up cell, then one of ours."""
    setup = next(c for c in read(path).cells if "setup" in tags(c))
    return [setup, nbformat.v4.new_code_cell(last_line)]


PROBE = """\
import helpers
from helpers.data import load_embedded
print(len(load_embedded().train), helpers.__file__)
"""


def test_it_fetches_the_course_and_goes_on(alone, bare, monkeypatch):
    folder, python = alone
    cells = cells_of(START, PROBE)
    notebook = run(folder, python, cells, monkeypatch, bare)
    assert notebook.cells[0].outputs == []
    text = notebook.cells[1].outputs[0].text
    assert text.split()[0] == "18000"
    assert Path(text.split()[1]).is_relative_to(folder / "course")
    # Run again, it finds what it fetched.
    again = run(folder, python, cells_of(START, PROBE), monkeypatch)
    assert again.cells[1].outputs[0].text == text


def test_without_a_network_it_says_so(alone, monkeypatch):
    folder, python = alone
    with pytest.raises(CellExecutionError) as caught:
        run(folder, python, cells_of(START, PROBE), monkeypatch)
    assert "could not be fetched" in str(caught.value)
    assert "Check the" in str(caught.value)
    assert not (folder / "course").exists()


def test_in_a_clone_without_installation_it_uses_the_clone(
    alone, bare, monkeypatch
):
    folder, python = alone
    subprocess.run(
        ["git", "clone", "-q", f"file://{bare}", folder / "mine"], check=True
    )
    inside = folder / "mine" / "notebooks"
    notebook = run(inside, python, cells_of(START, PROBE), monkeypatch)
    found = notebook.cells[1].outputs[0].text.split()[1]
    assert Path(found).is_relative_to(folder / "mine" / "helpers")
    assert not (inside / "course").exists()


def test_where_the_course_is_installed_it_does_nothing(tmp_path, monkeypatch):
    cells, folder = cells_of(START, PROBE), tmp_path / "anywhere"
    folder.mkdir()
    notebook = run(folder, sys.executable, cells, monkeypatch)
    assert notebook.cells[0].outputs == []
    assert list(folder.iterdir()) == []
