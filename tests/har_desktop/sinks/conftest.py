"""Results as the engine gives them, without an engine."""

import numpy as np
import pytest

from har_desktop.decision.decision import Decision, State
from har_desktop.frame import Frame
from har_desktop.inference.recognition import Recognition, Timings, Window
from har_desktop.sinks.base import RunInfo
from har_desktop.sources.base import SourceInfo

CLASSES = ("JumpingJack", "Lunges", "Größe <跳>, & Co")


@pytest.fixture
def run_info():
    return RunInfo(
        source=SourceInfo("clip.avi", 128, 96, 25.0, 60, live=False),
        model="small",
        model_identity="0a" * 32,
        provider="CPUExecutionProvider",
        provider_reason="CUDA was asked for; no GPU --> was found",
        classes=CLASSES,
        frame_interval_s=0.2,
    )


@pytest.fixture
def result():
    """The function that makes one (Recognition, Decision) of a picture, an index and a time."""

    def make(image, index, time, state=State.ACTION, heat=2.5):
        window, probabilities = None, None
        if state is not State.FILLING:
            heatmaps = np.zeros((10, 6, 6), np.float32)
            heatmaps[3, 2, 2] = heat
            probabilities = np.array([0.75, 0.2, 0.05], np.float32)
            window = Window(
                logits=np.log(probabilities),
                probabilities=probabilities,
                heatmaps=heatmaps,
                images=(np.zeros((24, 24, 3), np.uint8),) * 10,
                times=tuple(time - 0.2 * place for place in range(9, -1, -1)),
                explained=0,
            )
        recognition = Recognition(
            frame=Frame(image, index, time),
            filled=10 if window else 3,
            window=window,
            timings=Timings(0.0, 0.0, 0.0),
        )
        decision = Decision(
            time=time,
            state=state,
            probabilities=probabilities,
            label="JumpingJack" if state is State.ACTION else None,
            confidence=0.0 if window is None else 0.75,
        )
        return recognition, decision

    return make
