"""The whole download: lists, listing, clips in parallel, manifest."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from har_desktop.errors import OutputError, SourceError
from har_desktop.sinks.atomic import make_folder, write_whole, writing
from training.download import manifest as record
from training.download.fetch import Fetcher, GaveUpError, PassingError
from training.download.listing import Remote, choose, official_clips, read_index, read_lists
from training.download.manifest import Entry, Manifest, examine, unchanged


@dataclass
class Outcome:
    """What came of a download.

    Attributes:
        fetched: Paths of the clips that came.
        present: Paths of those that were there already, and whole.
        failed: Why the others could not be had, by path.
        missing: Paths of clips that the listing does not show.
    """

    fetched: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def download(
    fetcher: Fetcher,
    root: Path,
    classes: Sequence[str] | None,
    clips_url: str,
    lists_url: str,
    *,
    verified: bool,
    jobs: int,
) -> Outcome:
    """Bring `root` to hold the clips of the classes, all for None, the lists and the manifest.

    Whatever ends this, what stands under `root` without the suffix `.part` is whole, and a further
    call goes on.

    Raises:
        InputError: An unknown class, an address that is none, a server that cannot be trusted.
        OutputError: `root` cannot be written, or lacks space.
        GaveUpError: The lists or the listing cannot be had.
    """
    make_folder(root)
    before = record.load(root)
    known = before.clips if before else {}
    lists = read_lists(fetcher.read(lists_url))
    page = fetcher.read(clips_url).decode("utf-8", errors="replace")
    remotes, missing = choose(official_clips(lists), read_index(page, clips_url), classes)
    for name, content in lists.items():
        write_whole(root / name, content)
    here = Manifest(
        source=clips_url,
        lists=lists_url,
        verified=verified and (before is None or before.verified),
        clips=dict(known),
    )
    outcome = Outcome(missing=missing)
    try:
        wanted = _look(root, remotes, here, outcome, jobs)
        _refuse_full(root, wanted)
        _fetch(fetcher, root, wanted, here, outcome, jobs)
    finally:
        record.save(root, here)
    return outcome


def _look(
    root: Path, remotes: Sequence[Remote], here: Manifest, outcome: Outcome, jobs: int
) -> list[Remote]:
    """Note what is there already; the clips that are not, or are no longer what they were."""

    def look(remote: Remote) -> Entry | None:
        path, entry = root / remote.path, here.clips.get(remote.path)
        if not path.exists():
            return None
        if entry is not None:
            return entry if unchanged(path, entry) else None
        try:
            return examine(path, remote.size)
        except SourceError:
            return None

    with ThreadPoolExecutor(jobs) as pool:
        looks = tqdm(pool.map(look, remotes), "check", len(remotes), unit="clip", disable=None)
        entries = list(looks)
    wanted = []
    for remote, entry in zip(remotes, entries, strict=True):
        here.clips.pop(remote.path, None)
        if entry is None:
            wanted.append(remote)
        else:
            here.clips[remote.path] = entry
            outcome.present.append(remote.path)
    return wanted


def _refuse_full(root: Path, wanted: Sequence[Remote]) -> None:
    """Say before the first byte, not after the last that fits, that the disk is too small."""
    need = sum(remote.size.high for remote in wanted if remote.size)
    free = shutil.disk_usage(root).free
    if need > free:
        raise OutputError(
            f"{root}: {len(wanted)} clips take {need >> 20} MB, {free >> 20} MB are free;"
            " free some space, choose another folder, or fewer --classes"
        )


def _fetch(
    fetcher: Fetcher,
    root: Path,
    wanted: Sequence[Remote],
    here: Manifest,
    outcome: Outcome,
    jobs: int,
) -> None:
    def fetch(remote: Remote) -> Entry:
        path = root / remote.path
        with writing(path.parent):
            path.parent.mkdir(exist_ok=True)
        entries: list[Entry] = []

        def check(part: Path) -> None:
            try:
                entries.append(examine(part, remote.size))
            except SourceError as error:
                # The decoder names the part; the address is named by whoever reports this.
                raise PassingError(str(error).removeprefix(f"{part}: ")) from error

        fetcher.save(remote.url, path, check)
        return entries[-1]

    bar = tqdm(total=len(wanted), desc="download", unit="clip", disable=None)
    with bar, ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(fetch, remote): remote.path for remote in wanted}
        try:
            for future in as_completed(futures):
                path = futures[future]
                try:
                    here.clips[path] = future.result()
                    outcome.fetched.append(path)
                except GaveUpError as error:
                    outcome.failed[path] = str(error)
                bar.update()
                bar.set_postfix(failed=len(outcome.failed), refresh=False)
        except BaseException:  # a full disk, Ctrl-C: the others need not go on
            fetcher.stop()
            pool.shutdown(cancel_futures=True)
            _keep(futures, here)
            raise


def _keep(futures: dict, here: Manifest) -> None:
    """Also note the clips that came whole while the run was being stopped."""
    for future, path in futures.items():
        if future.done() and not future.cancelled() and future.exception() is None:
            here.clips[path] = future.result()
