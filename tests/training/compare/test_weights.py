"""Where weights come from, and that they are the right ones."""

from types import SimpleNamespace

import numpy as np
import pytest

from har_desktop.errors import InputError

keras = pytest.importorskip("keras", reason="the training extra is not installed")

from training.compare.weights import Weights  # noqa: E402


def trunk(filters: int = 4) -> "keras.Model":
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(filters, 3, name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.DepthwiseConv2D(3, name="deep"),
            layers.Conv2D(2, 1, name="last"),
        ]
    )


def arrays(model) -> dict[str, np.ndarray]:
    names = {"deep/kernel": "deep/depthwise_kernel"}
    found = {f"{lay.name}/{v.name}": np.array(v) + 1 for lay in model.layers for v in lay.weights}
    return {names.get(name, name): value for name, value in found.items()}


def test_from_scratch_nothing_is_loaded():
    model = trunk()
    before = model.get_weights()
    weights = Weights("none")
    assert weights.load(model, None, "VGG16") is False
    assert weights.describe("VGG16") == "from scratch"
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["vgg16_x.npz", "VGG16.weights.h5"])
def test_a_folder_gives_each_network_its_file(tmp_path, name):
    source = trunk()
    if name.endswith("npz"):
        np.savez(tmp_path / name, **arrays(source))
        for variable in source.weights:
            variable.assign(variable + 1)
    else:
        source.save_weights(tmp_path / name)
    (tmp_path / "vgg19.npz").write_bytes(b"of another")
    (tmp_path / "vgg16.txt").write_bytes(b"no weights")
    model, weights = trunk(), Weights(str(tmp_path))
    assert weights.load(model, None, "VGG16") is True
    for one, other in zip(model.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert weights.describe("VGG16").startswith(f"{name} (sha256 ")


def test_a_file_that_lacks_a_little_is_said(tmp_path, capsys):
    path = tmp_path / "VGG16.npz"
    values = arrays(trunk())
    del values["last/bias"]
    np.savez(path, **values)
    assert Weights(str(path)).load(trunk(), None, "VGG16")
    assert "VGG16.npz lacks 1 of 10 arrays: random" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "wrong"),  # Keras' own format goes by order, not by name
    [("npz", "names"), ("npz", "shape"), ("npz", "damaged"), ("h5", "shape"), ("h5", "damaged")],
)
def test_weights_of_another_network(tmp_path, kind, wrong):
    path = tmp_path / ("VGG16.npz" if kind == "npz" else "VGG16.weights.h5")
    if wrong == "damaged":
        path.write_bytes(b"no such file")
    elif wrong == "names":
        np.savez(path, **{f"x{key}": value for key, value in arrays(trunk()).items()})
    elif kind == "npz":
        np.savez(path, **arrays(trunk(5)))
    else:
        trunk(5).save_weights(path)
    with pytest.raises(InputError, match="does not hold the weights of VGG16"):
        Weights(str(path)).load(trunk(), None, "VGG16")


def test_a_folder_without_the_file_or_with_two(tmp_path):
    with pytest.raises(InputError, match=r"no file for VGG16: .* begins with vgg16"):
        Weights(str(tmp_path)).describe("VGG16")
    for name in ("vgg16_a.npz", "VGG_16.h5"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match="several files for VGG16"):
        Weights(str(tmp_path)).describe("VGG16")
    with pytest.raises(InputError, match="no such file or folder, nor imagenet, nor none"):
        Weights(str(tmp_path / "nowhere")).describe("VGG16")


def test_imagenet_is_copied_over():
    source = trunk()
    module = SimpleNamespace(VGG16=lambda **_: source)  # what Keras would download
    model = trunk()
    assert Weights("imagenet").load(model, module, "VGG16") is True
    for one, other in zip(model.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_imagenet_without_a_network_is_one_line():
    def fail(**_):
        raise Exception("URL fetch failure on https://host/file: None -- unreachable")  # noqa: TRY002

    module = SimpleNamespace(VGG16=fail)
    with pytest.raises(InputError, match=r"VGG16 cannot be had: URL fetch.*give --weights none"):
        Weights("imagenet").load(trunk(), module, "VGG16")


def test_the_real_mobilenet(shared_data, capsys):
    """All but the one tensor that the published file lacks."""
    model = keras.applications.MobileNet(include_top=False, weights=None, input_shape=(32, 32, 3))
    random = model.get_layer("conv_pw_13").get_weights()[0].copy()
    assert Weights(str(shared_data / "imagenet")).load(model, None, "MobileNet")
    with np.load(next((shared_data / "imagenet").glob("*.npz"))) as published:
        np.testing.assert_array_equal(
            model.get_layer("conv_dw_7").get_weights()[0], published["conv_dw_7/depthwise_kernel"]
        )
    np.testing.assert_array_equal(model.get_layer("conv_pw_13").get_weights()[0], random)
    assert "arrays: random" in capsys.readouterr().err
