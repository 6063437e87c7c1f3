"""Several processes train as one does, and go on after one was killed."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from helpers.distributed import main, share_of_batch
from helpers.processes import command, launch

pytestmark = pytest.mark.alone

# 4 whole batches an epoch, so that a run that stops after step 3 and is
# killed after step 5 goes on within an epoch and over its end.
SETTINGS = ("--images", 70, "--batch-size", 16, "--steps", 7, "--every", 3)
STRATEGIES = ("by-hand", "ddp", "fsdp")
EXACT = ("--precision", "float64")
# Float64 keeps 53 bits: a sum in another order differs by about 1e-16 of its
# size, and is summed up over 7 steps. Half a batch instead of all is 1e-2.
TOLERANCE = 1e-12


def alone(*options):
    """The script in this process; its exit code."""
    return main([str(option) for option in (*SETTINGS, *options)])


@pytest.fixture(autouse=True)
def no_processes():
    """What one test leaves open does not fail the next."""
    yield
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def read(path):
    return torch.load(path, weights_only=True)


def tensors(checkpoint):
    """Everything that training goes on from, by name."""
    state = checkpoint["optimizer"]["state"]
    return {
        **checkpoint["model"],
        **{
            f"{name}, moment": s["momentum_buffer"]
            for name, s in state.items()
        },
        "losses": torch.tensor(checkpoint["losses"], dtype=torch.float64),
    }


def difference(one, other):
    """The largest of all differences of two checkpoints."""
    one, other = tensors(read(one)), tensors(read(other))
    assert one.keys() == other.keys()
    return max((one[name] - other[name]).abs().max() for name in one)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What the runs of two processes said, and the checkpoints they left."""
    folder = tmp_path_factory.mktemp("runs")

    def run(name, *options, restarts=0):
        checkpoint = ("--checkpoint", folder / f"{name}.pt")
        out = ("--out", folder / f"{name}.json")
        options = (*SETTINGS, *EXACT, *checkpoint, *out, *options)
        return launch(2, *options, restarts=restarts)

    def kill_and_go_on():
        said["killed"] = run("killed", "--die-at", 5, "--die-rank", 1)
        for name in ("resumed", "as-fsdp", "as-one"):
            shutil.copy(folder / "killed.pt", folder / f"{name}.pt")
        said["resumed"] = run("resumed", "--resume")
        said["as-fsdp"] = run("as-fsdp", "--strategy", "fsdp")

    def restart():
        dying = ("--strategy", "fsdp", "--die-at", 5, "--die-rank", 0)
        said["restarted"] = run("restarted", *dying, restarts=1)
        said["float32"] = run("float32", "--precision", "float32")
        said["uneven"] = run("uneven", "--batch-size", 17)

    def undisturbed(strategy):
        said[strategy] = run(strategy, "--strategy", strategy)

    said = {}
    with (
        pytest.MonkeyPatch.context() as patch,
        ThreadPoolExecutor(2) as pool,
    ):
        patch.setenv("OMP_NUM_THREADS", "1")
        waiting = [pool.submit(kill_and_go_on), pool.submit(restart)]
        waiting += [pool.submit(undisturbed, name) for name in STRATEGIES]
        for future in waiting:
            future.result()
    assert alone(*EXACT, "--checkpoint", folder / "one.pt") == 0
    yield said, folder
    shutil.rmtree(folder)  # 100 MB each


def lines_of(run):
    """What our script said; torch 2.8 reports its connections in between."""
    lines = run.stdout.splitlines()
    return [line for line in lines if not line.startswith("[Gloo]")]


@pytest.mark.parametrize("num_processes", [1, 2, 3, 4])
def test_the_shares_are_equal_and_together_the_batch(num_processes):
    def epoch(number, seed=0):
        return [
            [
                share_of_batch(step, rank, num_processes, 100, 12, seed)
                for rank in range(num_processes)
            ]
            for step in range(8 * number, 8 * number + 8)  # 4 are left over
        ]

    for shares in epoch(0):
        assert [len(share) for share in shares] == [
            12 // num_processes
        ] * num_processes
    taken = [torch.cat(shares).sort().values for shares in epoch(0)]
    together = torch.cat(taken)
    assert len(together.unique()) == len(together) == 96
    assert 0 <= together.min() <= together.max() < 100
    for step, batch in enumerate(taken):
        whole = share_of_batch(step, 0, 1, 100, 12, 0)
        assert torch.equal(batch, whole.sort().values)
    for other in (epoch(1), epoch(0, seed=1)):
        assert not torch.equal(torch.cat(other[0]), torch.cat(epoch(0)[0]))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_two_processes_train_as_one_does(runs, strategy):
    said, folder = runs
    assert said[strategy].returncode == 0, said[strategy].stderr
    assert difference(folder / "one.pt", folder / f"{strategy}.pt") < TOLERANCE
    losses = read(folder / f"{strategy}.pt")["losses"]
    assert lines_of(said[strategy]) == [
        f"2 processes, {strategy}, cpu",
        *(f"step {n}: loss {losses[n - 1]:.3f}" for n in (3, 6, 7)),
    ]
    assert losses[-1] < losses[0], "it learns"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_result_says_what_was_run(runs, strategy):
    _, folder = runs
    result = json.loads(
        (folder / f"{strategy}.json").read_text(encoding="utf-8")
    )
    assert result["losses"] == read(folder / f"{strategy}.pt")["losses"]
    assert result["images_per_second"] > 0
    assert result["strategy"] == strategy
    assert result["num_processes"] == 2
    assert result["threads"] == 1
    assert result["settings"]["batch_size"] == 16
    shared_by = 2 if strategy == "fsdp" else 1
    assert result["weights_held"] == 6_358_658 / shared_by


