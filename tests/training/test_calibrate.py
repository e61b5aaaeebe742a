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


def peaks(height: float, count: int, seed: int) -> np.ndarray:
    """Logits (count, 5) with one peak of about this height; softmax is sure of all of them."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(height - 8, 0.1, (count, 5))
    logits[np.arange(count), rng.integers(0, 5, count)] = rng.normal(height, 1.0, count)
    return logits.astype(np.float32)


def test_evidence_tells_what_probabilities_cannot() -> None:
    logits, foreign = peaks(6.0, 2000, 1), peaks(1.0, 1000, 2)
    labels = logits.argmax(axis=1)
    labels[:40] = (labels[:40] + 1) % 5
    alone, both = calibrate(logits, labels), calibrate(logits, labels, foreign)
    assert alone.least_evidence is None
    assert both.temperature == alone.temperature

    def named(windows: np.ndarray, calibration) -> np.ndarray:
        sure = softmax(windows / calibration.temperature).max(axis=1)
        return (sure >= calibration.rejection_threshold) & (
            windows.max(axis=1) >= (calibration.least_evidence or -np.inf)
        )

    right = logits.argmax(axis=1) == labels
    for calibration, most in ((alone, 1.0), (both, 0.01)):
        assert named(logits[right], calibration).mean() == pytest.approx(KEEP, abs=0.01)
        assert named(foreign, calibration).mean() <= most
    assert named(foreign, alone).mean() > 0.5


@pytest.mark.parametrize("count", [12, 200])
def test_where_all_are_right_confidence_stays_below_one(count: int) -> None:
    logits = peaks(6.0, count, 1)
    calibration = calibrate(logits, logits.argmax(axis=1))
    sure = softmax(logits / calibration.temperature).max(axis=1)
    assert 1 - 2 / count < sure.mean() < 1 - 1 / (2 * count)
    assert calibration.rejection_threshold < 1
    assert (sure >= calibration.rejection_threshold).mean() == pytest.approx(KEEP, abs=1 / count)


def test_nothing_right_names_nothing() -> None:
    logits = peaks(6.0, 50, 1)
    calibration = calibrate(logits, (logits.argmax(axis=1) + 1) % 5, peaks(1.0, 50, 2))
    assert calibration.rejection_threshold == 1.0


@pytest.mark.parametrize("count", [6, 13, 25, 60])
def test_of_few_windows_the_promised_share_is_kept_too(count: int) -> None:
    for seed in range(20):
        logits, foreign = peaks(6.0, count, seed), peaks(3.0, count, seed + 100)
        calibration = calibrate(logits, logits.argmax(axis=1), foreign)
        sure = softmax(logits.astype(np.float64) / calibration.temperature).max(axis=1)
        kept = (sure >= calibration.rejection_threshold) & (
            logits.max(axis=1) >= calibration.least_evidence
        )
        assert kept.mean() >= KEEP
