import gc
import subprocess
import sys
import threading
import weakref

import pytest

from har_desktop.helper_thread import HelperThread, together

HANGS = """
import threading
from har_desktop.helper_thread import HelperThread
began = threading.Event()
def hang():
    began.set()
    threading.Event().wait()
thread = HelperThread("hangs")
thread.submit(hang)
began.wait()
print("the end")
"""


def test_calls_are_made_in_order_in_a_daemon_of_that_name():
    thread = HelperThread("hand")
    made = []
    for number in range(3):
        thread.submit(lambda number=number: made.append(number))
    worker = thread.submit(threading.current_thread).result(20)
    assert made == [0, 1, 2]
    assert (worker.name, worker.daemon) == ("hand", True)


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3)])
def test_what_a_call_raises_comes_out_and_the_next_call_is_made(error):
    def fail():
        raise error

    thread = HelperThread("hand")
    first, second = thread.submit(fail), thread.submit(lambda: "made")
    with pytest.raises(type(error)):
        first.result(20)
    assert second.result(20) == "made"


def test_it_ends_with_its_owner():
    thread = HelperThread("hand")
    worker = thread.submit(threading.current_thread).result(20)
    del thread
    gc.collect()
    worker.join(20)
    assert not worker.is_alive()


def test_nothing_of_a_call_is_kept():
    class Picture:
        pass

    picture = Picture()
    seen = weakref.ref(picture)
    thread = HelperThread("hand")
    assert thread.submit(lambda picture=picture: picture).result(20) is picture
    del picture
    thread.submit(lambda: None).result(20)  # now it has forgotten the call before
    assert seen() is None


@pytest.mark.parametrize("count", [1, 2, 5])
def test_calls_together_are_made_at_the_same_time_and_answered_in_order(count):
    meeting = threading.Barrier(count, timeout=60)
    helpers = [HelperThread("hand") for _ in range(count - 1)]

    def call(number):
        meeting.wait()
        return number, threading.current_thread()

    for _ in range(3):
        answers = together(helpers, [lambda n=n: call(n) for n in range(count)])
        assert [number for number, _ in answers] == list(range(count))
        assert answers[-1][1] is threading.current_thread()


def test_the_program_ends_while_a_call_hangs():
    done = subprocess.run(
        [sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "the end\n"