def test_a_killed_worker_ends_the_run_and_leaves_the_checkpoint(runs):
    said, folder = runs
    assert said["killed"].returncode != 0
    assert "process 1 is killed after step 5" in said["killed"].stdout
    assert not (folder / "killed.json").exists()
    losses = read(folder / "killed.pt")["losses"]
    assert losses == read(folder / "ddp.pt")["losses"][:3]


def test_the_run_goes_on_as_if_nothing_had_happened(runs):
    said, folder = runs
    assert said["resumed"].returncode == 0, said["resumed"].stderr
    assert "goes on after step 3\n" in said["resumed"].stdout
    assert difference(folder / "resumed.pt", folder / "ddp.pt") == 0


def test_torchrun_starts_all_anew(runs):
    said, folder = runs
    assert said["restarted"].returncode == 0, said["restarted"].stderr
    lines = lines_of(said["restarted"])
    assert lines[2:5] == [
        "process 0 is killed after step 5",
        "2 processes, fsdp, cpu",
        "goes on after step 3",
    ]
    assert difference(folder / "restarted.pt", folder / "fsdp.pt") == 0


def test_other_processes_can_go_on(runs):
    said, folder = runs
    assert said["as-fsdp"].returncode == 0, said["as-fsdp"].stderr
    assert "goes on after step 3\n" in said["as-fsdp"].stdout
    assert alone(*EXACT, "--checkpoint", folder / "as-one.pt", "--resume") == 0
    for name in ("as-fsdp", "as-one"):
        assert difference(folder / f"{name}.pt", folder / "ddp.pt") < TOLERANCE


def test_an_error_is_said_once(runs):
    said, folder = runs
    assert said["uneven"].returncode != 0
    assert lines_of(said["uneven"]) == []
    (line,) = said["uneven"].stderr.splitlines()
    assert line.startswith("error: 2 processes cannot share a batch of 17")
    assert "--batch-size that 2 divides" in line
    assert not (folder / "uneven.pt").exists()


def test_one_process_goes_on_from_its_checkpoint(tmp_path, capsys):
    straight, stopped = tmp_path / "straight.pt", tmp_path / "stopped.pt"
    assert alone("--checkpoint", straight) == 0
    assert alone("--checkpoint", stopped, "--steps", 3) == 0
    assert alone("--checkpoint", stopped, "--resume") == 0
    assert difference(straight, stopped) == 0
    before = stopped.read_bytes()
    assert alone("--checkpoint", stopped, "--resume") == 0, "nothing is left"
    assert stopped.read_bytes() == before
    assert capsys.readouterr().out.endswith("goes on after step 7\n")
    assert sorted(tmp_path.iterdir()) == [stopped, straight]


def test_a_failed_save_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    assert alone("--checkpoint", path, "--steps", 3) == 0
    before = path.read_bytes()

    def disk_is_full(checkpoint, file):
        file.write_bytes(b"half of it")
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", disk_is_full)
        with pytest.raises(OSError, match="No space"):
            alone("--checkpoint", path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "reason", "remedy"),
    [
        (["--expect-processes", 2], "2 processes were expected", "torchrun"),
        (["--batch-size", 0], "--batch-size", "1 or more"),
        (["--every", 0], "--every", "1 or more"),
        (["--steps", "many"], "--steps: invalid int", "--help"),
        (["--strategy", "magic"], "magic", "fsdp"),
        (["--images", 15], "--images 15", "18000"),
        (["--images", 20_000], "--images 20000", "18000"),
        (["--out", "no/such/folder/it.json"], "no/such/folder", "make"),
        (["--checkpoint", "none.pt", "--resume"], "none.pt", "leave"),
        (["--resume"], "--resume", "leave"),
    ],
)
def test_what_cannot_be_is_refused(options, reason, remedy, capsys):
    assert_refused(capsys, options, reason, remedy)


