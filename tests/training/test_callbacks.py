"""What is done after each step and each epoch, by itself; in a run it is tested by `fit`."""

import json
import os
import signal
import sys
import time
from pathlib import Path

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


class Saving:
    """A model that is interrupted while its weights are written."""

    def __init__(self) -> None:
        self.written = 0

    def save_weights(self, filepath: str, **_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
        Path(filepath).write_text("whole")
        self.written += 1


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot send itself Ctrl-C alone")
def test_what_is_written_when_someone_interrupts_is_written_to_the_end(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    # What is run in the background of a shell begins deaf to it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    backup, model = callbacks.Backup(tmp_path), Saving()
    backup.set_model(model)
    with pytest.raises(KeyboardInterrupt):
        backup.on_epoch_end(3)
    assert model.written == 1
    assert (tmp_path / "backup" / "latest.weights.h5").read_text() == "whole"
    assert json.loads((tmp_path / "backup" / "training_metadata.json").read_text())["epoch"] == 4
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler  # at once, as before
