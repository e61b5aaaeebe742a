"""Which picture is shown: with its map where the model keeps up, else at once without."""

from har_desktop.view.pace import MAX_LAG, Pace


def run(pace, seconds, fps=30.0, every=1, delay=0.01, start=0.0):
    """Feed frames, and results for one of `every`, `delay` seconds late; what was shown of each.

    Returns the times of the pictures that were shown at once, and of those shown with a map.
    """
    plain, mapped, waiting = [], [], []
    for number in range(round(seconds * fps)):
        time = start + number / fps
        while waiting and waiting[0][0] <= time:
            _, at, index = waiting.pop(0)
            if pace.result(at, index):
                mapped.append(at)
        if pace.frame(time):
            plain.append(time)
        if number % every == 0:
            waiting.append((time + delay, time, round(time * fps)))
    return plain, mapped


def test_a_model_that_keeps_up_shows_every_frame_with_its_map():
    pace = Pace()
    plain, mapped = run(pace, 6)
    assert pace.keeps_up
    assert max(plain) < 1.5
    late = [time for time in mapped if time > 2]
    assert len(late) >= 0.95 * 4 * 30


def test_a_slow_model_leaves_the_picture_at_camera_rate():
    pace = Pace()
    plain, mapped = run(pace, 6, every=6, delay=0.2)
    assert not pace.keeps_up
    assert len(plain) == 180
    assert not mapped


def test_a_model_of_half_the_rate_does_not_halve_the_rate_of_the_picture():
    pace = Pace()
    plain, mapped = run(pace, 6, every=2, delay=0.03)
    assert len(plain) == 180
    assert not mapped


def test_when_results_stop_the_picture_goes_on_at_once():
    pace = Pace()
    run(pace, 4)
    assert pace.keeps_up
    shown = [time for number in range(30) if pace.frame(time := 4 + number / 30)]
    assert shown[0] <= 4 + MAX_LAG + 1 / 30
    assert len(shown) >= 26


def test_a_short_hiccup_changes_nothing_for_long():
    pace = Pace()
    run(pace, 4)
    run(pace, 0.3, every=6, delay=0.15, start=4.0)
    assert pace.keeps_up
    run(pace, 4, every=6, delay=0.15, start=4.3)
    assert not pace.keeps_up
