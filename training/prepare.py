"""From a data folder to what a run learns from: clips, their split, and their pictures on disk."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from har_desktop.errors import InputError
from har_desktop.inference.manifest import ClassName
from training.config import Config, MobileNetGru, OnPublished, Streams, TunedGru, parts
from training.data.cache import Cache
from training.data.figures import figure_clips
from training.data.index import Clip, is_ucf, labels, letters, once, scan
from training.data.split import (
    Split,
    check,
    describe,
    learn_all,
    split_at_random,
    split_by_group,
)
from training.options import comma_separated
from training.others import other_clips, require_same
from training.usable import long_enough, telling_of_lost, testable

if TYPE_CHECKING:
    from training.data.bank import Bank

ALL = "all"
NOTHING = "no action"


def with_classes(config: Config, data: Path, classes: str | None) -> Config:
    """The configuration with other classes: names separated by commas, or all folders of the data.

    Raises:
        InputError: They are no classes that a model can have.
    """
    # Folders that come from macOS may spell letters with marks in another way.
    there = {unicodedata.normalize("NFC", label): label for label in labels(data)}
    names = config.classes if classes is None else comma_separated(classes)
    chosen = there.values() if classes == ALL else names
    spelled = tuple(there.get(unicodedata.normalize("NFC", name), name) for name in chosen)
    config = msgspec.structs.replace(config, classes=spelled)
    for label in config.classes:
        if config.classes.count(label) > 1:
            raise InputError(f"class {label} is named twice")
        try:
            msgspec.convert(label, ClassName)
        except msgspec.ValidationError:
            raise InputError(f"{label!r} cannot name a class: use 1 to 80 letters") from None
        if letters(label) == letters(NOTHING):
            raise InputError(
                f"{label!r} is what the app says where it sees none of the classes: leave it out of"
                " --classes, and its clips teach just that"
            )
        if not label.isprintable():
            raise InputError(
                f"{label!a} cannot name a class: it holds a character that is not seen; rename the"
                " folder"
            )
    if len(config.classes) < 2:
        raise InputError(
            f"a model tells at least two classes apart, here {'is' if config.classes else 'are'}"
            f" {', '.join(config.classes) or 'none'}; put the clips of each into a folder of {data}"
        )
    return config


@dataclass(frozen=True)
class Source:
    """Where clips come from, and which of them validate.

    Attributes:
        data: The data folder.
        cache: The folder of decoded clips.
        published: The published networks, for a network that begins with one.
        fold: Which groups validate.
        leak_seed: Where it is given, shuffle single clips with it.
        after: Where it is given, the split of a finished run, whose validation clips are to be
            learned from too.
    """

    data: Path
    cache: Path
    published: Path | None = None
    fold: int = 0
    leak_seed: int | None = None
    after: Split | None = None

    def split(self, config: Config | Streams) -> Split:
        """The clips of the configuration's classes, divided.

        Of clips of one's own those that can be used are; UCF101's groups stay where they are.
        """
        clips = scan(self.data, config.classes)
        if self.after is not None:
            _tell_of_new(self.after, clips)
            return learn_all(self.after, clips)
        good = clips if is_ucf(clips) else testable(config, self.data, clips)
        with telling_of_lost(clips, good):
            if self.leak_seed is None:
                split = split_by_group(good, self.fold)
            else:
                split = split_at_random(good, self.leak_seed)
            check(split, config.classes)
        return split


class Prepared(NamedTuple):
    """What a run learns from and is chosen by.

    Attributes:
        split: The clips of the configuration's classes.
        extra: Clips of other classes, and rendered ones, to learn from.
        foreign: Clips of other classes that validate.
        store: Where the pictures or features of all of them are.
        data: The data folder.
        published: The published networks, for a network that begins with one.
    """

    split: Split
    extra: list[Clip]
    foreign: list[Clip]
    store: Cache | Bank
    data: Path
    published: Path | None = None


def prepare(config: Config | Streams, source: Source) -> list[Prepared]:
    """Scan, split, decode, and tell of it on stdout.

    Args:
        config: Whose classes and pictures count.
        source: Where they are.

    Returns:
        For each network that is trained what it learns from; all of them by one division.

    Raises:
        InputError: The data cannot be used.
        OutputError: The cache takes no more.
    """
    each = parts(config)
    _tell_of_mirrors(each)
    published = published_of(config, source)
    split = source.split(config)
    return [_prepare(p, source, split, own) for p, own in zip(each, published, strict=True)]


def _prepare(config: Config, source: Source, split: Split, published: Path | None) -> Prepared:
    others = other_clips(config, source.data, split)
    if source.after:
        require_same(others, source.after)
    extra = [*others.train, *figure_clips(config.classes, config.figures)]
    store: Cache | Bank
    if isinstance(config.network, MobileNetGru) and published:
        store = bank = _bank(config, source, published)
        usable = _fill(config, bank, split, extra, others.validation)
    else:
        # A picture a third larger than the input leaves room for crops.
        size = (config.network.height * 4 // 3, config.network.width * 4 // 3)
        store = cache = Cache(source.cache, source.data, size, config.frame_interval_s)
        usable = set(cache.fill([*split.train, *split.validation, *extra, *others.validation]))
    foreign = [c for c in others.validation if c in usable]
    usable = long_enough(config, store, usable - set(foreign))
    whole = [clip for clips in split.sets().values() for clip in clips]
    # The run before has seen to it that its test clips can be used, and so has a division of these.
    tested = source.after or split.data == "own clips"
    split = msgspec.structs.replace(
        split,
        train=[c for c in split.train if c in usable],
        validation=[c for c in split.validation if c in usable],
        test=split.test if tested else testable(config, source.data, split.test),
        others=others,
    )
    with telling_of_lost(whole, [clip for clips in split.sets().values() for clip in clips]):
        check(split, config.classes)
    click.echo(describe(split))
    extra = [c for c in extra if c in usable]
    if extra:
        click.echo(f"training too: {len(extra)} clips of {len({c.label for c in extra})} classes")
    if others.validation:
        click.echo(f"validating too: {len(foreign)} clips of other classes")
    if others.test:
        click.echo(f"testing too: {len(others.test)} clips of other classes")
    return Prepared(split, extra, foreign, store, source.data, published)


def _tell_of_new(before: Split, clips: Sequence[Clip]) -> None:
    """Say how many clips there are that the run before had not."""
    known = {clip.sha256 for clip in [*before.dropped, *chain(*before.sets().values())]}
    if new := [clip.path for clip in once(clips) if clip.sha256 not in known]:
        click.echo(
            f"not learned from: {len(new)} clips that the run before had not, or could not use,"
            f" such as {new[0]}; train anew for them",
            err=True,
        )


def _tell_of_mirrors(configs: Sequence[Config]) -> None:
    """Warn of classes that a mirrored picture shows as each other."""
    labels = {label.casefold(): label for label in configs[0].classes}
    mirror = any(config.augment.mirror for config in configs)
    for word, label in labels.items():
        twin = labels.get(word.replace("left", "right"))
        if mirror and "left" in word and twin:
            click.echo(
                f"{label} and {twin}: mirrored, each looks like the other; set `mirror = false`",
                err=True,
            )


def published_of(config: Config | Streams, source: Source) -> list[Path | None]:
    """For each network the folder of what it builds on; None where it builds on nothing.

    Raises:
        InputError: A folder is needed and not given, or holds something else.
    """
    return [
        _required(part, source) if isinstance(part.network, OnPublished) else None
        for part in parts(config)
    ]


def _required(config: Config, source: Source) -> Path:
    """The folder of the published networks, asked for before anything takes long."""
    if source.published is None:
        raise InputError(
            f"{config.network.kind} builds on published networks: give their folder, --published"
            " (models/NOTICE.md tells where to get them), or take --config cnn_gru, which needs"
            " none"
        )
    from training.mobilenet import PUBLISHED, published_file

    network = config.network
    for trunk in [network.trunk] if isinstance(network, TunedGru) else PUBLISHED:
        published_file(trunk, source.published)
    return source.published


def _bank(config: Config, source: Source, published: Path) -> Bank:
    from training import mobilenet
    from training.data.bank import Bank

    trunk = mobilenet.build_trunk(config.network.height, config.network.width, "float32")
    mobilenet.load_published(trunk, published)
    return Bank(source.cache, source.data, trunk, config.augment, config.frame_interval_s)


def _fill(
    config: Config, bank: Bank, split: Split, extra: list[Clip], foreign: list[Clip]
) -> set[Clip]:
    """Compute every view that the run needs; the clips that can be used."""
    from training.data.batches import training_views

    learn = [(c, view) for c in split.train + extra for view in training_views(config, c)]
    jobs = [*learn, *((clip, 0) for clip in [*split.validation, *foreign])]
    return {clip for clip, _ in bank.fill(jobs)}
