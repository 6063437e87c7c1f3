"""Start the processes of `helpers.distributed` on this machine."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def command(num_processes, *options, restarts=0):
    """What starts the script with so many processes on this machine.

    `restarts`: how often torchrun starts all anew after one has died. They
    meet at a free port of the loopback interface: this needs no network.
    """
    script = ["-m", "helpers.distributed", *map(str, options)]
    if num_processes == 1:
        return [sys.executable, *script]
    torchrun = [sys.executable, "-m", "torch.distributed.run"]
    meeting = ["--rdzv-backend=c10d", "--rdzv-endpoint=127.0.0.1:0"]
    number = [
        f"--nproc-per-node={num_processes}",
        f"--max-restarts={restarts}",
    ]
    return [*torchrun, *meeting, "--local-addr=127.0.0.1", *number, *script]


def launch(num_processes, *options, restarts=0, timeout=300):
    """Run `command(...)`; the CompletedProcess, with its output as text.

    The processors are shared out as threads, unless OMP_NUM_THREADS is set.
    If the script refused, stderr is its reason alone, without what torchrun
    adds.
    """
    threads = max(1, (os.cpu_count() or 1) // num_processes)
    environment = {"OMP_NUM_THREADS": str(threads), **os.environ}
    paths = (str(ROOT), os.environ.get("PYTHONPATH"))
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    # Not the folder of the notebook, where a learner may have a helpers.py.
    environment["PYTHONSAFEPATH"] = "1"
    done = subprocess.run(
        command(num_processes, *options, restarts=restarts),
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
    )
    errors = [
        e for e in done.stderr.splitlines(True) if e.startswith("error:")
    ]
    done.stderr = "".join(errors) or done.stderr
    return done
