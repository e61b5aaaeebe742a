"""Hours of the real window before a camera that never repeats itself, and what they leave behind.

    python -m tests.soak --hours 1 --report docs/soak.md

A network camera (in a process of its own) sends pictures of noise; the window recognises, explains
and records them, one recording after another. No display is needed. The report is a Markdown file,
and a CSV file of all samples beside it. The exit code is 1 where a promise is broken.
"""

import argparse
import csv
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from unittest import mock

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import psutil
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from har_desktop.view import app
from har_desktop.view.main_window import MainWindow
from har_desktop.view.settings import Settings

MOST_MB_PER_HOUR = 1.0
WARM_UP_S = 1200.0  # in which the first recordings, losses and dialogs get their memory
RESAMPLES = 2000
_BLOCKS = 20  # what is measured within one of them hangs together
_FEWEST = 4  # samples after the warm-up


@dataclass(frozen=True, slots=True)
class Sample:
    """The process at one moment, while it records.

    `frames` are those of the camera, `pictures` those that the window was offered to show, and
    `results` those that the recorder was given.
    """

    seconds: float
    rss_mb: float
    threads: int
    handles: int
    frames: int
    recognised: int
    dropped: int
    pending: int
    pictures_shown: int
    pictures_dropped: int
    pictures_pending: int
    recordings: int
    results: int
    results_written: int
    results_dropped: int
    results_pending: int

    @property
    def exact(self):
        """Whether nothing was lost uncounted."""
        return (
            self.frames == self.recognised + self.dropped + self.pending
            and self.frames == self.pictures_shown + self.pictures_dropped + self.pictures_pending
            and self.results == self.results_written + self.results_dropped + self.results_pending
        )


@contextmanager
def camera(fps, size):
    """The address of a network camera."""
    command = [sys.executable, "-m", "tests.rigs", str(fps), *map(str, size)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        yield process.stdout.readline().strip()
        process.stdin.close()  # which ends it


class Watch:
    """Samples the window every so often, and begins a new recording every so often."""

    def __init__(self, window, folder, seconds, every, recording):
        self.window, self.folder, self.samples = window, folder, []
        self._seconds, self._every, self._recording = seconds, every, recording
        self._process, self._began = psutil.Process(), time.monotonic()
        self._recordings, self._recorded, self._sampled = 0, 0.0, 0.0
        self._timer = QTimer(window, interval=100)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self):
        now = time.monotonic() - self._began
        recording = self.window.outputs.recording
        if now > self._seconds:
            self._timer.stop()
            self.window.close()
        elif recording.recorder is None:
            session = self.window.director.session
            if _finished(recording) and session is not None and session.result is not None:
                for file in self.folder.glob("*"):  # of the recording before
                    file.unlink()
                self.window.commands.record.trigger()
                self._recordings, self._recorded = self._recordings + 1, now
        elif now - self._recorded > self._recording:
            self.window.outputs.stop_recording()
        elif now - self._sampled > self._every and recording.stats.written > 5:
            self._sampled = now
            self.samples.append(self._sample(now))

    def _sample(self, now):
        live = self.window.director.session._live
        shown = live._pictures
        with live._capture._condition:  # so that no frame comes in between
            stats, recorder = live.stats(), self.window.outputs.recording.stats
            pictures = shown.taken, shown.dropped, shown.waiting
        handles = getattr(self._process, "num_fds", None) or self._process.num_handles
        return Sample(
            round(now, 1),
            round(self._process.memory_info().rss / 1e6, 3),
            self._process.num_threads(),
            handles(),
            *(stats.captured, stats.processed, stats.dropped, stats.pending),
            *pictures,
            self._recordings,
            *(recorder.fed, recorder.written, recorder.dropped, recorder.waiting),
        )


def _finished(recording):
    """Whether all recordings are complete; on a busy machine that may take a while."""
    threads = {thread.name for thread in threading.enumerate()}
    return "recorder" not in threads and not any(task.running for _, task in recording._ending)


def soak(seconds, every, recording, fps, size=(120, 160)):
    """Run the window for so long, with the default model; a sample every few seconds."""
    QApplication.instance() or QApplication([])
    watches = []
    with tempfile.TemporaryDirectory() as name, camera(fps, size) as url:
        folder = Path(name)
        settings = Settings(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
        settings.folder = folder / "recordings"

        def begin():
            (window,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)]
            watches.append(Watch(window, settings.folder, seconds, every, recording))

        QTimer.singleShot(0, begin)
        with mock.patch.object(app.platformdirs, "user_log_dir", return_value=name):
            app.run_window([url], settings)
    return watches[0].samples


