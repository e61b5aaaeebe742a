import itertools

import pytest

from har_desktop.pipeline.state import ALLOWED, Machine, State, Status

ROADS = {
    State.STOPPED: [],
    State.OPENING: [State.OPENING],
    State.RUNNING: [State.OPENING, State.RUNNING],
    State.LOST: [State.OPENING, State.LOST],
    State.FAULTED: [State.OPENING, State.FAULTED],
    State.STOPPING: [State.OPENING, State.STOPPING],
}


@pytest.fixture
def told():
    return []


@pytest.fixture
def machine(told):
    return Machine(told.append)


def bring(machine, state):
    for step in ROADS[state]:
        machine.move(step)
    assert machine.status.state is state


@pytest.mark.parametrize(("before", "after"), list(itertools.permutations(State, 2)))
def test_only_the_allowed_transitions_happen(machine, before, after):
    bring(machine, before)
    if after in ALLOWED[before]:
        machine.move(after)
        assert machine.status.state is after
    elif before in (State.STOPPING, State.STOPPED):
        machine.move(after)  # a thread that has not heard of the stop
        assert machine.status.state is before
    else:
        with pytest.raises(RuntimeError, match=f"{before} cannot be {after}"):
            machine.move(after)


def test_every_state_leads_back_to_stopped():
    for state in State:
        seen, todo = set(), [state]
        while todo:
            here = todo.pop()
            seen.add(here)
            todo += ALLOWED[here] - seen
        assert State.STOPPED in seen


def test_changes_are_told_once_and_new_messages_too(machine, told):
    bring(machine, State.RUNNING)
    machine.move(State.RUNNING)
    machine.move(State.LOST, "a")
    machine.move(State.LOST, "a")
    machine.move(State.LOST, "b")
    assert told == [
        Status(State.OPENING),
        Status(State.RUNNING),
        Status(State.LOST, "a"),
        Status(State.LOST, "b"),
    ]


def test_fault_of_the_model_shows_while_the_source_runs(machine, told):
    bring(machine, State.RUNNING)
    machine.fault("nan")
    machine.move(State.LOST, "unplugged")
    machine.move(State.RUNNING)
    machine.fault(None)
    assert told[2:] == [
        Status(State.FAULTED, "nan"),
        Status(State.LOST, "unplugged"),
        Status(State.FAULTED, "nan"),
        Status(State.RUNNING),
    ]


def test_stretch_grows_with_every_break(machine):
    stretches = []
    for state in (State.OPENING, State.RUNNING, State.LOST, State.RUNNING, State.STOPPING):
        machine.move(state)
        stretches.append(machine.stretch)
    machine.cut()
    stretches.append(machine.stretch)
    assert stretches == [1, 1, 2, 2, 3, 4]
