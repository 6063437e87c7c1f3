import math
import shutil

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from helpers.speech import FLOOR, HOP, NUM_MELS, load_speech
from helpers.wavenet import (
    SILENCE,
    WEIGHTS,
    WaveNet,
    causal_conv,
    conditions,
    conv_step,
    draw_code,
    generate,
    load_wavenet,
    nats,
    receptive_field,
    stream,
    train_wavenet,
    windows,
)


@pytest.fixture
def net():
    torch.manual_seed(0)
    return WaveNet(dilations=(1, 2, 4), channels=8, skip=8)


@pytest.fixture
def told():
    torch.manual_seed(0)
    return WaveNet(dilations=(1, 2, 4), channels=8, skip=8, mels=NUM_MELS)


def test_no_score_sees_its_own_code_or_a_later_one(net):
    codes = torch.randint(256, (1, 30))
    other = codes.clone()
    other[0, 12] = (other[0, 12] + 100) % 256
    same = (net(codes) == net(other)).all(dim=1)[0]
    field = receptive_field((1, 2, 4))
    assert same[:13].all()
    assert same[13 + field :].all()
    assert not same[13 : 13 + field].any()


def test_a_step_with_memory_is_the_convolution():
    x, weight = torch.randn(1, 3, 20), torch.randn(5, 3, 2)
    bias = torch.randn(5)
    whole = causal_conv(x, weight, bias, 4)[0]
    memory = torch.zeros(3, 4)
    for t in range(20):
        out, memory = conv_step(x[0, :, t], memory, weight, bias)
        torch.testing.assert_close(out, whole[:, t])


def test_codes_come_as_often_as_their_probabilities():
    logits = torch.tensor([[0.0, 1.0, -1.0]]).expand(50_000, 3)
    u = torch.rand(50_000, generator=torch.Generator().manual_seed(0))
    shares = draw_code(logits, u).bincount(minlength=3) / 50_000
    expected = logits[0].softmax(0)
    torch.testing.assert_close(shares, expected, atol=0.01, rtol=0)
    assert draw_code(logits[:1], torch.ones(1)).item() == 2


def slowly(net, u, mel=None):
    codes = torch.zeros(len(u), 0, dtype=torch.long)
    for t in range(u.shape[1]):
        room = torch.nn.functional.pad(codes, (0, 1))
        logits = net(room, mel)[:, :, -1]
        code = draw_code(logits, torch.from_numpy(u[:, t]))
        codes = torch.cat([codes, code[:, None]], dim=1)
    return codes.numpy()


@pytest.mark.parametrize("batch", [1, 3])
def test_memory_changes_no_sample(net, told, batch):
    u = np.random.default_rng(0).random((batch, 200))
    assert (generate(net, u) == slowly(net, u)).mean() > 0.98
    mel = torch.randn(batch, NUM_MELS, 3)
    fast = generate(told, u, mel)
    assert fast.dtype == np.uint8
    assert (fast == slowly(told, u, mel)).mean() > 0.98
    picked = generate(told, u, mel, draw_code)
    assert (fast == picked).mean() > 0.98


def test_what_does_not_belong_together_is_refused(net, told):
    codes, mel = torch.zeros(1, 200).long(), torch.zeros(1, NUM_MELS, 2)
    with pytest.raises(ValueError, match="takes none, and one was given"):
        net(codes, mel)
    with pytest.raises(ValueError, match="and none was given"):
        told(codes)
    with pytest.raises(ValueError, match=r"need 3 frames .* has 2"):
        told(codes, mel)
    with pytest.raises(ValueError, match=r"shape .batch, length."):
        generate(net, np.zeros(10))
    with pytest.raises(ValueError, match="2 sounds, but mel has 1"):
        generate(told, np.zeros((2, 100)), mel)
    with pytest.raises(ValueError, match="does not fit into 100"):
        windows(codes[0, :100], mel[0], torch.Generator(), length=160)
    with pytest.raises(ValueError, match="are less than 8000"):
        nats(net, codes[0], mel[0])


