from __future__ import annotations

import msgspec
import pytest

from export.card import render
from export.cli import cli as export_cli
from har_desktop.errors import BundleError
from har_desktop.inference.bundle import read_manifest
from har_desktop.models import list_bundles
from training.cli import cli as training_cli
from training.config import CnnGru, Config, MobileNetGru, Streams, TunedGru


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
        "| evidence |",
        "`rounding` is how far the heat-maps of Keras in float32",
    ):
        assert fact in card


@pytest.mark.parametrize("bundle", list_bundles(), ids=lambda bundle: bundle.path.name)
def test_the_shipped_cards_are_those_of_their_manifests(bundle):
    manifest = read_manifest(bundle.path)
    card = render(manifest)
    assert card == (bundle.path / "card.md").read_text()
    assert f"--config models/{manifest.name} --run RUN" in card
    commands = card.partition("```sh\n")[2]
    assert ("even.json" in commands) == ("group-wise, even" in manifest.metrics)
    idle = manifest.metrics.get("rejection", {}).get("idle")
    assert ("reject --idle IDLE --bundle" in commands) == (idle is not None)
    assert (" reject.json explain.json\n" in commands) == ("explanations" in manifest.metrics)


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
    assert "whose calibration this one has; then" in card


@pytest.mark.parametrize("graph", ["head", "encoder"])
def test_a_graph_that_was_exported_once_more_is_told(manifest, graph: str):
    assert "once more" not in render(manifest)
    again = {"commit": "4567def", "exported": "2026-11-27T03:00:00+00:00"}
    changed = msgspec.structs.replace(manifest, source={**manifest.source, graph: again})
    told = render(changed)
    assert f"`{graph}.onnx` was exported once more from the same weights, at" in told
    assert "at commit `4567def` on 2026-11-27T03:00:00+00:00." in told


def test_when_networks_were_put_together_is_told(manifest):
    assert "put together" not in render(manifest)
    training = msgspec.json.decode(msgspec.json.encode(manifest.training))
    training["environment"]["joined"] = "4567def"
    card = render(msgspec.structs.replace(manifest, training=training))
    assert "Linux, 2 cores; put together at commit `4567def`; exported" in card


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


@pytest.fixture
def commands(manifest, tmp_path, monkeypatch):
    """Factory: (networks, data, part of the split) -> the commands of the card.

    Each is parsed by the command line that it is for, in a folder with the files that it names.
    """
    monkeypatch.chdir(tmp_path)
    for name in ("NETWORKS", "RUN", "AGAIN"):
        (tmp_path / name).mkdir()
    for name in ("RUN/split.json", "AGAIN/split.json"):
        (tmp_path / name).touch()
    verbs = {"training": training_cli.commands, "export": export_cli.commands}

    def write(*networks, data="UCF101", **split):
        training = msgspec.json.decode(msgspec.json.encode(manifest.training))
        configs = [Config(classes=manifest.classes, network=network) for network in networks]
        config = configs[0] if len(configs) == 1 else Streams(streams=tuple(configs))
        training |= {"data": data, "configuration": msgspec.to_builtins(config)}
        training["split"] |= split
        card = render(msgspec.structs.replace(manifest, training=training))
        lines = card.partition("```sh\n")[2].removesuffix("\n```\n").splitlines()
        for line in lines:
            _, _, stage, verb, *arguments = line.partition(" > ")[0].split()
            verbs[stage][verb].make_context(verb, arguments)
        return lines

    return write


def test_the_commands_of_the_posters_network(commands):
    assert commands(CnnGru()) == [
        "python -m training fit --data DATA --config models/tiny --run RUN",
        "python -m export build RUN --out models/tiny --replace",
        "python -m training evaluate --bundle models/tiny --data DATA --json > evaluate.json",
        "python -m export measure models/tiny evaluate.json",
    ]


@pytest.mark.parametrize("networks", [(MobileNetGru(),), (CnnGru(), TunedGru())])
def test_networks_that_build_on_published_ones_ask_for_them(commands, networks):
    fit, *_ = commands(*networks)
    assert "--data DATA --published NETWORKS --config" in fit
    _, refit, *_ = commands(*networks, validated={"clips": 1, "groups": ["g08"]})
    assert refit == (
        "python -m training refit --after RUN --data DATA --published NETWORKS --run AGAIN"
    )


def test_a_run_that_learned_from_all_is_built_from_the_second_training(commands):
    _, refit, build, *_ = commands(CnnGru(), validated={"clips": 1, "groups": ["g08"]})
    assert refit == "python -m training refit --after RUN --data DATA --run AGAIN"
    assert build == "python -m export build AGAIN --out models/tiny --replace"


@pytest.mark.parametrize("split", [{"data": "own clips"}, {"protocol": "clip-random"}])
def test_what_is_not_tested_by_the_official_groups_names_its_split(commands, split):
    fit, _, evaluate, _ = commands(CnnGru(), **split)
    assert "--data DATA --split RUN/split.json --json" in evaluate
    assert ("--clip-random" in fit) == ("protocol" in split)
