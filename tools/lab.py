"""Open the course in JupyterLab: `make lab`, or `python -m tools.lab`.

More arguments go to JupyterLab. Opening a notebook must not mark it as
changed: JupyterLab writes the running Python's version into every notebook
that it opens, and so would ask to save each one that was only looked at.
Here it finds that version there already; the files stay as they are.
"""

import os
import sys

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelspec import get_kernel_dict
from jupyter_server.services.contents.largefilemanager import (
    AsyncLargeFileManager,
)
from jupyterlab.labapp import main as jupyterlab

from tools.notebook_files import ROOT

PYTHON = "python3"  # the kernel that every notebook of the course asks for


class CourseContents(AsyncLargeFileManager):
    """Hands out notebooks as if this Python had been the last to run them."""

    async def get(self, path, content=True, *arguments, **options):
        model = await super().get(path, content, *arguments, **options)
        if content and model["type"] == "notebook":
            metadata = model["content"]["metadata"]
            if metadata.get("kernelspec", {}).get("name") == PYTHON:
                metadata["language_info"] = dict(IPythonKernel.language_info)
                metadata["kernelspec"] = {
                    "name": PYTHON,
                    "display_name": get_kernel_dict()["display_name"],
                    "language": "python",
                }
        return model


def main():
    manager = f"tools.lab.{CourseContents.__name__}"
    sys.exit(
        jupyterlab(
            [
                f"--ServerApp.contents_manager_class={manager}",
                *(sys.argv[1:] or [str(ROOT / "notebooks")]),
            ]
        )
    )


if __name__ == "__main__":
    main()
