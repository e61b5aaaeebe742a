"""Two tiny networks, trained one after another and put side by side, by the command."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.training.commands import here
from tests.training.tiny import NETWORK
from training.config import AugmentConfig, CnnGru, Streams, read_config
from training.config_file import load_config
from training.data.cache import Cache
from training.data.split import read_split
from training.run_folder import owning

keras = pytest.importorskip("keras", reason="the training extra is not installed")

from training import streams as module  # noqa: E402
from training.data.batches import Pictures  # noqa: E402
from training.evidence import read_scales  # noqa: E402
from training.network import build, streams  # noqa: E402

ONE = """
classes = ["Drift", "Still"]
epochs = {epochs}
batch = 4
"""


def written(folder: Path, others: str = "") -> Path:
    """The configuration of both; of other classes the first one can learn to be unsure."""
    for name, epochs, motion in (("seeing", 2, "false"), ("moving", 1, "true")):
        text = ONE.format(epochs=epochs) + NETWORK + f"motion = {motion}\n"
        (folder / f"{name}.toml").write_text((others if name == "seeing" else "") + text)
    path = folder / "both.toml"
    names = [str(folder / f"{name}.toml") for name in ("seeing", "moving")]
    path.write_text(f"streams = {names}")
    return path


def trained(both: Path, data: Path, cache: Path, run: Path, *options: str) -> int:
    """Train by the command; the exit code."""
    return here("fit", "--config", both, "--data", data, "--cache", cache, "--run", run, *options)


@pytest.fixture
def both(tmp_path: Path) -> Path:
    return written(tmp_path)


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("streams-cache")


@pytest.fixture
def fit(both, clips_folder, tmp_path, cache):
    """Train into `run`; the exit code."""
    return lambda *options: trained(both, clips_folder, cache, tmp_path / "run", *options)


@pytest.fixture(scope="module")
def finished(clips_folder, tmp_path_factory, cache) -> Path:
    """A finished run, which nobody changes; its configuration lies beside it."""
    folder = tmp_path_factory.mktemp("finished")
    assert trained(written(folder), clips_folder, cache, folder / "run") == 0
    return folder / "run"


@pytest.fixture(scope="module")
def with_others(clips_folder, tmp_path_factory, cache) -> Path:
    """The same, but clips of other classes teach the first stream to be unsure."""
    folder = tmp_path_factory.mktemp("with-others")
    both = written(folder, "others = 1.0")
    assert trained(both, clips_folder, cache, folder / "run") == 0
    return folder / "run"


def network_of(run: Path) -> tuple[Streams, keras.Model]:
    """Its configuration, and what it learned."""
    config = load_config(str(run.parent / "both.toml"))
    assert isinstance(config, Streams)
    network = build(config.network, 2)
    network.load_weights(run / "best.weights.h5")
    return config, network


def test_each_is_trained_and_the_mean_of_their_logits_is_calibrated(finished: Path) -> None:
    run = finished
    config, network = network_of(run)
    assert read_config(msgspec.json.decode((run / "config.json").read_bytes())) == config
    for name in ("calibration", "validation", "environment", "split"):
        assert (run / f"{name}.json").exists()

    random = np.random.default_rng(1)
    clip = random.integers(0, 256, (3, 11, 24, 32, 3), dtype=np.uint8)
    answers = []
    for number, (part, shape) in enumerate(streams(network, config.network)):
        assert isinstance(shape, CnnGru)
        alone = build(shape, 2)
        alone.load_weights(run / f"stream{number}" / "best.weights.h5")
        for name in ("encoder", "head"):
            weights = part.get_layer(name).get_weights(), alone.get_layer(name).get_weights()
            for one, other in zip(*weights, strict=True):
                np.testing.assert_array_equal(one, other)
        answers.append(alone(clip if shape.motion else clip[:, 1:]))
    assert not np.allclose(answers[0], answers[1])
    mean, fused = np.mean(answers, axis=0), np.asarray(network(clip))
    # Without clips of other classes it is not known what evidence is.
    np.testing.assert_allclose(fused, mean - mean.max(axis=1, keepdims=True), atol=1e-6)
    calibration = msgspec.json.decode((run / "calibration.json").read_bytes())
    assert calibration["least_evidence"] is None
    assert not (run / "evidence.json").exists()


@pytest.mark.slow
def test_a_stream_that_has_finished_is_not_trained_again(fit, tmp_path, monkeypatch, capsys):
    whole = module.fit
    with monkeypatch.context() as patch:
        # Interrupted between the first stream and the second.
        def first_only(config, *arguments, **options) -> None:
            if config.network.motion:
                raise KeyboardInterrupt
            whole(config, *arguments, **options)

        patch.setattr(module, "fit", first_only)
        assert fit() != 0
    run = tmp_path / "run"
    first = run / "stream0" / "environment.json"
    environment = msgspec.json.decode(first.read_bytes())
    elsewhere = {"machine": "a GPU", "backend": "jax", "commit": "0123abc", "seconds": 1000}
    packages = {**environment["packages"], "tensorflow": None, "keras": "3.0"}
    first.write_bytes(msgspec.json.encode({**environment, **elsewhere, "packages": packages}))
    assert not (run / "environment.json").exists()
    capsys.readouterr()
    assert fit() == 2
    assert "is not empty: go on with --resume" in capsys.readouterr().err
    with owning(run):
        assert fit("--resume") == 2
    assert "run: another process trains there" in capsys.readouterr().err
    trained = []

    def noted(config, *arguments, **options) -> None:
        trained.append(config.network.motion)
        whole(config, *arguments, **options)

    monkeypatch.setattr(module, "fit", noted)
    assert fit("--resume") == 0
    assert trained == [True]
    together = msgspec.json.decode((run / "environment.json").read_bytes())
    assert together["machine"] == f"a GPU and {environment['machine']}"
    assert together["backend"] == f"jax and {environment['backend']}"
    assert together["seconds"] >= 1000
    assert together["commit"] == f"0123abc and {environment['commit']}"
    assert together["joined"] == environment["commit"]
    assert together["precision"] == environment["precision"]
    own = environment["packages"]
    assert together["packages"]["tensorflow"] == own["tensorflow"]
    assert together["packages"]["keras"] == f"3.0 and {own['keras']}"


def test_other_classes_teach_what_evidence_is(with_others, clips_folder, tmp_path) -> None:
    run = with_others
    calibration = msgspec.json.decode((run / "calibration.json").read_bytes())
    assert calibration["least_evidence"] is not None
    config, network = network_of(run)
    slope, offset = network.get_layer("evidence").get_weights()
    scales = read_scales(run)
    pairs = [[(scale.doubtful, scale.usual) for scale in own] for own in scales.networks]
    doubtful, usual = np.moveaxis(np.array(pairs), -1, 0)
    np.testing.assert_allclose(slope * doubtful + offset, 0, atol=1e-3)
    np.testing.assert_allclose(slope * usual + offset, 1, atol=1e-3)

    # The windows by which all was found: few of the right ones are doubtful, or are lost.
    cache = Cache(tmp_path / "all", clips_folder, (24, 32), 0.2)
    held = cache.fill(read_split(run / "split.json").validation)
    material = Pictures(AugmentConfig(), (24, 32), cache)
    windows, labels = windows_of(config, material, held)
    logits = np.asarray(network(windows))
    right = logits.argmax(axis=1) == labels
    evident = logits.max(axis=1)[right]
    assert (evident >= 0).mean() > 0.7
    assert np.median(evident) < 1.1
    heat = np.exp(logits[right] / calibration["temperature"])
    sure = heat.max(axis=1) / heat.sum(axis=1) >= calibration["rejection_threshold"] - 1e-4
    kept = sure & (evident >= calibration["least_evidence"] - 1e-4)
    assert 0.92 <= kept.mean() <= 0.92 + 2 / len(kept)


def windows_of(config: Streams, material: Pictures, clips) -> tuple[np.ndarray, np.ndarray]:
    """All windows of the clips, as `network` takes them, and what they show."""
    count = config.network.pictures
    windows, labels = [], []
    for number, pictures in module._taken(config, material, clips):
        found = [pictures[first : first + count] for first in range(len(pictures) - count + 1)]
        windows.extend(found)
        labels.extend([config.classes.index(clips[number].label)] * len(found))
    return np.stack(windows), np.array(labels)


def test_a_long_clip_is_looked_at_in_parts(finished, clips_folder, tmp_path, monkeypatch) -> None:
    config, network = network_of(finished)
    cache = Cache(tmp_path / "all", clips_folder, (24, 32), 0.2)
    material = Pictures(AugmentConfig(), (24, 32), cache)
    clips = cache.fill(read_split(finished / "split.json").train)[:2]
    whole, owners = module._answers(config, network, material, clips)
    assert np.bincount(owners).min() > 2
    assert whole.shape == (len(owners), 2, 2)
    monkeypatch.setattr(module, "AT_ONCE", 2)
    parts, same = module._answers(config, network, material, clips)
    assert same.tolist() == owners.tolist()
    np.testing.assert_allclose(parts, whole, atol=1e-5)


def test_a_run_that_knows_no_other_classes_is_trained_again_too(
    finished, clips_folder, cache, tmp_path
):
    where = ("--data", clips_folder, "--cache", cache, "--run", tmp_path / "again")
    assert here("refit", "--after", finished, *where) == 0
    assert not (tmp_path / "again" / "evidence.json").exists()


def test_refit_trains_each_stream_on_what_validated_too(
    with_others, clips_folder, cache, tmp_path, capsys
):
    first, again = with_others, tmp_path / "again"
    where = ("--data", clips_folder, "--cache", cache, "--run", again)
    assert here("refit", "--after", first, *where) == 0
    assert "learned from too" in capsys.readouterr().out
    for folder in ("", "stream0", "stream1"):
        split = read_split(again / folder / "split.json")
        assert split.validated == read_split(first / folder / "split.json").validation
        assert split.validation == []
        names = (
            ("calibration", "validation") if folder else ("calibration", "validation", "evidence")
        )
        for name in names:
            path = Path(folder) / f"{name}.json"
            assert (again / path).read_bytes() == (first / path).read_bytes()
        weights = [(run / folder / "best.weights.h5").read_bytes() for run in (first, again)]
        assert weights[0] != weights[1]
    networks = []
    for run in (first, again):
        networks.append(build(network_of(first)[0].network, 2))
        networks[-1].load_weights(run / "best.weights.h5")
    before, after = (network.get_layer("evidence").get_weights() for network in networks)
    assert np.all(before[0] > 0)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_what_is_too_short_for_one_is_left_out_of_all(
    both: Path, tmp_path: Path, write_clip, capsys
) -> None:
    data, run = tmp_path / "data", tmp_path / "run"
    for label, speed in (("Drift", 0.5), ("Still", 0.0)):
        for group in (3, 8, 9, 10):
            path = data / label / f"v_{label}_g{group:02d}_c01.avi"
            write_clip(path, speed=speed, seed=10 * group + len(label), seconds=2.5)
    # Half a window of pictures lasts 0.9 s, with the one before the first 1.0 s.
    write_clip(data / "Drift" / "v_Drift_g08_c02.avi", speed=0.5, seed=1, seconds=0.98)
    write_clip(data / "Drift" / "v_Drift_g09_c02.avi", speed=0.5, seed=2, seconds=0.98)
    write_clip(data / "Drift" / "v_Drift_g03_c02.avi", speed=0.5, seed=3, seconds=0.98)
    where = ("--data", data, "--cache", tmp_path / "cache", "--run", run)
    assert here("fit", "--config", both, *where) == 0
    assert "c02.avi lasts 1.0 s, less than half a window of 2.0 s" in capsys.readouterr().err
    seeing, moving, together = (
        read_split(folder / "split.json") for folder in (run / "stream0", run / "stream1", run)
    )
    assert len(seeing.train) == len(moving.train) + 1
    assert len(seeing.test) == len(moving.test) + 1
    assert together == moving
    told = msgspec.json.decode((run / "validation.json").read_bytes())
    assert told["clips"] == len(moving.validation)


def test_what_it_lacks_is_said_before_anything_is_begun(
    tmp_path: Path, clips_folder: Path, capsys
) -> None:
    run = tmp_path / "run"
    where = ("--data", clips_folder, "--cache", tmp_path / "cache", "--run", run)
    assert here("fit", "--config", "two_stream", "--classes", "Drift,Still", *where) == 2
    assert "give their folder, --published" in capsys.readouterr().err
    assert not run.exists()
