"""Real bytes in, a whole set or a clear error out."""

import functools
import gzip
import hashlib
import http.server
import pickle
import re
import shutil
import struct
import tarfile
import threading

import numpy as np
import pytest
import torch
from torchvision import datasets

from helpers import data
from helpers.data import DATA_FOLDER, DataError, LabelledImages
from tools import build_data


@pytest.fixture(scope="module")
def embedded():
    return data.load_embedded()


def bytes_of(part):
    return {image.numpy().tobytes() for image in part.images}


def test_sizes_and_balance(embedded):
    for part, per_class in zip(embedded, (1800, 200, 400), strict=True):
        assert part.labels.bincount().tolist() == [per_class] * 10
        assert part.images.shape == (10 * per_class, 1, 28, 28)
        assert part.class_names == data.CLOTHING


def test_no_image_stands_twice(embedded):
    parts = [bytes_of(part) for part in embedded]
    assert [len(p) for p in parts] == [18_000, 2_000, 4_000]
    assert len(set.union(*parts)) == 24_000


def test_torchvision_reads_the_same(embedded, tmp_path):
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for name in data.CHECKSUMS:
        packed = (DATA_FOLDER / name).read_bytes()
        (raw / name.removesuffix(".gz")).write_bytes(gzip.decompress(packed))
    theirs = datasets.FashionMNIST(tmp_path, train=False, download=False)
    assert torch.equal(theirs.data, embedded.test.images[:, 0])
    assert torch.equal(theirs.targets, embedded.test.labels)


def test_the_data_card_agrees(embedded):
    card = (DATA_FOLDER / "README.md").read_text(encoding="utf-8")
    for name, checksum in data.CHECKSUMS.items():
        assert re.search(rf"`{re.escape(name)}`.*`{checksum}`", card), name
    for name in data.CLOTHING:
        assert name in card
    for count in ("18,000", "2,000", "4,000"):
        assert count in card


@pytest.fixture
def copied(tmp_path):
    for name in data.CHECKSUMS:
        shutil.copy(DATA_FOLDER / name, tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", data.CHECKSUMS)
def test_a_missing_file_is_named(copied, name):
    (copied / name).unlink()
    with pytest.raises(DataError, match=f"{name} is missing: copy it again"):
        data.load_embedded(copied)


@pytest.mark.parametrize("name", data.CHECKSUMS)
def test_a_truncated_file_is_named(copied, name):
    whole = (copied / name).read_bytes()
    (copied / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=f"{name} is cut short"):
        data.load_embedded(copied)


def test_an_altered_file_is_named(copied):
    name = "t10k-labels-idx1-ubyte.gz"
    raw = bytearray(gzip.decompress((copied / name).read_bytes()))
    raw[100] = (raw[100] + 1) % 10
    (copied / name).write_bytes(gzip.compress(bytes(raw)))
    with pytest.raises(DataError, match=f"{name} was altered"):
        data.load_embedded(copied)


def test_a_file_of_another_kind_is_named(copied):
    name = "train-images-idx3-ubyte.gz"
    (copied / name).write_text("<html>404</html>", encoding="utf-8")
    with pytest.raises(DataError, match=f"{name} is damaged"):
        data.load_embedded(copied)


def test_the_course_s_own_file_comes_back_from_git(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / ".git").mkdir()
    monkeypatch.setattr(data, "DATA_FOLDER", tmp_path / "data")
    with pytest.raises(DataError, match="`git checkout -- data/train-images"):
        data.load_embedded(tmp_path / "data")


def test_where_there_is_no_git_the_advice_is_to_download_again(
    tmp_path, monkeypatch
):
    """A ZIP download: git could not get anything back."""
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(data, "DATA_FOLDER", tmp_path / "data")
    with pytest.raises(DataError, match="download the course again") as caught:
        data.load_embedded(tmp_path / "data")
    assert "git checkout" not in str(caught.value)
    assert "git checkout" not in data.how_to_restore("/elsewhere/x.gz")


@pytest.mark.parametrize(
    "raw",
    [b"", b"\0\0\x08", b"\0\0\x08\x01\0\0\0\x05abc", b"\0\0\x0d\x01abcd"],
)
def test_what_is_no_idx_file_is_refused(tmp_path, raw):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(raw))
    with pytest.raises(DataError, match="not a whole IDX file"):
        data._read_idx(path)


