"""Your own code against simulated machines: hours of work, faults included, in milliseconds."""

import asyncio

from colony_core import ProvisionRequest, RunStatus
from colony_simulator import IgnoresNetworkBoot
from colony_testkit.lab import Lab


async def main() -> None:
    lab = Lab(machines=3)
    await lab.enrol()
    lab.rack.fault("asset-2", IgnoresNetworkBoot())
    runs = [await lab.colony.assets.provision(f"asset-{number}", ProvisionRequest()) for number in (1, 2)]
    await lab.run()

    good, bad = [await lab.colony.workflows.get(run.id) for run in runs]
    assert good.status is RunStatus.COMPLETED
    assert bad.error is not None
    print(bad.error.message)


asyncio.run(main())
