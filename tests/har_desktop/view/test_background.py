"""Work in a thread, whose outcome somebody may not want any more."""

import gc
import threading
import weakref

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject

from har_desktop.view.background import Task


class Wanted:
    """What the one who waits for the outcome holds."""

    def take(self, _):
        pass


@pytest.mark.parametrize("abandoned", [False, True])
def test_a_task_goes_with_all_that_waited_for_it(qtbot, abandoned):
    owner, gate = QObject(), threading.Event()
    wanted = Wanted()
    trace = weakref.ref(wanted)
    task = Task("work", gate.wait, owner)
    taken = []
    task.done.connect(lambda outcome, wanted=wanted: taken.append(wanted.take(outcome)))
    gone = []
    task.destroyed.connect(lambda: gone.append(True))
    task.start()
    if abandoned:
        task.abandon(0.0)
    gate.set()
    qtbot.waitUntil(lambda: bool(gone))
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert len(taken) == (not abandoned)
    del task, wanted
    taken.clear()
    gc.collect()
    assert trace() is None