def images(n=3, channels=1, **changed):
    whole = {
        "images": torch.zeros(n, channels, 28, 28, dtype=torch.uint8),
        "labels": torch.zeros(n, dtype=torch.int64),
        "class_names": ("a", "b"),
    }
    return LabelledImages(**whole | changed)


def test_a_set_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"uint8 of shape .*float32"):
        images(images=torch.zeros(3, 1, 28, 28))
    with pytest.raises(ValueError, match=r"not torch.uint8 of shape \(3, 28"):
        images(images=torch.zeros(3, 28, 28, dtype=torch.uint8))
    with pytest.raises(ValueError, match="3 images need 3 int64 labels"):
        images(labels=torch.zeros(4, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"lie in 0..1, not 0..2"):
        images(labels=torch.tensor([0, 1, 2]))
    with pytest.raises(TypeError, match="a set takes a slice"):
        images()[0]


def test_a_part_of_a_set_keeps_images_and_labels_together(embedded):
    chosen = torch.tensor([5, 3, 3])
    part = embedded.test[chosen]
    assert len(part) == 3
    assert torch.equal(part.images[1], embedded.test.images[3])
    assert part.labels.tolist() == embedded.test.labels[chosen].tolist()
    assert len(embedded.test[:0]) == 0


def test_inputs_are_three_channels_from_0_to_1():
    grey = images(images=torch.full((3, 1, 28, 28), 255, dtype=torch.uint8))
    X = grey.inputs()
    assert X.shape == (3, 3, 28, 28)
    assert X.dtype == torch.float32
    assert X.min() == X.max() == 1
    assert images(channels=3).inputs().shape == (3, 3, 28, 28)


def test_hold_out_is_balanced_disjoint_and_fixed():
    labels = torch.arange(600) % 2
    numbered = torch.arange(600).to(torch.uint8).view(-1, 1, 1, 1)
    whole = images(images=numbered, labels=labels)
    train, held = data._hold_out(whole, per_class=20)
    assert held.labels.bincount().tolist() == [20, 20]
    assert len(train) == 560
    _, again = data._hold_out(whole, per_class=20)
    assert torch.equal(held.images, again.images)


# --- the sets that are downloaded: archives in the original's format ------


@pytest.fixture
def served(tmp_path):
    """A folder that a server on the loopback address serves."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(
        http.server.SimpleHTTPRequestHandler, directory=folder
    )
    handler.log_message = None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.RequestHandlerClass.func.log_message = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def md5(path):
    return hashlib.md5(path.read_bytes()).hexdigest()


@pytest.fixture
def fashion(served, monkeypatch, embedded):
    """Fashion-MNIST's four archives, of its size, from our images."""
    folder, url = served
    resources = []
    for part, times in ((embedded.test, 15), (embedded.validation, 5)):
        prefix = "train" if times == 15 else "t10k"
        arrays = {
            f"{prefix}-images-idx3-ubyte.gz": part.images[:, 0],
            f"{prefix}-labels-idx1-ubyte.gz": part.labels.to(torch.uint8),
        }
        for name, array in arrays.items():
            whole = np.concatenate([array.numpy()] * times)
            path = folder / name
            path.write_bytes(gzip.compress(build_data.idx(whole), 1))
            resources.append((name, md5(path)))
    monkeypatch.setattr(datasets.FashionMNIST, "mirrors", [url])
    monkeypatch.setattr(datasets.FashionMNIST, "resources", resources)
    return folder


def test_fashion_mnist_comes_whole(fashion, tmp_path, embedded, monkeypatch):
    train, validation, test = data.load_fashion_mnist(tmp_path)
    assert [len(s) for s in (train, validation, test)] == [58000, 2000, 10000]
    assert validation.labels.bincount().tolist() == [200] * 10
    assert torch.equal(test.images[:2000], embedded.validation.images)
    # A second time it comes from the disk.
    monkeypatch.setattr(datasets.FashionMNIST, "mirrors", [])
    assert len(data.load_fashion_mnist(tmp_path).train) == 58000


def test_a_damaged_download_is_fetched_again(fashion, tmp_path, monkeypatch):
    data.load_fashion_mnist(tmp_path)
    path = tmp_path / "FashionMNIST" / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:1000])
    assert len(data.load_fashion_mnist(tmp_path).test) == 10_000


