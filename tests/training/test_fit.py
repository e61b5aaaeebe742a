"""A real, tiny training: does it learn, is it whole after an interruption."""

import json
import os
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from har_desktop.errors import OutputError
from har_desktop.inference.letterbox import Letterbox
from har_desktop.sources.video import VideoFile
from tests.training.interrupted import interrupted
from tests.weights import randomize
from training.config import AugmentConfig, CnnGru, Config, MobileNetGru, TunedGru
from training.data.bank import Bank
from training.data.cache import Cache
from training.data.index import scan
from training.data.split import split_by_group

keras = pytest.importorskip("keras", reason="the training extra is not installed")

from training import fit as fit_module  # noqa: E402
from training import mobilenet  # noqa: E402
from training.callbacks import Best, DivergedError, StopOnNan  # noqa: E402
from training.fit import Right, fit, keep_calibration  # noqa: E402
from training.network import build, find_layer  # noqa: E402
from training.prepare import Prepared  # noqa: E402
from training.run_folder import history, open_run  # noqa: E402

CONFIG = Config(
    classes=("Drift", "Still"),
    network=CnnGru(height=24, width=32, motion=True, filters=(4, 8, 8), conv3d=8, gru=(8, 8)),
    augment=AugmentConfig(jitter=0.1),
    epochs=6,
    batch=4,
    windows=3,
    learning_rate=5e-3,
    average=0.9,
)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, clips_folder: Path) -> Prepared:
    clips = scan(clips_folder, CONFIG.classes)
    cache = Cache(tmp_path_factory.mktemp("cache"), clips_folder, (32, 43), 0.2)
    cache.fill(clips)
    return Prepared(split_by_group(clips), [], [], cache, clips_folder)


@pytest.fixture(autouse=True)
def float32_afterwards():
    yield
    keras.config.set_dtype_policy("float32")


