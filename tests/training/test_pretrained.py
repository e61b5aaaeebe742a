from pathlib import Path

import numpy as np
import pytest

from har_desktop.errors import InputError
from tests.training.tflite import write_tflite
from training.pretrained import convolutions

STEPS = 127  # on either side of zero, for each output channel


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("tflite") / "tiny.tflite"
    return path, write_tflite(path, filters=(8, 5))


def test_kernels_and_biases_come_back_in_order(converted) -> None:
    path, network = converted
    layers = network.layers[1:]
    found = convolutions(path)
    assert [c.kernel.shape for c in found] == [(3, 3, 3, 8), (3, 3, 8, 1), (1, 1, 8, 5)]
    for layer, convolution in zip(layers, found, strict=True):
        kernel, bias = layer.get_weights()
        assert convolution.kernel.dtype == convolution.bias.dtype == np.float32
        # A depthwise kernel has its output channels in the third place.
        channels = (0, 1, 3) if kernel.shape[-1] == 1 else (0, 1, 2)
        step = np.abs(kernel).max(axis=channels, keepdims=True) / STEPS
        assert np.all(np.abs(convolution.kernel - kernel) <= 0.51 * step)
        np.testing.assert_allclose(convolution.bias, bias, atol=1e-3)


def test_one_step_for_all_channels_would_not_do(converted) -> None:
    """The test above is sharp: the largest step of a layer is far too wide for some channels."""
    path, network = converted
    kernel = network.layers[2].get_weights()[0]
    steps = np.abs(kernel).max(axis=(0, 1, 3)) / STEPS
    assert steps.max() > 1.5 * steps.min()
    values = convolutions(path)[1].kernel / steps[:, None]
    np.testing.assert_allclose(values, np.round(values), atol=0.02)


@pytest.mark.parametrize("content", [None, b"", b"TFL", b"no network at all, but text"])
def test_what_is_no_network_is_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "some.tflite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"some\.tflite (cannot be read|is no TFLite)") as error:
        convolutions(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_was_cut_off_is_one_line(converted, tmp_path: Path, share: float) -> None:
    whole = converted[0].read_bytes()
    path = tmp_path / "part.tflite"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputError, match=r"part\.tflite") as error:
        convolutions(path)
    assert "\n" not in str(error.value)