def test_another_number_of_images_is_refused(fashion, tmp_path, monkeypatch):
    resources = []
    for name, _ in datasets.FashionMNIST.resources:
        path = fashion / name
        array = build_data.idx(data._read_idx(path)[:-1])
        path.write_bytes(gzip.compress(array, 1))
        resources.append((name, md5(path)))
    monkeypatch.setattr(datasets.FashionMNIST, "resources", resources)
    with pytest.raises(DataError, match="59,999"):
        data.load_fashion_mnist(tmp_path)


def test_without_a_network_fashion_mnist_says_how_to_go_on(tmp_path):
    with pytest.raises(DataError, match=r"go on with load_embedded\(\)"):
        data.load_fashion_mnist(tmp_path)


@pytest.fixture
def cifar(served, monkeypatch):
    """CIFAR-10's archive, of its size: every image names its own number."""
    folder, url = served
    root = folder / "cifar-10-batches-py"
    root.mkdir()
    lists = {"train_list": [], "test_list": []}
    for batch, name in enumerate(
        [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    ):
        pixels = np.zeros((10_000, 3, 32, 32), np.uint8)
        pixels[:, 0] = np.arange(32)  # the red channel holds the column
        pixels[:, 1] = np.arange(32)[:, None]  # the green one the row
        pixels[:, 2] = batch
        labels = [i % 10 for i in range(10_000)]
        content = {"data": pixels.reshape(10_000, -1), "labels": labels}
        (root / name).write_bytes(pickle.dumps(content))
        kind = "test_list" if name == "test_batch" else "train_list"
        lists[kind].append([name, md5(root / name)])
    meta = root / "batches.meta"
    meta.write_bytes(pickle.dumps({"label_names": list(data.CIFAR10)}))
    archive = folder / "cifar-10-python.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(root, root.name)
    monkeypatch.setattr(datasets.CIFAR10, "url", url + archive.name)
    monkeypatch.setattr(datasets.CIFAR10, "tgz_md5", md5(archive))
    for kind, entries in lists.items():
        monkeypatch.setattr(datasets.CIFAR10, kind, entries)
    monkeypatch.setattr(
        datasets.CIFAR10, "meta", datasets.CIFAR10.meta | {"md5": md5(meta)}
    )


def test_cifar_comes_whole_and_cropped(cifar, tmp_path):
    splits = data.load_cifar10(tmp_path)
    assert [len(s) for s in splits] == [48_000, 2_000, 10_000]
    assert splits.validation.labels.bincount().tolist() == [200] * 10
    image = splits.test.images[0]
    assert image.shape == (3, 28, 28)
    assert image[0, 0].tolist() == list(range(2, 30))  # the middle columns
    assert image[1, :, 0].tolist() == list(range(2, 30))  # the middle rows
    assert image[2].unique().tolist() == [5]


def test_without_a_network_cifar_says_how_to_go_on(tmp_path):
    with pytest.raises(DataError, match=r"go on with load_embedded\(\)"):
        data.load_cifar10(tmp_path)


# --- how the embedded files are made --------------------------------------


def test_idx_is_the_format_of_the_original():
    array = np.arange(6, dtype=np.uint8).reshape(1, 2, 3)
    header = struct.pack(">4B3I", 0, 0, 8, 3, 1, 2, 3)
    assert build_data.idx(array) == header + bytes(range(6))


def test_duplicates_are_dropped():
    def row(value):
        return np.full(4, value, np.uint8)

    kept = build_data.drop_duplicates(
        [np.stack([row(1), row(1), row(2)]), np.stack([row(2), row(3)])]
    )
    # 1 is kept once; 2 stands in two classes, so it is in neither
    assert [k[:, 0].tolist() for k in kept] == [[1], [3]]


def test_the_split_is_always_the_same(monkeypatch):
    for name, size in (("TRAIN", 5), ("VALIDATION", 2), ("TEST", 3)):
        monkeypatch.setattr(build_data, name, size)
    random = np.random.default_rng(0)
    classes = [random.integers(0, 255, (12, 784), np.uint8) for _ in range(10)]
    once, again = build_data.split(classes), build_data.split(classes)
    for name, size in (("train", 50), ("validation", 20), ("test", 30)):
        assert len(once[name][1]) == size
        assert np.array_equal(once[name][0], again[name][0])
