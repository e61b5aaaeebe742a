"""For tests that record a session: what its results are, and what the files hold."""

import json
import threading

import cv2
import numpy as np

from har_desktop.pipeline.recorder import CAPACITY

FPS, START = 20.0, 100.0  # of the results that the fixture `results` makes


def feed(recorder, results):
    """Feed no faster than it is written."""
    for result in results:
        while recorder.stats().waiting >= CAPACITY:
            threading.Event().wait(0.005)
        recorder.feed(result)


def video_frames(path):
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    frames = []
    while (got := video.read())[0]:
        frames.append(got[1])
    fps = video.get(cv2.CAP_PROP_FPS)
    video.release()
    return frames, fps


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def distance(one, other):
    return np.abs(one.astype(int) - other).mean()
