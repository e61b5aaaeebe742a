import numpy as np
import pytest

from training.metrics import classification, expected_calibration_error, grouped95, wilson95


def test_wilson_interval_as_published() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81 of 263 and 0 of 20.
    assert wilson95(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson95(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson95(0, 0) == (0.0, 1.0)


def test_wilson_interval_stays_a_share() -> None:
    for trials in range(1, 1000):
        assert wilson95(0, trials)[0] >= 0.0
        assert wilson95(trials, trials)[1] <= 1.0


def test_groups_that_are_alike_tell_less_than_as_many_clips() -> None:
    random = np.random.default_rng(1)
    alone = random.random(200) < 0.8
    hits = int(alone.sum())
    low, high = wilson95(hits, 200)
    assert grouped95(alone, range(200)) == pytest.approx((low, high), abs=0.01)
    alike = np.repeat(alone, 4)
    assert grouped95(alike, np.repeat(range(200), 4)) == pytest.approx((low, high), abs=0.01)
    few = np.repeat([True] * 8 + [False] * 2, 20)
    assert grouped95(few, np.repeat(range(10), 20)) == pytest.approx((0.5, 1.0))


@pytest.mark.parametrize("right", [True, False])
def test_groups_that_are_all_alike_are_not_certain(right: bool) -> None:
    answers = np.full(30, right)
    assert grouped95(answers, np.repeat(range(3), 10)) == wilson95(int(answers.sum()), 30)
    two = grouped95(answers[:2], [("a", "x"), ("b", "x")])
    assert two == wilson95(int(answers[:2].sum()), 2)


def test_the_interval_of_groups_is_never_narrower_than_that_of_clips() -> None:
    # Each group is right about half of its clips: every draw of groups has the same share.
    halves = np.tile([True, False], 20)
    assert grouped95(halves, np.repeat(range(10), 4)) == wilson95(20, 40)


def test_one_group_tells_nothing_of_another() -> None:
    assert grouped95(np.array([True] * 9 + [False]), ["anna"] * 10) == (0.0, 1.0)


def test_classification_by_hand() -> None:
    truth = np.array([0, 0, 0, 1, 1, 2])
    answers = np.array([0, 0, 1, 1, 1, 0])
    report = classification(truth, answers, ("a", "b", "c"))
    assert report["accuracy"] == pytest.approx(4 / 6)
    assert report["confusion"] == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]
    assert report["per_class"]["b"] == pytest.approx(
        {"precision": 2 / 3, "recall": 1.0, "f1": 0.8, "support": 2}
    )
    assert report["macro_recall"] == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_a_class_without_clips_does_not_lower_the_averages() -> None:
    report = classification(np.array([0, 1]), np.array([0, 1]), ("a", "b", "absent"))
    assert report["macro_f1"] == 1.0


def test_calibration_error_of_a_known_case() -> None:
    sure = np.tile([0.9, 0.1], (10, 1))
    truth = np.array([0] * 6 + [1] * 4)
    assert expected_calibration_error(sure, truth) == pytest.approx(0.3)
    honest = np.array([0] * 9 + [1])
    assert expected_calibration_error(sure, honest) == pytest.approx(0.0)


def test_windows_tell_no_more_than_what_they_were_cut_from():
    """None of three idle videos' 600 windows is named: that tells little of a fourth."""
    none = np.zeros(600, bool)
    videos = np.repeat(range(3), 200)
    assert grouped95(none, videos, strangers=3) == wilson95(0, 3)
    assert wilson95(0, 3)[1] > 0.5
    assert grouped95(none, videos)[1] < 0.01
