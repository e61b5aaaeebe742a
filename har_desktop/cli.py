"""The verbs: what a person or a script can ask for on the command line.

Whatever is heavy is imported inside the verb that needs it, so that `--help` answers at once.
"""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import list2cmdline
from typing import TYPE_CHECKING, Any, NoReturn

import click

from har_desktop import console
from har_desktop.display import find_display
from har_desktop.errors import one_line, printable
from har_desktop.system_libraries import missing_libraries, remedy

if TYPE_CHECKING:
    from har_desktop.replay import Failure, Replays, ReplaySummary

NAME = "har-desktop"
DEMO_FOLDER = Path("out/demo")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code; `arguments` instead of the command line's."""
    return console.run(cli, NAME, arguments)


def run() -> NoReturn:
    """Be the program: `main`, and the end of the process."""
    console.leave(main())


class _Verbs(click.Group):
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from har_desktop.sources.files import is_file, is_folder

        name, path = args[0], Path(args[0])
        unknown = name and self.get_command(ctx, name) is None
        if unknown and (is_file(path) or is_folder(path)):  # the obvious thing to try
            quoted = list2cmdline([name]) if os.name == "nt" else shlex.quote(name)
            meant = f"{NAME} replay {quoted} --out RESULTS"
            ctx.fail(f"No such command {name!r}; to recognise it: {meant}.")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Verbs,
    invoke_without_command=True,
    context_settings=console.HELP,
)
@click.version_option(package_name=NAME, message="%(prog)s %(version)s")
@console.debug_option
@click.pass_context
def cli(context: click.Context) -> int | None:
    """Recognise human actions in video, and show where in the picture the evidence lies.

    Without a verb the window opens; with no display the demo is replayed into out/demo.
    """
    return _launch() if context.invoked_subcommand is None else None


class _Seconds(click.FloatRange):
    name = "number"  # in messages

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        seconds: float = super().convert(value, param, ctx)
        if math.isnan(seconds):  # passes every range
            self.fail("not a number.", param, ctx)
        return seconds


class _Folder(click.Path):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":  # a variable of a shell, perhaps: it would mean the folder one is in
            self.fail("an empty name; name a folder.", param, ctx)
        return super().convert(value, param, ctx)


def _refuse_addresses(
    _: click.Context, __: click.Parameter, sources: tuple[str, ...]
) -> tuple[str, ...]:
    if "" in sources:  # a variable of a shell, perhaps: it would mean the folder one is in
        raise click.BadParameter("an empty name; name a file, a folder, or demo.")
    if any("://" in source for source in sources):  # it may hold a password, and is not told
        raise click.BadParameter(
            f"addresses are for the window: run {NAME}, and choose File, Network stream."
        )
    return sources


@cli.command()
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True, callback=_refuse_addresses)
@click.option("--out", type=_Folder(path_type=Path), required=True, help="Folder for results.")
@click.option("--model", type=click.Path(path_type=Path), help="A bundle's folder.")
@click.option(
    "--provider",
    type=click.Choice(["auto", "cuda", "coreml", "cpu"]),
    default="auto",
    show_default=True,
    help="The processor to ask for; the CPU is the fallback.",
)
@click.option(
    "--explain",
    metavar="top|CLASS",
    default="top",
    show_default=True,
    help="The class whose evidence the heat-maps show.",
)
@click.option(
    "--method",
    type=click.Choice(["grad-cam", "hires-cam"]),
    default="grad-cam",
    show_default=True,
    help="How heat-maps are computed; which of them a bundle has, stands in its card.",
)
@click.option(
    "--hop",
    metavar="SECONDS",
    type=_Seconds(min=0),
    default=0.0,
    show_default=True,
    help="Mean time between two results; 0 gives one per frame.",
)
@json_option
@console.debug_option
def replay(sources: tuple[str, ...], out: Path, as_json: bool, **options: Any) -> int:
    """Recognise recorded videos: files, folders of files, or `demo`.

    Each gets NAME.mp4 with heat-map and label, NAME.frames.jsonl, NAME.events.csv and NAME.vtt.
    """
    from har_desktop.replay import DEMO, Replays
    from har_desktop.sources.files import is_folder

    if not as_json:
        return _exit_code(_replay(sources, out, on_summary=_tell, **options))
    # One source is one object. Several are an object with a list, and so is a folder of whatever.
    several = len(sources) > 1 or (sources[0] != DEMO and is_folder(Path(sources[0])))
    done = Replays([], [])
    options |= {"on_summary": done.summaries.append, "on_failure": done.failures.append}
    try:
        results = _replay(sources, out, **options)
    except BaseException:
        if several and (done.summaries or done.failures):
            console.print_json(done)  # what was written stays, so it is told of
        raise
    if several:
        console.print_json(results)
    else:
        for result in (*results.summaries, *results.failures):
            console.print_json(result)
    return _exit_code(results)


