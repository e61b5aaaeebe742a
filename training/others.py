"""Clips of none of the classes: what is learned from as no action, and what tests that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import click

from har_desktop.errors import InputError
from training.config import Config
from training.data.division import FOLDS, TEST
from training.data.index import Clip, once, other_labels, scan
from training.data.split import TEST_GROUPS, Others, Split


def other_clips(config: Config, data: Path, split: Split) -> Others:
    """Clips of all other classes, divided as those of the classes are; none if none are wanted.

    Some clips stand under two names: of a class too, or of a group that tests and of another.

    Raises:
        InputError: There are none to learn from.
    """
    if not config.others:
        return Others([], [])
    found = other_labels(data, config.classes)
    if not found:
        raise InputError(
            f"the configuration wants clips of other classes, and each folder of {data} is a class:"
            " name the classes with --classes and leave out the folder of anything else, add one,"
            " or choose a configuration without `others`"
        )
    clips = scan(data, found)
    test, validating = _kept_apart(clips, split)
    seen = {c.sha256 for part in split.sets().values() for c in part}
    clips = unlike(clips, seen)
    test = once(c for c in test if c.sha256 not in seen)
    seen |= {c.sha256 for c in test}
    validating = once(c for c in validating if c.sha256 not in seen)
    seen |= {c.sha256 for c in validating}
    train = once(c for c in clips if c.sha256 not in seen)
    if not train:
        raise InputError(
            f"no clip of {', '.join(found)} is left to learn from: all are of groups that validate"
            " or test; let another group do something else, too"
        )
    return Others(train, validating, test)


def unlike(clips: Iterable[Clip], seen: Collection[str]) -> list[Clip]:
    """Those that show something else than contents of the classes; tells of the others."""
    found = []
    for clip in clips:
        if clip.sha256 in seen:
            click.echo(f"left out: {clip.path} shows what a clip of a class shows", err=True)
        else:
            found.append(clip)
    return found


def require_same(others: Others, before: Split) -> None:
    """See that clips of other classes, if any are wanted, are those of the run before.

    Raises:
        InputError: They are not.
    """
    if not (others.train and before.others and before.others.train):
        return
    known, found = before.others.contents(), others.contents()
    if known != found:
        raise InputError(
            f"clips of other classes have changed since the run before: {len(found - known)} are"
            f" new, {len(known - found)} are gone; put them back as they were, or train anew"
        )


def _kept_apart(clips: Sequence[Clip], split: Split) -> tuple[list[Clip], list[Clip]]:
    """Clips of other classes that are not touched, for their group tests; and those that validate.

    A group goes where it went with the classes. Of groups that have no clip of them, each file
    perhaps where nobody named any, a sixth validates, and of the rest about a fifth tests. Where
    single clips are shuffled, so are these, by their content: one in eight validates, as of the
    classes' clips that don't test.
    """
    if split.protocol == "clip-random":
        contents = sorted({c.sha256 for c in clips})
        validating = set(contents[::8] if split.validation and len(contents) > 1 else ())
        return [], [c for c in clips if c.sha256 in validating]
    validation = {c.group for c in split.validation}
    test = {c.group for c in split.test}
    if split.data == "UCF101":
        test |= set(TEST_GROUPS)
    alone = sorted({c.group for c in clips} - {c.group for c in split.train} - validation - test)
    drawn = set(alone[::FOLDS]) if len(alone) > 1 else set()
    if split.others:  # of the run before: what tests stays unseen
        test |= {c.group for c in split.others.test}
    else:
        test |= set([group for group in alone if group not in drawn][1::TEST])
    if split.validation:
        validation |= drawn
    return (
        [c for c in clips if c.group in test],
        [c for c in clips if c.group in validation - test],
    )