def assert_refused(capsys, options, *parts):
    """It ends with code 2 and one line, and nothing is left behind."""
    assert alone(*options) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    for part in parts:
        assert part in said.err
    assert not torch.distributed.is_initialized()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_is_named(capsys):
    options = ["--device", "cuda"]
    assert_refused(capsys, options, "this machine has 0", "--device cpu")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "run.pt"
    assert alone("--steps", 3, "--checkpoint", path) == 0
    return path


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--batch-size", 50], "batch_size 16, not 50"),
        (["--images", 71], "images 70, not 71"),
        (["--seed", 1], "seed 0, not 1"),
        (["--learning-rate", 0.1], "learning_rate 0.05, not 0.1"),
        (["--precision", "bfloat16"], "precision float32, not bfloat16"),
        (["--steps", 2], "taken 3 steps, more than --steps 2"),
    ],
)
def test_another_run_is_refused(checkpoint, options, reason, capsys):
    before = checkpoint.read_bytes()
    options = ["--checkpoint", checkpoint, *options]
    assert_refused(capsys, options, str(checkpoint), reason, "delete")
    assert checkpoint.read_bytes() == before


def linear(found):
    weights = torch.nn.Linear(3, 2).state_dict()
    state = {name: {"momentum_buffer": w} for name, w in weights.items()}
    return found | {"model": weights, "optimizer": {"state": state}}


def wider(found):
    return found | {"model": found["model"] | {"fc2.bias": torch.zeros(11)}}


def without_moments(found):
    return found | {"optimizer": {"state": {}}}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (linear, "another model than BigModel, with the weights weight, bias"),
        (wider, "another model than BigModel"),
        (without_moments, "damaged, or no checkpoint of this script"),
        (lambda found: found["model"], "no checkpoint of this script"),
        (lambda found: [1, 2], "no checkpoint of this script"),
    ],
)
def test_what_holds_another_model_is_refused(
    checkpoint, change, reason, tmp_path, capsys
):
    other = tmp_path / "other.pt"
    torch.save(change(read(checkpoint)), other)
    assert_refused(capsys, ["--checkpoint", other], str(other), reason)


@pytest.mark.parametrize("share", [0, 0.5, 0.999])
def test_a_damaged_checkpoint_is_refused(checkpoint, share, tmp_path, capsys):
    whole = checkpoint.read_bytes()
    short = tmp_path / "short.pt"
    short.write_bytes(whole[: int(share * len(whole))])
    assert_refused(capsys, ["--checkpoint", short], "short.pt", "damaged")


def test_half_precision_computes_nearly_the_same(tmp_path):
    paths = {
        name: tmp_path / f"{name}.json" for name in ("float32", "bfloat16")
    }
    for name, path in paths.items():
        assert alone("--precision", name, "--out", path, "--steps", 3) == 0
    exact, half = (
        torch.tensor(json.loads(p.read_text(encoding="utf-8"))["losses"])
        for p in paths.values()
    )
    assert 0 < (exact - half).abs().max() < 0.02  # of 2.3; 8 bits: 1/256


def test_the_seed_makes_the_weights_and_the_order(tmp_path):
    paths = [tmp_path / f"{i}.pt" for i in range(3)]
    for path, seed in zip(paths, (1, 1, 2), strict=True):
        assert alone("--steps", 2, "--seed", seed, "--checkpoint", path) == 0
    assert difference(paths[0], paths[1]) == 0
    assert difference(paths[0], paths[2]) > 0.01


def test_one_process_needs_no_torchrun():
    assert "torch.distributed.run" not in command(1)
    assert "torch.distributed.run" in command(2)
    assert command(2, "--steps", 3, restarts=1)[-5:] == [
        "--max-restarts=1",
        "-m",
        "helpers.distributed",
        "--steps",
        "3",
    ]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_gpu_trains_as_the_processor_does(strategy, tmp_path):
    cpu, gpu = tmp_path / "cpu.pt", tmp_path / "gpu.pt"
    assert alone("--checkpoint", cpu) == 0
    on_gpu = ("--device", "cuda", "--strategy", strategy)
    assert alone("--checkpoint", gpu, *on_gpu) == 0
    assert difference(cpu, gpu) < 1e-2  # convolutions may use TF32


def test_a_learner_s_own_helpers_is_not_in_the_way(tmp_path, monkeypatch):
    """The processes start in the folder of the notebook."""
    monkeypatch.chdir(tmp_path)
    for name in ("helpers", "torch"):
        path = tmp_path / f"{name}.py"
        path.write_text("raise SystemExit('not this one')", encoding="utf-8")
    done = launch(1, "--steps", 1, "--images", 64)
    assert done.returncode == 0, done.stderr