@cli.group(invoke_without_command=True)
@json_option
@console.debug_option
@click.pass_context
def models(context: click.Context, as_json: bool) -> None:
    """List the model bundles that come with the program."""
    if context.invoked_subcommand is not None:
        return
    from har_desktop.model_report import headline, model_entries

    entries = model_entries()
    if as_json:
        console.print_json(entries)
        return
    for entry in entries:
        click.echo(f"{entry.name}{' (default)' if entry.default else ''}")
        known = [("classes", ", ".join(entry.classes)), ("measured", headline(entry.metrics))]
        found = [("error", entry.error)] if entry.error else known
        click.echo(console.columns([("path", entry.path), *found]))


@models.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@json_option
@console.debug_option
@click.pass_context
def verify(context: click.Context, folder: Path, as_json: bool) -> None:
    """Check a bundle: schema, hashes, safety, names, shapes, and a dry run on the CPU."""
    from har_desktop.model_report import prove

    proof = prove(folder)
    if as_json or (context.parent and context.parent.params["as_json"]):
        console.print_json({"path": str(folder), "checked": dict(proof)})
        return
    click.echo(f"{printable(str(folder))}: a good bundle")
    click.echo(console.columns(proof))


@cli.command()
@json_option
@console.debug_option
def doctor(as_json: bool) -> int:
    """Tell what this machine has of what the program needs, and what would be used."""
    from har_desktop.doctor import examine, findings

    report = examine()
    if as_json:
        console.print_json(report)
        return console.FAILURE if report.problems else 0
    click.echo(console.columns(findings(report)))
    for problem in report.problems:
        console.print_error(NAME, problem)
    return console.FAILURE if report.problems else 0


@cli.command()
@click.option("--model", type=click.Path(path_type=Path), help="A bundle's folder.")
@json_option
@console.debug_option
def bench(model: Path | None, as_json: bool) -> None:
    """Measure how fast a model is on this machine, on the CPU and with CUDA where that works.

    It takes a few seconds. Close what else keeps the machine busy.
    """
    from har_desktop.bench import bench as run_bench
    from har_desktop.bench import rows

    found = run_bench(model)
    if as_json:
        console.print_json(found)
        return
    click.echo(console.columns(rows(found)))


def _launch() -> int:
    """Open the window, or say why not and replay the demo."""
    obstacle = _obstacle()
    if obstacle is None:
        from har_desktop.view.app import run_window

        return run_window()
    click.echo(f"{NAME}: {obstacle}; replaying the demo without a window")
    return _exit_code(_replay(("demo",), DEMO_FOLDER, on_summary=_tell))


def _obstacle() -> str | None:
    """Why no window can be opened here; Qt would abort instead of saying so."""
    display = find_display()
    if not display.available:
        return f"no display ({display.detail})"
    if missing := missing_libraries(display.window):
        return f"system libraries are missing: {remedy(library.name for library in missing)}"
    return None


def _replay(
    sources: Sequence[str],
    out: Path,
    on_failure: Callable[[Failure], object] = lambda _: None,
    **options: Any,
) -> Replays:
    from har_desktop.replay import replay
    from har_desktop.sinks.leftovers import describe, find_leftovers

    if leftovers := find_leftovers(out):
        note = f"{NAME}: note: {describe(leftovers)}; rename or delete them"
        click.echo(one_line(note), err=True)

    def report(failure: Failure) -> None:
        console.print_error(NAME, failure.error)
        on_failure(failure)

    return replay(sources, out, progress=True, on_failure=report, **options)


def _tell(summary: ReplaySummary) -> None:
    click.echo(printable(summary.source))
    click.echo(console.columns(_rows(summary)))


def _rows(summary: ReplaySummary) -> list[tuple[str, str]]:
    top, reason = summary.top, summary.provider_reason
    action = f"{top.label}, {top.confidence:.0%}" if top else "no action"
    events = [
        f"{e.start:.2f} to {e.end:.2f} s {e.label}, {e.confidence:.0%}" for e in summary.events
    ]
    return [
        ("action", f"{action}{_without_windows(summary)}"),
        *(("event", event) for event in events),
        ("replayed", f"{summary.duration_s:.1f} s of video in {summary.seconds:.1f} s"),
        ("provider", f"{summary.provider} ({reason})" if reason else summary.provider),
        *(("wrote", file) for file in summary.files),
    ]


def _without_windows(summary: ReplaySummary) -> str:
    if summary.windows:
        return ""
    return (
        " (shorter than a window)" if summary.short else " (pictures too far apart for the model)"
    )


def _exit_code(results: Replays) -> int:
    return max((failure.exit_code for failure in results.failures), default=0)
