from __future__ import annotations

import msgspec
import pytest

from export.card import render
from har_desktop.errors import BundleError
from har_desktop.inference.bundle import read_manifest


@pytest.fixture
def manifest(built):
    return read_manifest(built)


def test_the_card_tells_what_the_manifest_states(built, manifest):
    card = render(manifest)
    assert card == (built / "card.md").read_text()
    assert card.startswith("# tiny\n")
    for fact in (
        "Lunges, PushUps, YoYo",
        "16 x 24 RGB, letterbox",
        "4 pictures, 0.2 s apart",
        "(3 / 4 / 5 filters)",
        "difference in brightness",
        "| test | 6 | g03, g04 |",
        "softmax(logits / 1.25)",
        '"no action" where the largest probability is below 0.4.',
        "Not measured yet.",
        "spans 0.8 s",
        manifest.head.sha256,
        "`0123abc` in 90 s on Linux, 2 cores",
        "| streaming |",
        "`rounding` is how far the heat-maps of Keras in float32",
    ):
        assert fact in card


def test_every_limit_is_told(manifest):
    limits = msgspec.structs.replace(manifest.calibration, least_evidence=0.5, least_movement=9.5)
    assert (
        "below 0.4, or where the largest logit is below 0.5, or where less moves than 9.5 grey"
        in render(msgspec.structs.replace(manifest, calibration=limits))
    )


def test_a_split_that_leaks_is_called_one(manifest):
    training = msgspec.json.decode(msgspec.json.encode(manifest.training))
    assert "stand on both sides" not in render(manifest)
    training["split"]["protocol"] = "clip-random"
    assert "stand on both sides" in render(msgspec.structs.replace(manifest, training=training))


def test_a_run_that_learned_from_all_says_what_calibrated_it(manifest):
    training = msgspec.json.decode(msgspec.json.encode(manifest.training))
    assert "The validation set chose the weights" in render(manifest)
    training["split"]["validated"] = training["split"]["sets"].pop("validation")
    card = render(msgspec.structs.replace(manifest, training=training))
    assert "The validation set chose the weights" not in card
    held = training["split"]["validated"]
    assert f"{held['clips']} of the clips it learned from ({', '.join(held['groups'])})" in card


def test_a_head_that_was_exported_once_more_is_told(manifest):
    assert "once more" not in render(manifest)
    head = {"commit": "4567def", "exported": "2026-11-27T03:00:00+00:00"}
    changed = msgspec.structs.replace(manifest, source={**manifest.source, "head": head})
    assert "same weights, at commit `4567def` on 2026-11-27T03:00:00+00:00" in render(changed)


def test_own_clips_are_not_called_ucf101(manifest):
    training = msgspec.json.decode(msgspec.json.encode(manifest.training))
    assert "clips of UCF101 are not part" in render(manifest)
    training["data"] = "own clips"
    training["split"]["sets"]["train"]["groups"] = [f"squat/{n}.mp4" for n in range(40)]
    card = render(msgspec.structs.replace(manifest, training=training))
    assert "UCF101" not in card
    assert "belong to whoever trained them" in card
    assert "| 40 groups |" in card
    assert "said which of them belong to one group" in card


@pytest.mark.parametrize("changes", [{"training": {}}, {"metrics": {"group-wise": {}}}])
def test_a_manifest_without_the_facts_makes_no_card(manifest, changes):
    with pytest.raises(BundleError, match="cannot make a card"):
        render(msgspec.structs.replace(manifest, **changes))
