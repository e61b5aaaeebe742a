"""Which action does what to the stage."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow

from har_desktop.inference.model import TOP
from har_desktop.view.actions import Actions
from har_desktop.view.settings import Settings
from har_desktop.view.stage import Stage


def connect_heat(actions: Actions, stage: Stage, settings: Settings) -> None:
    """Connect what concerns heat-maps; their style is kept in the settings."""
    heat = stage.heat
    stage.set_heat_style(settings.heat)
    heat.changed.connect(lambda style: setattr(settings, "heat", style))
    actions.heat.triggered.connect(heat.toggle)
    actions.stronger.triggered.connect(lambda: heat.change_opacity(1))
    actions.weaker.triggered.connect(lambda: heat.change_opacity(-1))
    actions.colors.triggered.connect(heat.next_colormap)
    actions.method.triggered.connect(heat.next_method)
    actions.explain_top.triggered.connect(lambda: stage.bars.pinned.emit(TOP))


def connect_playback(actions: Actions, stage: Stage) -> None:
    """Connect what concerns replays."""
    controls, loop, timeline = stage.controls, actions.loop, stage.timeline
    actions.play.triggered.connect(controls.play)
    actions.back.triggered.connect(lambda: controls.step.emit(-1))
    actions.forward.triggered.connect(lambda: controls.step.emit(1))
    actions.earlier.triggered.connect(lambda: timeline.jump.emit(-1.0))
    actions.later.triggered.connect(lambda: timeline.jump.emit(1.0))
    actions.slower.triggered.connect(lambda: controls.change_speed(-1))
    actions.faster.triggered.connect(lambda: controls.change_speed(1))
    loop.toggled.connect(controls.set_loop)
    controls.loop.connect(loop.setChecked)


def connect_layout(actions: Actions, stage: Stage, window: QMainWindow, settings: Settings) -> None:
    """Connect what hides and shows; it is kept in the settings."""
    for name, action, widget in (
        ("strip", actions.strip, stage.strip),
        ("timeline", actions.timeline, stage.timeline),
    ):
        action.toggled.connect(widget.setVisible)
        action.setChecked(True)
        action.setChecked(settings.shows(name))
        action.toggled.connect(partial(settings.show, name))
    full = Qt.WindowState.WindowFullScreen

    def fill(on: bool) -> None:
        state = window.windowState()  # it may be maximised, and shall be so again afterwards
        window.setWindowState(state | full if on else state & ~full)

    actions.full.toggled.connect(fill)
