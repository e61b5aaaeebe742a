import numpy as np
import pytest

from training.calibrate import KEEP, calibrate
from training.metrics import expected_calibration_error


def overconfident(temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from softmax(logits), then logits multiplied by `temperature`."""
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 2, (4000, 5))
    probabilities = softmax(logits)
    labels = np.array([rng.choice(5, p=p) for p in probabilities])
    return (logits * temperature).astype(np.float32), labels


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_temperature_is_found_again(temperature: float) -> None:
    logits, labels = overconfident(temperature)
    found = calibrate(logits, labels).temperature
    assert found == pytest.approx(temperature, rel=0.08)
    assert expected_calibration_error(softmax(logits / found), labels) < 0.03


def test_threshold_keeps_the_promised_share() -> None:
    logits, labels = overconfident(2.0)
    calibration = calibrate(logits, labels)
    probabilities = softmax(logits / calibration.temperature)
    right = probabilities.argmax(axis=1) == labels
    kept = probabilities.max(axis=1)[right] >= calibration.rejection_threshold
    assert kept.mean() == pytest.approx(KEEP, abs=0.01)
