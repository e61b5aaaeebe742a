"""From a trained run to a verified bundle, or to no bundle at all."""

from __future__ import annotations

from pathlib import Path

import msgspec

from export import graphs, parity
from export.before import require_same_run
from export.card import write_description
from export.describe import write_bundle
from export.parity import Parity
from export.place import check_place, workshop
from export.run import Run
from har_desktop.inference.bundle import load_bundle


def build(run: Run, target: Path, *, replace: bool = False) -> Parity:
    """Export a run, check the result in every way there is, and only then put it in place.

    Args:
        run: The trained run.
        target: The bundle's folder. A bundle that is there stays until the new one is whole.
        replace: Let it take the place of a bundle of another run, too.

    Returns:
        How closely the bundle follows the Keras network.

    Raises:
        InputError: `target` is taken by something else than a bundle of this run, or the run is
            unusable.
        BundleError: The graphs are not fit for a bundle.
        ParityError: The graphs differ from the network.
        OutputError: The bundle cannot be written.
    """
    check_place(target)
    if not replace:
        require_same_run(target, run)
    exported = graphs.export(run.network(), run.config.network)
    with workshop(target) as folder:
        manifest = write_bundle(folder, target.name, run, exported)
        found = parity.measure(load_bundle(folder), run)
        found.require()
        source = {**manifest.source, "parity": msgspec.to_builtins(found)}
        write_description(folder, msgspec.structs.replace(manifest, source=source))
    return found
