"""Drive a real JupyterLab in headless Chromium.

    with Lab(folder) as lab, lab.page() as page:
        notebook = lab.open(page, "demo.ipynb")
        notebook.run_all()
        notebook.press(notebook.sliders()[0], "ArrowRight")

Everything the server keeps (settings, kernels, logs) lies in a folder of its
own that ends with it. Waiting is always for what is to be seen, never for a
time to pass.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tools.notebook_files import ROOT

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
FLAGS = [
    "--no-sandbox",  # Chromium asks for it where it runs as root
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-prefers-reduced-motion",
]
SETTINGS = {
    # Every cell is in the page, also those out of sight.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "docmanager-extension/plugin": {"autosave": False},
}
IDLE = """() => {
    const panel = window.jupyterapp?.shell.currentWidget;
    return panel?.sessionContext?.session?.kernel?.status === 'idle'
        && panel.context.isReady;
}"""


class Lab:
    """A JupyterLab server on a folder, for as long as the `with` lasts."""

    def __init__(self, root):
        self.root = Path(root)

    def __enter__(self):
        self.own = Path(tempfile.mkdtemp(prefix="lab-"))
        for name, settings in SETTINGS.items():
            file = f"settings/@jupyterlab/{name}.jupyterlab-settings"
            (self.own / file).parent.mkdir(parents=True, exist_ok=True)
            (self.own / file).write_text(
                json.dumps(settings), encoding="utf-8"
            )
        folders = {
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTER_DATA_DIR": "data",
            "IPYTHONDIR": "ipython",
        }
        folders = {name: str(self.own / f) for name, f in folders.items()}
        self.token = secrets.token_hex()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"http://127.0.0.1:{free.getsockname()[1]}"
        command = [
            *(sys.executable, "-m", "tools.lab", "--no-browser"),
            "--ip=127.0.0.1",
            f"--port={self.address.rpartition(':')[2]}",
            "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={self.root}",
            "--LabApp.expose_app_in_browser=True",
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--allow-root")
        log = self.own / "log"
        with log.open("w", encoding="utf-8") as file:
            self.server = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | folders,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + 120
        while not self._answers():
            if self.server.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise RuntimeError(f"JupyterLab does not start: {self.said}")
            time.sleep(0.1)
        return self

    def _answers(self):
        try:
            urllib.request.urlopen(f"{self.address}/api", timeout=5).close()
        except OSError:
            return False
        return True

    def __exit__(self, *_):
        """End the server and its kernels, and remove what they kept."""
        for end in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.server.pid, end)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.server.wait(15)
                break
        self.said = (self.own / "log").read_text(encoding="utf-8")
        shutil.rmtree(self.own, ignore_errors=True)

    @contextlib.contextmanager
    def page(self, width=1280, height=1000):
        """A fresh browser's page."""
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=FLAGS, headless=True
            )
            size = {"width": width, "height": height}
            page = browser.new_page(viewport=size)
            page.set_default_timeout(60_000)
            try:
                yield page
            finally:
                browser.close()

    def open(self, page, path, kernel=True):
        """Open a notebook, and wait for its kernel unless it has none."""
        page.goto(f"{self.address}/lab/tree/{path}?reset&token={self.token}")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        if kernel:
            page.wait_for_function(IDLE)
        return Notebook(page)