def slope(seconds, megabytes):
    """Least-squares slope in MB/h."""
    return float(np.polyfit(np.asarray(seconds) / 3600, megabytes, 1)[0])


def upper_bound(seconds, megabytes, seed=0):
    """What the slope stays under, 95 of 100 times: moving-block bootstrap of the residuals.

    (Kuensch, "The Jackknife and the Bootstrap for General Stationary Observations", 1989.)
    """
    hours, megabytes = np.asarray(seconds) / 3600, np.asarray(megabytes)
    line = np.polyval(np.polyfit(hours, megabytes, 1), hours)
    rest = megabytes - line
    length = max(1, len(rest) // _BLOCKS)
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, len(rest) - length + 1, (RESAMPLES, -(-len(rest) // length)))
    index = (starts[:, :, None] + np.arange(length)).reshape(RESAMPLES, -1)[:, : len(rest)]
    slopes = np.polyfit(hours, (line + rest[index]).T, 1)[0]
    return float(np.quantile(slopes, 0.95))


def _constant(name, numbers):
    """The looking for cameras comes and goes, with a thread; a leak would stay."""
    half = len(numbers) // 2
    usual = [Counter(part).most_common(1)[0][0] for part in (numbers[:half], numbers[half:])]
    return (
        f"{name} stay constant",
        f"{usual[0]} as a rule in the first half, {usual[1]} in the second; "
        f"{min(numbers)} to {max(numbers)} in all",
        usual[0] == usual[1],
    )


def findings(samples, warm_up):
    """(promise, what was found, whether it is kept) for each promise."""
    warm = [sample for sample in samples if sample.seconds >= warm_up]
    if len(warm) < _FEWEST:
        sys.exit(f"soak: {len(warm)} samples after the warm-up are too few; run it for longer")
    seconds, memory = [s.seconds for s in warm], [s.rss_mb for s in warm]
    bound = upper_bound(seconds, memory)
    rows = [
        (
            f"RSS grows by less than {MOST_MB_PER_HOUR:g} MB/h",
            f"{slope(seconds, memory):+.2f} MB/h, at most {bound:+.2f} (95 % bound); "
            f"{memory[0]:.1f} MB after the warm-up, {memory[-1]:.1f} MB at the end",
            bound < MOST_MB_PER_HOUR,
        )
    ]
    rows.append(_constant("threads", [sample.threads for sample in warm]))
    rows.append(_constant("handles", [sample.handles for sample in warm]))
    last, exact = samples[-1], sum(sample.exact for sample in samples)
    rows.append(
        (
            "captured = shown + dropped + in hand",
            f"in {exact} of {len(samples)} samples; at the last one {last.frames} captured = "
            f"{last.recognised} recognised + {last.dropped} dropped + {last.pending} in hand = "
            f"{last.pictures_shown} shown + {last.pictures_dropped} dropped + "
            f"{last.pictures_pending} in hand",
            exact == len(samples),
        )
    )
    return rows


def write_report(path, samples, rows, command, warm_up):
    """Write the Markdown file, and the samples beside it."""
    with path.with_suffix(".csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Sample)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(sample) for sample in samples)
    last = samples[-1]
    table = "\n".join(
        f"| {what} | {found} | {'yes' if ok else '**no**'} |" for what, found, ok in rows
    )
    path.write_text(
        f"""# Soak

`{command}` on {platform.system()} {platform.machine()}, {os.cpu_count()} cores,
Python {platform.python_version()}: {last.seconds / 3600:.2f} h, of which the first
{warm_up / 60:.1f} minutes are the warm-up; {last.frames} frames, {last.recordings} recordings, one
after the other.
The samples are in `{path.with_suffix(".csv").name}`.

| promise | found | kept |
| --- | --- | --- |
{table}
"""
    )


def main():
    parser = argparse.ArgumentParser(prog="soak", description=__doc__.partition("\n")[0])
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--fps", type=float, default=10.0, help="of the camera")
    parser.add_argument("--report", type=Path, default=Path("soak.md"))
    arguments = parser.parse_args()
    arguments.report.parent.mkdir(parents=True, exist_ok=True)  # not only after an hour
    seconds = arguments.hours * 3600
    warm_up = min(WARM_UP_S, 0.4 * seconds)
    samples = soak(
        seconds,
        every=min(5.0, seconds / 50),
        recording=min(300.0, seconds / 5),
        fps=arguments.fps,
    )
    rows = findings(samples, warm_up)
    command = f"python -m tests.soak --hours {arguments.hours:g} --fps {arguments.fps:g}"
    write_report(arguments.report, samples, rows, command, warm_up)
    print(arguments.report.read_text())
    return 0 if all(ok for _, _, ok in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
