"""What we test Colony with, for those who build on it; docs/testkit.md shows how. Needs the extra `testkit`.

    service_machine      the whole service, lived at random and held to its laws; subclass it for your own embedding
    service_laws         the laws, each in words;  service_asks: use cases as values
    faults               faults of hardware as values, and strategies for scripts of them
    values, topologies, topology_strategies, histories
                         strategies for everything that is stored, for cluster specs, and for the lives of workflows
    lab, crashes         a colony over a simulated rack on a virtual clock, and the end of its process at any moment
    memory_store         a store without a disk
    recorded             a recorded controller on loopback: Redfish over HTTP(S), IPMI over a real session
    *_contract, cases    what each port promises, as tests: by hand, or with `pytest --colony-adapter package:factory`
    pytest_plugin        that option

The rack itself is `colony_simulator.SimulatedRack`. Importing this package imports nothing else.
PYTEST_DONT_REWRITE: pytest meets this file before it is told to rewrite the others, and finds no test in it.
"""
