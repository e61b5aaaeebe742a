"""What networks are shown, and the check that none is measured that cannot learn."""

import numpy as np
import pytest

from tests.training.interrupted import interrupted

keras = pytest.importorskip("keras", reason="the training extra is not installed")

from training.compare import learn as module  # noqa: E402
from training.compare.frames import COUNT, Frames  # noqa: E402
from training.compare.learn import (  # noqa: E402
    Batches,
    NotLearningError,
    answers,
    check_sanity,
    handful,
    learn,
    milliseconds_per_frame,
)
from training.compare.networks import ROWS, Network, Row  # noqa: E402
from training.data.index import scan  # noqa: E402

CLASSES = ("Drift", "Still")
SIZE = (24, 32)
ROW = Row("Colours", "frames", rate=0.05)


@pytest.fixture(scope="module")
def clips(clips_folder):
    return scan(clips_folder, CLASSES)


@pytest.fixture(scope="module")
def frames(tmp_path_factory, clips_folder, clips) -> Frames:
    frames = Frames(tmp_path_factory.mktemp("frames"), clips_folder, SIZE)
    frames.fill(clips, flow=True)
    return frames


def linear() -> "keras.Model":
    """Sees every pixel of one picture, and knows rooms by heart at once."""
    picture = keras.Input((*SIZE, 3), dtype="uint8")
    x = keras.layers.Rescaling(1 / 127.5, -1.0)(picture)
    return keras.Model(picture, keras.layers.Dense(2)(keras.layers.Flatten()(x)))


@pytest.mark.parametrize("kind", ["frames", "sequence", "two-stream"])
def test_every_kind_is_shown_what_it_sees(frames, clips, kind):
    batches = Batches(kind, frames, clips, CLASSES, batch=7, per_clip=3)
    assert len(batches) == 6
    inputs, targets = batches[0]
    if kind == "frames":
        assert inputs.shape == (21, *SIZE, 3)
        np.testing.assert_array_equal(inputs[0], frames.pictures(clips[0])[1])
        assert targets.shape == (21, 2)
    elif kind == "sequence":
        np.testing.assert_array_equal(inputs[2], frames.pictures(clips[2]))
        assert targets.shape == (7, 2)
    else:
        np.testing.assert_array_equal(inputs[0][2], frames.pictures(clips[2]))
        np.testing.assert_array_equal(inputs[1][2], frames.flow(clips[2]))
    labels = np.concatenate([batches[i][1] for i in range(6)])
    assert labels.sum(axis=0).tolist() == [len(labels) / 2] * 2
    assert len(batches[5][1]) == 5 * (3 if kind == "frames" else 1)


def test_variation_differs_from_epoch_to_epoch_and_not_from_run_to_run(frames, clips):
    def epochs():
        batches = Batches("sequence", frames, clips, CLASSES, batch=4, seed=3)
        first = batches[0]
        batches.on_epoch_end()
        return first, batches[0]

    (one, _), (two, _) = epochs()
    (again, _), _ = epochs()
    np.testing.assert_array_equal(one, again)
    assert (one != two).any()


def test_flow_is_cropped_and_mirrored_with_its_pictures(frames, clips):
    """Where the disc is, there is the motion."""
    drift = [clip for clip in clips if clip.label == "Drift"]
    batches = Batches("two-stream", frames, drift, CLASSES, batch=20, seed=1)
    (pictures, flow), _ = batches[0]
    columns = np.arange(SIZE[1])
    directions = set()
    for picture, moved in zip(pictures[:, 4], flow[:, 4].astype(float) - 128, strict=True):
        bright = (picture.min(axis=-1) > 180).sum(axis=0)
        strength = moved[..., 2].clip(0).sum(axis=0)
        if bright.sum() < 8 or strength.sum() < 50 or bright[[0, -1]].any():
            continue  # the disc is at the edge or outside of this crop
        centre = (columns * bright).sum() / bright.sum()
        assert abs((columns * strength).sum() / strength.sum() - centre) < 6
        directions.add(np.sign(moved[..., 0].sum()))
    assert directions == {-1.0, 1.0}


def test_the_answer_is_the_mean_over_the_pictures(frames, clips):
    model = linear()
    batches = Batches("frames", frames, clips[:5], CLASSES, batch=2)
    given = answers(model, batches, 5)
    for clip, answer in zip(clips[:5], given, strict=True):
        logits = model.predict_on_batch(frames.pictures(clip))
        each = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        assert len(each) == COUNT
        np.testing.assert_allclose(answer, each.mean(axis=0), atol=1e-5)


def test_a_handful_is_from_all_classes_in_turn(clips):
    few = handful(clips, 5)
    assert [clip.label for clip in few] == ["Drift", "Still", "Drift", "Still", "Drift"]
    assert len(set(few)) == 5
    assert len(handful(clips[:3])) == 3


def test_who_can_learn_passes(frames, clips):
    sanity = check_sanity(ROW, Network(linear(), None), frames, clips, CLASSES)
    assert sanity.passed
    assert sanity.accuracy >= 0.95
    assert sanity.epochs < module.SANITY_EPOCHS


