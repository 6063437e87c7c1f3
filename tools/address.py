"""Where the course is hosted: pyproject.toml says it, nothing else."""

import tomllib

from tools.notebook_files import ROOT

PYPROJECT = ROOT / "pyproject.toml"
HOST = "https://github.com/"
COLAB = "https://colab.research.google.com/github/"


def address():
    """owner/name, as pyproject.toml has it."""
    text = PYPROJECT.read_text(encoding="utf-8")
    repository = tomllib.loads(text)["project"]["urls"]["Repository"]
    return repository.removeprefix(HOST)


def book_of(repo):
    """Where GitHub Pages shows the book of owner/name."""
    owner, _, name = repo.partition("/")
    return f"https://{owner}.github.io/{name}/"
