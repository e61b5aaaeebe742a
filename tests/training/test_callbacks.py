"""What is done after each step and each epoch, by itself; in a run it is tested by `fit`."""

import numpy as np
import pytest

pytest.importorskip("keras", reason="the training extra is not installed")

from training import callbacks
from training.callbacks import DivergedError, StopOnNan, Waiting


def test_a_validation_loss_that_is_no_number_stops_too() -> None:
    with pytest.raises(DivergedError, match="the validation loss became inf in epoch 3"):
        StopOnNan().on_epoch_end(3, {"loss": 1.0, "val_loss": float("inf")})


def test_steps_wait_only_for_batches_that_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([10.0, 14.0, 20.0, 26.0])
    monkeypatch.setattr(callbacks.time, "perf_counter", lambda: next(now))
    waiting = Waiting(np.array([9.0, 21.0]))
    assert waiting.share == 0
    for batch in range(2):
        waiting.on_train_batch_begin(batch)
        waiting.on_train_batch_end(batch)
    assert waiting.share == pytest.approx((0 + 1) / (4 + 6))