def test_it_learns_what_moves_and_leaves_a_whole_run(
    prepared, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    split = prepared.split
    run = tmp_path / "run"
    open_run(run, CONFIG, split, resume=False)
    fit(CONFIG, prepared, run)
    report = json.loads((run / "validation.json").read_text())
    assert report["clips"] == len(split.validation) == 6
    assert report["clip_accuracy"] == 1.0
    calibration = json.loads((run / "calibration.json").read_text())
    assert calibration["temperature"] > 0
    assert calibration["least_movement"] < 5  # one of the classes stands still
    environment = json.loads((run / "environment.json").read_text())
    assert environment["packages"]["keras"] == keras.__version__
    assert 0 < environment["waited"] < 1
    assert "% of the steps' time was spent waiting for data" in capsys.readouterr().out
    assert environment["precision"] == "float32"
    names = {path.name for path in run.iterdir()}
    assert names == {
        "config.json",
        "split.json",
        "environment.json",
        "history.csv",
        "best.weights.h5",
        "calibration.json",
        "validation.json",
    }


def test_what_calibrates_is_what_the_app_sees_and_what_is_exported(
    prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = msgspec.structs.replace(CONFIG, epochs=1, precision="mixed_bfloat16")
    found = {}

    whole = keras.Model.predict

    def note(model, windows, **options):
        found.update(model=model, windows=windows)
        return whole(model, windows, **options)

    monkeypatch.setattr(keras.Model, "predict", note)
    open_run(tmp_path / "run", config, prepared.split, resume=False)
    fit(config, prepared, tmp_path / "run")
    assert {layer.compute_dtype for layer in found["model"].layers} == {"float32"}
    (first, *_), _ = found["windows"][0]
    with VideoFile(prepared.data / prepared.split.validation[0].path) as source:
        frame = next(iter(source))
    picture = Letterbox.fit(frame.size, (24, 32)).apply(frame.image)  # scaled once
    np.testing.assert_array_equal(first[0], picture[:, :, ::-1])


class _Kill(keras.callbacks.Callback):
    """Stops like Ctrl-C in the middle of the third epoch."""

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:  # noqa: ARG002
        if batch == 2 and self.model.optimizer.iterations > 2 * self.params["steps"]:
            raise KeyboardInterrupt


def interrupt_and_go_on(
    config: Config, prepared: Prepared, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stop a run in its third epoch, resume it, and see that it is whole."""
    open_run(run, config, prepared.split, resume=False)
    whole = fit_module._callbacks
    monkeypatch.setattr(fit_module, "_callbacks", lambda *a, **k: [*whole(*a, **k), _Kill()])
    with pytest.raises(KeyboardInterrupt):
        fit(config, prepared, run)
    assert not (run / "calibration.json").exists()
    monkeypatch.setattr(fit_module, "_callbacks", whole)
    open_run(run, config, prepared.split, resume=True)
    fit(config, prepared, run)
    history = np.genfromtxt(run / "history.csv", delimiter=",", names=True)
    assert history["epoch"].tolist() == list(range(config.epochs))
    assert (run / "calibration.json").exists()


@interrupted
def test_an_interrupted_run_goes_on_where_it_stopped(
    prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_and_go_on(CONFIG, prepared, tmp_path / "run", monkeypatch)


@interrupted
def test_nan_stops_and_keeps_the_last_good_weights(
    prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = prepared.split
    run = tmp_path / "run"
    open_run(run, CONFIG, split, resume=False)

    class Poison(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002
            if epoch == 1:
                logits = find_layer(self.model, "logits")
                logits.kernel.assign(np.full(logits.kernel.shape, np.nan))

    whole = fit_module._callbacks
    monkeypatch.setattr(fit_module, "_callbacks", lambda *a, **k: [*whole(*a, **k), Poison()])
    with pytest.raises(DivergedError, match="the loss became nan"):
        fit(CONFIG, prepared, run)
    model = fit_module.build(CONFIG.network, 2)
    model.load_weights(run / "best.weights.h5")
    assert all(np.isfinite(w).all() for w in model.get_weights())


@pytest.mark.slow
@interrupted
def test_a_full_disk_stops_the_run_which_goes_on_later(prepared, tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")
    split = prepared.split
    run = tmp_path / "run"
    config = msgspec.structs.replace(CONFIG, epochs=2)
    open_run(run, config, split, resume=False)
    blocked = run / "next.best.weights.h5"
    blocked.symlink_to(full)
    with pytest.raises(OutputError, match=r"the run stopped: .*--resume"):
        fit(config, prepared, run)
    blocked.unlink()
    open_run(run, config, split, resume=True)
    fit(config, prepared, run, tensorboard=True)
    assert (run / "environment.json").exists()
    build(config.network, 2).load_weights(run / "best.weights.h5")
    assert {path.name for path in (run / "tensorboard").iterdir()} == {"train", "validation"}
    assert not (run / "backup").exists()
    assert history(run)["epoch"].tolist() == [0, 1]


@interrupted
def test_nothing_is_begun_that_the_disk_has_no_room_for(
    prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    open_run(run, msgspec.structs.replace(CONFIG, epochs=1), prepared.split, resume=False)
    weights = 4 * build(CONFIG.network, 2).count_params()
    usage = shutil.disk_usage(tmp_path)
    with monkeypatch.context() as patch:
        # Weights and what the optimizer keeps of each are written, and the best ones beside them.
        patch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=4 * weights))
        with pytest.raises(OutputError, match=r"No space left on device for \d+ bytes.*--resume"):
            fit(msgspec.structs.replace(CONFIG, epochs=1), prepared, run)
    assert not (run / "best.weights.h5").exists()
    assert not list((run / "backup").rglob("*.h5"))


@pytest.fixture(scope="module")
def three_epochs(prepared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = msgspec.structs.replace(CONFIG, epochs=3)
    run = tmp_path_factory.mktemp("three") / "run"
    open_run(run, config, prepared.split, resume=False)
    fit(config, prepared, run)
    return run


@pytest.mark.slow
@interrupted
@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_epoch_of_which_not_all_was_kept_is_learned_anew(
    prepared, three_epochs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    config = msgspec.structs.replace(CONFIG, epochs=3)
    broken = tmp_path / "broken"
    open_run(broken, config, prepared.split, resume=False)
    keep = Best.on_epoch_end

    def fail(self, epoch, logs=None) -> None:
        if epoch == number:
            raise OSError(28, "No space left on device")
        keep(self, epoch, logs)

    with monkeypatch.context() as patch:
        patch.setattr(Best, "on_epoch_end", fail)
        with pytest.raises(OutputError, match="go on with --resume"):
            fit(config, prepared, broken)
    fit(config, prepared, broken)
    assert history(broken)["epoch"].tolist() == [0, 1, 2]
    # Which values dropout leaves out is not the same after an interruption.
    np.testing.assert_allclose(history(broken)["loss"], history(three_epochs)["loss"], rtol=0.05)


@pytest.mark.slow
@interrupted
def test_without_dropout_an_interrupted_run_is_the_same_run(
    prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = msgspec.structs.replace(CONFIG.network, dropout=0.0)
    config = msgspec.structs.replace(CONFIG, network=network, epochs=4)
    runs = [tmp_path / name for name in ("whole", "broken")]
    for run in runs:
        open_run(run, config, prepared.split, resume=False)
    fit(config, prepared, runs[0])
    with monkeypatch.context() as patch:
        patch.setattr(StopOnNan, "on_epoch_end", stop_at(2))
        with pytest.raises(KeyboardInterrupt):
            fit(config, prepared, runs[1])
    fit(config, prepared, runs[1])
    whole, broken = (history(run) for run in runs)
    for column in (
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
    ):  # the latter of averaged weights
        np.testing.assert_allclose(broken[column], whole[column], rtol=1e-5)


def stop_at(number: int):
    def on_epoch_end(self, epoch, logs=None) -> None:  # noqa: ARG001
        if epoch == number:
            raise KeyboardInterrupt

    return on_epoch_end


def test_the_accuracy_of_an_epoch_is_that_of_windows_that_show_a_class() -> None:
    right = Right(name="accuracy")
    targets = np.array([[1, 0, 0], [0, 0, 1], [0, 1, 0], [1 / 3] * 3, [1 / 3] * 3], np.float32)
    answers = np.array([[5, 0, 0], [0, 0, 5], [5, 0, 0], [0, 5, 0], [0, 0, 5]], np.float32)
    right.update_state(targets, answers)
    assert float(right.result()) == pytest.approx(2 / 3)


@pytest.mark.slow
def test_a_published_trunk_learns_on(
    prepared: Prepared, tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = {"height": 32, "width": 48, "length": 4, "filters": 8, "conv3d": 8, "gru": (8, 8)}
    network = TunedGru(**shape, motion=True)
    config = msgspec.structs.replace(CONFIG, network=network, epochs=1, learning_rate=1e-4)
    begun = build(network, 2)
    mobilenet.load_published(begun.get_layer("encoder"), shared_data, differences=1)
    monkeypatch.setattr(os, "cpu_count", lambda: 16)  # batches are varied by several workers
    run = tmp_path / "run"
    open_run(run, config, prepared.split, resume=False)
    fit(config, prepared._replace(published=shared_data), run)
    learned = build(network, 2)
    learned.load_weights(run / "best.weights.h5")
    encoders = begun.get_layer("encoder"), learned.get_layer("encoder")
    for one, other in zip(*(e.trainable_weights for e in encoders), strict=True):
        if "things" in one.path:
            change = np.abs(one.numpy() - other.numpy())
            assert 0 < change.max() < 0.05 * max(1, np.abs(one.numpy()).max())
    assert 0 <= json.loads((run / "environment.json").read_text())["waited"] < 1


FROZEN = Config(
    classes=CONFIG.classes,
    network=MobileNetGru(height=64, width=96, length=4, filters=16, conv3d=8, gru=(8, 8)),
    augment=AugmentConfig(jitter=0.1, mirror=True),
    epochs=4,
    batch=4,
    windows=2,
    learning_rate=5e-3,
    average=0.9,
)


@pytest.fixture(scope="module")
def banked(tmp_path_factory: pytest.TempPathFactory, clips_folder: Path) -> Prepared:
    clips = [c for c in scan(clips_folder, CONFIG.classes) if "g07" <= c.group <= "g14"]
    split = split_by_group(clips)
    trunk = mobilenet.build_trunk(64, 96, "float32")
    randomize(trunk, seed=3)
    bank = Bank(
        tmp_path_factory.mktemp("bank"),
        clips_folder,
        trunk,
        FROZEN.augment,
        FROZEN.frame_interval_s,
    )
    bank.fill((clip, 0) for clip in split.train + split.validation)
    return Prepared(split, [], [], bank, clips_folder)


def test_only_what_follows_a_frozen_trunk_learns(banked, tmp_path: Path) -> None:
    split = banked.split
    run = tmp_path / "run"
    open_run(run, FROZEN, split, resume=False)
    before = [weight.copy() for weight in banked.store.trunk.get_weights()]
    fit(FROZEN, banked, run)
    history = np.genfromtxt(run / "history.csv", delimiter=",", names=True)
    assert history["epoch"].tolist() == list(range(FROZEN.epochs))
    assert history["loss"][-1] < history["loss"][0]
    assert json.loads((run / "validation.json").read_text())["clips"] == len(split.validation)

    network = build(FROZEN.network, len(FROZEN.classes))
    fresh = [weight.copy() for weight in find_layer(network, "neck").get_weights()]
    network.load_weights(run / "best.weights.h5")
    for learned, there in zip(find_layer(network, "trunk").get_weights(), before, strict=True):
        np.testing.assert_array_equal(learned, there)
    assert all(np.isfinite(weight).all() for weight in network.get_weights())
    for name in ("conv_fine", "join", "bn_join"):
        kernel, *_ = find_layer(network, name).get_weights()
        assert np.ptp(kernel) > 0
    new = find_layer(network, "neck").get_weights()
    assert sum((one != other).any() for one, other in zip(new, fresh, strict=True)) == len(new)


@pytest.mark.slow
@interrupted
def test_an_interrupted_run_on_a_frozen_trunk_goes_on(
    banked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_and_go_on(FROZEN, banked, tmp_path / "run", monkeypatch)


def test_limits_are_found_where_few_right_windows_are_lost(tmp_path: Path) -> None:
    sure = np.float32([3.0] * 92 + [2.0] * 8)  # of a hundred, eight may be lost
    logits, foreign = (np.stack([x, x - 3], axis=1) for x in (sure, np.full(50, 2.5, np.float32)))
    owners = np.arange(100) // 2
    keep_calibration(tmp_path, logits, np.zeros(100, int), owners, foreign, 3.0)
    calibration = json.loads((tmp_path / "calibration.json").read_text())
    assert calibration["least_evidence"] == 3.0  # which none of the others reaches
    assert calibration["least_movement"] == 3.0
    found = json.loads((tmp_path / "validation.json").read_text())
    assert found == {"windows": 100, "clips": 50, "window_accuracy": 1.0, "clip_accuracy": 1.0}


@pytest.mark.parametrize("steps", [20, 120, 600, 2000, 20000])
def test_hardly_anything_is_left_of_the_weights_at_the_start(steps: int) -> None:
    decay = fit_module._average(0.998, steps)
    assert decay**steps < 0.02
    assert (decay == 0.998) == (steps >= 2000)