def test_a_stream_has_a_column_for_every_80_samples():
    sounds = load_speech().test.codes[:3]
    codes, mel = stream(sounds)
    assert len(codes) % HOP == 0
    assert mel.shape == (NUM_MELS, len(codes) // HOP + 1)
    assert (codes[: 5 * HOP] == SILENCE).all()
    first = codes[5 * HOP : 5 * HOP + len(sounds[0])].numpy()
    np.testing.assert_array_equal(first, sounds[0])


def test_nats_are_the_mean_cross_entropy(net):
    codes = torch.randint(256, (1000,))
    pieces = codes[:400], codes[400:800]  # what is left over does not count
    with torch.no_grad():
        by_hand = [F.cross_entropy(net(x[None]), x[None]) for x in pieces]
    mean = torch.stack(by_hand).mean().item()
    mel = torch.zeros(NUM_MELS, 13)
    assert nats(net, codes, mel, length=400) == pytest.approx(mean, abs=1e-6)


def test_windows_reach_both_ends_and_keep_their_columns():
    codes, mel = torch.arange(4 * HOP), torch.arange(5.0).expand(NUM_MELS, 5)
    generator = torch.Generator().manual_seed(0)
    pieces, columns = windows(codes, mel, generator, batch=60, length=2 * HOP)
    starts = columns[:, 0, 0].long()
    assert set(starts.tolist()) == {0, 1, 2}
    expected = starts[:, None] * HOP + torch.arange(2 * HOP)
    assert torch.equal(pieces, expected)
    assert torch.equal(columns[:, 0, 1].long(), starts + 1)


def test_the_spectrogram_of_silence():
    quiet = conditions(np.zeros(HOP, np.float32))
    assert quiet.shape == (1, NUM_MELS, 2)
    level = (math.log(FLOOR) + 4) / 4
    torch.testing.assert_close(quiet, torch.full_like(quiet, level))


def test_the_rate_rises_for_twenty_steps_and_falls_to_nothing(
    net, monkeypatch
):
    rates = []

    class Adam(torch.optim.Adam):
        def step(self):
            rates.append(self.param_groups[0]["lr"])
            super().step()

    monkeypatch.setattr(torch.optim, "Adam", Adam)
    codes, mel = stream(load_speech().train.codes[:2])
    train_wavenet(net, codes, mel, 40, peak_lr=1e-2, batch=1)
    assert rates[0] == pytest.approx(1e-2 / 20)
    assert rates[9] == pytest.approx(1e-2 * 10 / 20 * (31 / 40) ** 0.7)
    assert rates[19:] == sorted(rates[19:], reverse=True)
    assert rates[-1] == pytest.approx(1e-2 * (1 / 40) ** 0.7)


def test_it_learns(net):
    codes, mel = stream(load_speech().train.codes[:10])
    losses = train_wavenet(net, codes, mel, 60, peak_lr=2e-2, batch=2)
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.2


def test_the_stored_weights_and_their_absence(tmp_path):
    for kind in ("wave", "excitation"):
        assert not load_wavenet(kind=kind).training
    test = load_speech().test
    codes, mel = stream(test[test.voices == "af_kore"].codes[:4])
    assert nats(load_wavenet(), codes, mel) < 3, "256 codes alone: 5.5"
    with pytest.raises(ValueError, match="wave, excitation, not 'noise'"):
        load_wavenet(kind="noise")
    with pytest.raises(FileNotFoundError, match="is missing"):
        load_wavenet(tmp_path / "none.pt")
    (tmp_path / "bad.pt").write_bytes(b"no weights")
    with pytest.raises(ValueError, match="does not hold"):
        load_wavenet(tmp_path / "bad.pt")
    torch.save({"wave": {}}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match="no 'excitation'"):
        load_wavenet(tmp_path / "other.pt", "excitation")
    shutil.copy(WEIGHTS, tmp_path / "copy.pt")
    load_wavenet(tmp_path / "copy.pt")