class Notebook:
    """The notebook that a page shows."""

    def __init__(self, page):
        self.page = page

    def command(self, name):
        """Run one of JupyterLab's commands to its end."""
        return self.page.evaluate(
            "name => window.jupyterapp.commands.execute(name)", name
        )

    def run_all(self, timeout=600):
        """Run every cell, also those after one that is meant to fail;
        returns whether there is no error to be seen.

        JupyterLab asks for all of them at once, and its command returns as
        soon as one has failed; the kernel goes on, and is idle for a moment
        between two cells. So wait until it stays idle.
        """
        self.page.set_default_timeout(timeout * 1000)
        self.command("notebook:run-all-cells")
        quiet = 0
        while quiet < 10:
            self.page.wait_for_function(IDLE)
            self.page.wait_for_timeout(200)
            quiet = quiet + 1 if self.page.evaluate(IDLE) else 0
        self.page.set_default_timeout(60_000)
        return not self.errors()

    def save(self):
        self.command("docmanager:save")

    def trust(self):
        """Say that the notebook is trusted, and answer the question."""
        self.page.evaluate(
            "() => {window.jupyterapp.commands.execute('notebook:trust')}"
        )
        self.page.locator(".jp-Dialog .jp-mod-accept").click()

    def is_changed(self):
        """Whether JupyterLab would ask to save it."""
        return self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.context.model.dirty"
        )

    def is_trusted(self):
        return self.page.evaluate(
            "() => [...window.jupyterapp.shell.currentWidget.model.cells]"
            ".filter(c => c.type === 'code').every(c => c.trusted)"
        )

    def cell(self, text):
        """The code cell whose code holds a text."""
        number = self.page.evaluate(
            "text => [...window.jupyterapp.shell.currentWidget.model.cells]"
            ".findIndex(c => c.type === 'code'"
            " && c.sharedModel.source.includes(text))",
            text,
        )
        if number < 0:
            raise LookupError(f"no code cell holds {text!r}")
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number)

    def type_and_run(self, cell, source):
        """Type a cell anew on the keyboard, run it, return what it prints."""
        editor = cell.locator(".cm-content")
        editor.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.press("Delete")
        # As a whole, or the editor would indent and close brackets itself.
        self.page.keyboard.insert_text(source)
        self.command("notebook:run-cell")
        self.page.wait_for_function(IDLE)
        return cell.locator(".jp-OutputArea").inner_text().strip()

    def errors(self):
        """Every error and every line on stderr that an output shows."""
        return self.page.locator(
            "[data-mime-type='application/vnd.jupyter.stderr'],"
            "[data-mime-type='application/vnd.jupyter.error'],"
            ".live-figure [role=alert]"
        ).all_inner_texts()

    def visible_outputs(self):
        """[(MIME type, text)] of the outputs that are really to be seen."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll('.jp-OutputArea-output')]
            .filter(e => e.checkVisibility() && e.offsetHeight)
            .map(e => [e.dataset.mimeType, e.innerText.trim()])"""
        )

    def visible_pictures(self):
        """How many pictures the outputs show."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll('.jp-OutputArea img')]
            .filter(i => i.checkVisibility() && i.naturalWidth).length"""
        )

    # --- live figures ---------------------------------------------------

    def sliders(self):
        """The handle of every slider, in order."""
        return self.page.locator(".live-figure .noUi-handle").all()

    def picture(self, slider):
        """The picture that a slider moves, and its description."""
        return slider.evaluate(
            """handle => {
                const figure = handle.closest('.live-figure');
                const image = figure.querySelector('img');
                return image ? [image.src, image.alt]
                    : [figure.innerText, 'no picture'];
            }"""
        )

    def wait_for_other_picture(self, slider, old, timeout=10):
        """Wait until the picture is not the old one, and loaded."""
        self.page.wait_for_function(
            """([handle, old]) => {
                const image = handle.closest('.live-figure')
                    .querySelector('img');
                return image?.complete && image.naturalWidth
                    && image.src !== old;
            }""",
            arg=[slider.element_handle(), old[0]],
            timeout=timeout * 1000,
        )
        return self.picture(slider)

    def press(self, slider, key):
        slider.scroll_into_view_if_needed()
        slider.focus()
        self.page.keyboard.press(key)

    def drag(self, slider, share):
        """Drag a handle with the mouse to a share (0 to 1) of its track."""
        slider.scroll_into_view_if_needed()
        target = "xpath=ancestor::*[contains(@class,'noUi-target')]"
        handle, track = (
            item.bounding_box() for item in (slider, slider.locator(target))
        )
        mouse = self.page.mouse
        middle = handle["y"] + handle["height"] / 2
        mouse.move(handle["x"] + handle["width"] / 2, middle)
        mouse.down()
        mouse.move(track["x"] + share * track["width"], middle, steps=5)
        mouse.up()

    def value(self, slider):
        return float(slider.get_attribute("aria-valuenow"))
