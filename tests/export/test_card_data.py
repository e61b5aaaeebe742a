"""What a card tells of the data, for manifests that state other clips than `built` does."""

from __future__ import annotations

import msgspec
import pytest

from export.card import render
from har_desktop.inference.bundle import read_manifest


@pytest.fixture
def section(built):
    """Factory: (title, classes, figures, part of the split) -> that section of the card."""

    def write(title, classes=None, *, figures=0, data="UCF101", **split):
        manifest = read_manifest(built)
        training = msgspec.json.decode(msgspec.json.encode(manifest.training))
        training["data"] = data
        training["split"] |= split
        training["configuration"]["figures"] = figures
        changed = {"classes": classes or manifest.classes, "training": training}
        card = render(msgspec.structs.replace(manifest, **changed))
        return card.partition(f"## {title}\n")[2].partition("\n## ")[0]

    return write


def sets(**groups):
    """The sets of a split whose groups hold one clip each."""
    return {name: {"clips": len(found), "groups": found} for name, found in groups.items()}


def test_only_the_classes_that_can_be_drawn_got_figures(section):
    drawn = "8 clips each of a rendered figure were added to the training set for Lunges, PushUps."
    assert drawn in section("Data", figures=8)
    assert "rendered" not in section("Data", ("squat", "YoYo"), figures=8)
    assert "rendered" not in section("Data")


def test_clips_whose_groups_nobody_stated_are_told_as_that(section):
    alone = sets(
        train=["jump/a.mp4", "squat/a.mp4", "squat/b.mp4"],
        validation=["jump/b.mp4", "squat/c.mp4"],
        test=["jump/c.mp4", "squat/d.mp4"],
    )
    told = section("Data", ("jump", "squat"), data="own clips", sets=alone)
    assert "Nobody said which of 7 clips belong together, so each is a group of its own." in told
    assert "| train | 3 | 3 groups |" in told
    for untrue in ("never in two sets", "whole groups", "said which of them"):
        assert untrue not in told


@pytest.mark.parametrize("ben", ["ben", "squat/ben"])
def test_who_stated_the_groups_is_told(section, ben):
    stated = sets(train=["anna", ben], validation=["cleo"], test=["dan"])
    told = section("Data", ("jump", "squat"), data="own clips", sets=stated)
    assert "Each set is made of whole groups.\nWho recorded the clips said which of them" in told
    assert "never in two sets" not in told  # it is as they said
    assert f"| train | 2 | anna, {ben} |" in told
    assert "Nobody" not in told


def test_clips_that_are_only_named_like_ucf101s_are_ones_own(section):
    classes = ("Lunges", "squat")
    assert section("Data").startswith("\nUCF101, group-wise.\nEach set is made of whole groups: ")
    assert section("Data", classes).startswith("\nown clips, group-wise.\n")
    assert "have no open licence" in section("Licence")
    licence = section("Licence", classes)
    assert "UCF101" not in licence
    assert "belong to whoever trained them" in licence
