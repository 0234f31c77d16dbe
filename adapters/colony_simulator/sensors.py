"""What the sensors of a simulated machine show: figures of a small server, the same as long as its power stays.

They follow from the machine's name and its power alone, so that a run that is played again shows them again.
"""

from zlib import crc32

from colony_core.domain.hardware import Power, SensorKind, SensorReading, SensorUnit
from colony_simulator.machines import Machine

INLET_CELSIUS, STANDBY_WATTS = 22, 9
"""What a machine in a cool room shows whether it is on or not, and what one that is off still draws."""

FANS = 4


def readings(machine: Machine) -> tuple[SensorReading, ...]:
    """Return what all sensors of *machine* show now; fans and processors show nothing while it is off.

    A machine that was made like a recorded one shows what that one did, and temperatures alone in the other state.
    """
    if machine.sensors is not None:
        same = machine.sensors.power is machine.power
        return tuple(each for each in machine.sensors.readings if same or each.kind is SensorKind.TEMPERATURE)
    spread = crc32(machine.name.encode())
    inlet = _celsius("Inlet Temp", INLET_CELSIUS + spread % 4)
    if machine.power is not Power.ON:
        return (inlet, _watts(STANDBY_WATTS + spread % 3))
    processors = len(machine.inventory.cpus)
    heat = [_celsius(f"CPU{number} Temp", 46 + (spread >> number) % 12) for number in range(1, processors + 1)]
    fans = [_rpm(f"Fan{number}", 5400 + 60 * ((spread >> number) % 20)) for number in range(1, FANS + 1)]
    return (inlet, *heat, *fans, _watts(95 + 70 * processors + spread % 30))


def _celsius(name: str, value: int) -> SensorReading:
    return SensorReading(name=name, kind=SensorKind.TEMPERATURE, value=float(value), unit=SensorUnit.CELSIUS)


def _rpm(name: str, value: int) -> SensorReading:
    return SensorReading(name=name, kind=SensorKind.FAN, value=float(value), unit=SensorUnit.RPM)


def _watts(value: int) -> SensorReading:
    return SensorReading(name="Power Draw", kind=SensorKind.POWER, value=float(value), unit=SensorUnit.WATT)