def test_who_cannot_does_not(frames, clips, monkeypatch):
    monkeypatch.setattr(module, "SANITY_EPOCHS", 15)
    picture = keras.Input((*SIZE, 3), dtype="uint8")
    x = keras.layers.Rescaling(0.0)(picture)  # blind
    blind = keras.Model(picture, keras.layers.Dense(2)(keras.layers.Flatten()(x)))
    sanity = check_sanity(ROW, Network(blind, None), frames, clips, CLASSES)
    assert not sanity.passed
    assert sanity.accuracy == 0.5
    assert sanity.epochs == 15


def batches(frames, clips, seed=None):
    return Batches("frames", frames, clips, CLASSES, batch=8, per_clip=2, seed=seed)


def test_the_most_accurate_weights_are_kept(frames, clips, tmp_path, monkeypatch):
    """The loss has long been rising then, as it does where clips are few."""
    told = iter([(0.3, 1.0), (0.6, 1.5), (0.5, 2.0)])
    weights = []

    def evaluate(self, *_, **__):
        accuracy, loss = next(told)
        weights.append(self.get_weights())
        return {"accuracy": accuracy, "loss": loss}

    model = linear()
    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "evaluate", evaluate)
        learned = learn(
            ROW, Network(model, None), batches(frames, clips, 1), batches(frames, clips), tmp_path,
            warmup=0, epochs=3,
        )  # fmt: skip
    assert learned.epochs == 3
    assert learned.seconds_per_epoch > 0
    assert learned.validation_accuracy == 0.6
    for kept, best in zip(model.get_weights(), weights[1], strict=True):
        np.testing.assert_array_equal(kept, best)
    assert any((a != b).any() for a, b in zip(weights[1], weights[2], strict=True))


@interrupted
def test_an_interrupted_row_goes_on_after_its_last_whole_epoch(
    frames, clips, tmp_path, monkeypatch
):
    told = iter([0.5, 0.9, None, 0.7, 0.6])
    fits = []
    fit = keras.Model.fit

    def evaluate(*_, **__):
        accuracy = next(told)
        if accuracy is None:
            raise KeyboardInterrupt
        return {"accuracy": accuracy, "loss": 1.0}

    def watch(self, training, **more):
        fits.append(training.epoch)
        return fit(self, training, **more)

    def rehearse():
        trunk = keras.Sequential([keras.Input((*SIZE, 3)), keras.layers.Flatten()])
        picture = keras.Input((*SIZE, 3), dtype="uint8")
        network = Network(keras.Model(picture, keras.layers.Dense(2)(trunk(picture))), trunk)
        shown = batches(frames, clips, 1), batches(frames, clips)
        return learn(ROW, network, *shown, tmp_path, warmup=1, epochs=4)

    monkeypatch.setattr(keras.Model, "evaluate", evaluate)
    monkeypatch.setattr(keras.Model, "fit", watch)
    with pytest.raises(KeyboardInterrupt):
        rehearse()
    best = (tmp_path / "best.weights.h5").read_bytes()
    learned = rehearse()
    assert list(told) == []  # two epochs of four were left
    assert fits == [0, 1, 1 + 2]  # the head's warm-up, all; and no warm-up again
    assert learned.epochs == 4
    assert learned.validation_accuracy == 0.9
    assert (tmp_path / "best.weights.h5").read_bytes() == best


def test_the_head_warms_up_on_frozen_weights(frames, clips, tmp_path, monkeypatch):
    trunk = keras.Sequential(
        [keras.Input((*SIZE, 3)), keras.layers.Conv2D(4, 3, strides=2), keras.layers.Flatten()]
    )
    picture = keras.Input((*SIZE, 3), dtype="uint8")
    x = trunk(keras.layers.Rescaling(1 / 127.5, -1.0)(picture))
    model = keras.Model(picture, keras.layers.Dense(2)(x))
    before = trunk.get_weights()
    seen = []
    fit = keras.Model.fit

    def watch(self, *arguments, **more):
        seen.append(len(self.trainable_weights))
        history = fit(self, *arguments, **more)
        seen.append(all((a == b).all() for a, b in zip(trunk.get_weights(), before, strict=True)))
        return history

    monkeypatch.setattr(keras.Model, "fit", watch)
    learn(
        ROW, Network(model, trunk), batches(frames, clips[::2], 1), batches(frames, clips[1::2]),
        tmp_path, warmup=1, epochs=1,
    )  # fmt: skip
    assert seen == [2, True, 4, False]


def test_a_loss_that_is_no_number_stops_it(frames, clips, tmp_path):
    model = linear()
    model.set_weights([np.full(w.shape, np.nan) for w in model.get_weights()])
    with pytest.raises(NotLearningError, match="no number any more in epoch 1"):
        learn(
            ROW, Network(model, None), batches(frames, clips, 1), batches(frames, clips), tmp_path,
            warmup=0, epochs=3,
        )  # fmt: skip


def test_time_is_for_one_clip_at_a_time(frames, clips, monkeypatch):
    sizes = []
    model = linear()
    predict = keras.Model.predict_on_batch
    monkeypatch.setattr(
        keras.Model, "predict_on_batch", lambda self, x: sizes.append(len(x)) or predict(self, x)
    )
    all_ten = Batches("frames", frames, clips[:4], CLASSES, batch=4)
    assert milliseconds_per_frame(ROWS["VGG16"], model, all_ten, rounds=3) > 0
    assert sizes == [COUNT] * 5
