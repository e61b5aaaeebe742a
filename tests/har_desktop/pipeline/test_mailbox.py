import random
import threading

from har_desktop.pipeline.mailbox import Mailbox


def test_newest_wins_and_what_gave_way_is_counted():
    box = Mailbox()
    assert box.take() is None
    assert [box.put(item) for item in "abc"] == [True, False, False]
    assert box.take() == "c"
    assert box.take() is None
    assert (box.put_count, box.taken, box.dropped, box.waiting) == (3, 1, 2, 0)


def test_clearing_counts_as_dropping():
    box = Mailbox()
    box.put("a")
    box.clear()
    box.clear()
    assert box.take() is None
    assert (box.put_count, box.taken, box.dropped) == (1, 0, 1)


def test_none_is_an_item_like_any_other():
    box = Mailbox()
    box.put(None)
    assert box.waiting == 1


def test_counts_add_up_at_any_moment_with_many_threads():
    condition = threading.Condition()
    box = Mailbox(condition)
    done = threading.Event()
    taken = []

    def put(seed):
        rng = random.Random(seed)
        for number in range(3000):
            box.put((seed, number))
            if rng.random() < 0.01:
                box.clear()

    def take():
        while not done.is_set() or box.waiting:
            with condition:
                condition.wait_for(lambda: box.waiting or done.is_set(), 0.01)
                assert box.put_count == box.taken + box.dropped + box.waiting
            item = box.take()
            if item is not None:
                taken.append(item)

    takers = [threading.Thread(target=take) for _ in range(2)]
    putters = [threading.Thread(target=put, args=(seed,)) for seed in range(3)]
    for thread in takers + putters:
        thread.start()
    for thread in putters:
        thread.join()
    done.set()
    for thread in takers:
        thread.join()
    assert box.put_count == 9000 == box.taken + box.dropped
    assert box.taken == len(taken) == len(set(taken))
