"""Each network sees its pictures as it expects them, and starts as it should."""

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the training extra is not installed")

from training.compare.frames import COUNT  # noqa: E402
from training.compare.networks import ROWS, build  # noqa: E402
from training.compare.weights import Weights  # noqa: E402

SCRATCH = Weights("none")
QUICK = ("MobileNet", "VGG16")
APPLICATIONS = [
    pytest.param(row.name, marks=() if row.name in QUICK else pytest.mark.slow)
    for row in ROWS.values()
    if row.module
]


def size(name: str) -> tuple[int, int]:
    side = -(-ROWS[name].smallest // 8) * 8
    return side, side + 8


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_pictures_go_through_the_networks_own_preprocessing(name):
    row = ROWS[name]
    model = build(row, size(name), 3, SCRATCH).model
    pictures = noise(2, *size(name), 3)
    logits = model.predict_on_batch(pictures)
    assert logits.shape == (2, 3)
    module = getattr(keras.applications, row.module)
    (trunk,) = (layer for layer in model.layers if isinstance(layer, keras.Model))
    features = trunk.predict_on_batch(module.preprocess_input(pictures.astype(np.float32)))
    pooled = features.mean(axis=(1, 2))
    kernel, bias = model.get_layer("logits").get_weights()
    np.testing.assert_allclose(logits, pooled @ kernel + bias, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if not row.module])
def test_sequences(name):
    row = ROWS[name]
    network = build(row, (32, 40), 3, SCRATCH)
    assert network.trunk is None
    clips = noise(2, COUNT, 32, 40, 3)
    inputs = (clips, clips) if row.kind == "two-stream" else clips
    logits = network.model.predict_on_batch(inputs)
    assert logits.shape == (2, 3)
    turned = clips[:, ::-1]
    backwards = network.model.predict_on_batch(
        (turned, turned) if row.kind == "two-stream" else turned
    )
    assert not np.allclose(logits, backwards, atol=1e-6)  # it sees the order


def test_two_streams_see_both():
    model = build(ROWS["Two-stream+LSTM"], (32, 40), 3, SCRATCH).model
    clips, flow = noise(1, COUNT, 32, 40, 3), np.full((1, COUNT, 32, 40, 3), 128, np.uint8)
    base = model.predict_on_batch((clips, flow))
    assert not np.allclose(base, model.predict_on_batch((clips, clips)), atol=1e-6)
    assert not np.allclose(base, model.predict_on_batch((flow, flow)), atol=1e-6)


def step(network) -> None:
    network.model.compile("sgd", keras.losses.CategoricalCrossentropy(from_logits=True))
    network.model.train_on_batch(noise(4, 32, 40, 3), np.eye(3, dtype=np.float32)[[0, 1, 2, 0]])


def test_statistics_move_from_scratch_and_stand_where_they_are_published(tmp_path):
    row = ROWS["MobileNet"]
    scratch = build(row, (32, 40), 3, SCRATCH)
    (trunk,) = (layer for layer in scratch.model.layers if isinstance(layer, keras.Model))
    trunk.save_weights(tmp_path / "mobilenet.weights.h5")
    tuned = build(row, (32, 40), 3, Weights(str(tmp_path)))
    assert tuned.trunk is not None
    assert scratch.trunk is None
    for network, moves in ((scratch, True), (tuned, False)):
        (trunk,) = (layer for layer in network.model.layers if isinstance(layer, keras.Model))
        norm, kernel = trunk.get_layer("conv1_bn"), trunk.get_layer("conv1").kernel
        mean = np.array(norm.moving_mean)
        step(network)
        assert (np.array(norm.moving_mean) != mean).any() == moves
        # The rest may learn either way. (With random weights and statistics that were never
        # learned nothing reaches the first layer, so it cannot be seen to.)
        assert id(kernel) in map(id, network.model.trainable_variables)


def test_without_normalisation_the_signal_neither_fades_nor_grows():
    model = build(ROWS["VGG16"], (32, 40), 10, SCRATCH).model
    logits = model.predict_on_batch(noise(8, 32, 40, 3))
    assert 0.05 < np.abs(logits).max() < 20
