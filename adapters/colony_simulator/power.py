"""How power comes and goes: the last wish wins, and what the machine was busy with is lost with its power."""

from colony_core.domain.hardware import Power
from colony_simulator.activities import Off, PoweringOff, PoweringOn, SelfTest
from colony_simulator.machines import Machine
from colony_simulator.room import Room


def switch(room: Room, machine: Machine, wanted: Power) -> None:
    """Begin to bring *machine* to *wanted* (on or off); one that is there or on its way already is left alone."""
    if wanted is Power.ON:
        switch_on(room, machine)
    elif wanted is Power.OFF:
        switch_off(room, machine, then_on=False)


def switch_on(room: Room, machine: Machine) -> None:
    """Give *machine* power, or have it come back when it is about to go."""
    if isinstance(machine.activity, PoweringOff):
        machine.activity = PoweringOff(then_on=True)
    elif isinstance(machine.activity, Off):
        room.begin(machine, PoweringOn(), after=room.lasts(machine, room.timings.power_on, what="power-on"))


def switch_off(room: Room, machine: Machine, *, then_on: bool) -> None:
    """Take the power of *machine* away; whatever it does stops now, though its controller says so a little later."""
    if isinstance(machine.activity, PoweringOff):
        machine.activity = PoweringOff(then_on)
    elif isinstance(machine.activity, PoweringOn):
        if not then_on:
            room.rest(machine, Off())
    elif not isinstance(machine.activity, Off):
        machine.up_since = None
        after = room.lasts(machine, room.timings.power_off, what="power-off")
        room.begin(machine, PoweringOff(then_on), after=after)
    elif then_on:
        switch_on(room, machine)


def came(room: Room, machine: Machine) -> None:
    """Power is there: the firmware begins its self-test."""
    room.note(machine, "power on")
    start(room, machine)


def went(room: Room, machine: Machine, *, then_on: bool) -> None:
    """Power is gone, for good or for the moment of a restart."""
    room.note(machine, "power off")
    room.rest(machine, Off())
    if then_on:
        switch_on(room, machine)


def reset(room: Room, machine: Machine) -> None:
    """The machine starts over by itself, without losing power."""
    room.note(machine, "reset")
    machine.up_since = None
    start(room, machine)


def start(room: Room, machine: Machine) -> None:
    """Begin the next boot."""
    machine.boots += 1
    room.begin(machine, SelfTest(), after=room.lasts(machine, room.timings.self_test, what="self-test"))
