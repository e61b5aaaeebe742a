import numpy as np
import onnx
import pytest

from har_desktop.inference.onnx_safety import check_harmless
from har_desktop.inference.session import open_session
from har_desktop.inference.stack import join_model, stack_model

SHAPES = {"partials": (3, 2, 4, 5), "activations": (4, 8, 300)}


def numbers(seed, *shape):
    return np.random.default_rng(seed).random((1, *shape), np.float32)


@pytest.mark.parametrize("length", [1, 3, 10, 200])
def test_it_is_an_onnx_model_like_any_other(length):
    data = stack_model(length, SHAPES)
    onnx.checker.check_model(data, full_check=True)
    check_harmless(data)
    session = open_session("stack", data, "cpu")
    assert len(session.inputs) == 2 * length
    assert session.inputs["activations_0"] == ("tensor(float)", [1, 4, 8, 300])
    assert session.outputs["partials"] == ("tensor(float)", [length, 3, 2, 4, 5])


def test_channels_come_to_lie_in_the_order_of_the_encoders():
    parts = [{"partials": (3, 2, 4, n), "activation": (4, 8, 2 * n)} for n in (5, 1, 300)]
    data = join_model(parts)
    onnx.checker.check_model(data, full_check=True)
    check_harmless(data)
    session = open_session("join", data, "cpu")
    assert session.outputs["partials"] == ("tensor(float)", [1, 3, 2, 4, 306])
    assert session.outputs["activation"] == ("tensor(float)", [1, 4, 8, 612])
    for name in ("partials", "activation"):
        values = [numbers(place, *part[name]) for place, part in enumerate(parts)]
        feeds = {
            f"{other}_{place}": numbers(place, *part[other])
            for place, part in enumerate(parts)
            for other in part
        }
        (joined,) = session.run([name], feeds)
        assert np.array_equal(joined, np.concatenate(values, axis=-1))


@pytest.mark.parametrize("provider", ["auto", "cpu"])
def test_features_come_to_lie_in_the_order_of_their_places(provider):
    session = open_session("stack", stack_model(3, SHAPES), provider)
    partials = [numbers(place, *SHAPES["partials"]) for place in range(3)]
    activations = [numbers(10 + place, *SHAPES["activations"]) for place in range(3)]
    feeds = {f"partials_{place}": one for place, one in enumerate(partials)}
    feeds |= {f"activations_{place}": one for place, one in enumerate(activations)}
    names = ("partials", "activations")
    whole, maps = session.run_on_device(names, feeds)
    assert whole.device_name() == session.device
    assert np.array_equal(whole.numpy(), np.concatenate(partials))
    assert np.array_equal(maps.numpy(), np.concatenate(activations))
