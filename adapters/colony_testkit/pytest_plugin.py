"""`pytest --colony-adapter package:factory`: runs the contract of a port on any adapter, a stranger's too.

The factory becomes the fixture `colony_adapter`: it may be a class, a function, a coroutine or a generator, and it asks
for what it needs by name, as fixtures do (`tmp_path`, or any of your own). What it returns says which port it is for:
a bare port, a case of `colony_testkit.cases`, or the function that opens a store. Say so in its return annotation, or
with `--colony-port`. Without the option this plugin adds two options to pytest, and does nothing.
"""

import importlib
import inspect
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Literal

import pytest

MARKS: Mapping[str, tuple[frozenset[str], ...]] = MappingProxyType(
    {
        "store": (frozenset({"transaction", "reading", "on_news"}),),
        "hardware": (frozenset({"hardware", "access", "silence"}),),
        "rate_limiter": (frozenset({"limiter", "advance"}),),
        "clock": (frozenset({"now", "sleep_until"}), frozenset({"clock", "advance"})),
        "authorities": (frozenset({"create", "kubeconfig", "talosconfig"}),),
        "platform": (frozenset({"platform", "cluster", "start"}),),
        "chance": (frozenset({"token"}),),
        "sealer": (frozenset({"seal", "open"}),),
        "courier": (frozenset({"deliver"}),),
        "dispatcher": (frozenset({"hire", "lose", "let_pass"}),),
    }
)
"""By which attributes the product of a factory is recognised."""

CLASS_WIDE = frozenset({"authorities"})
"""Ports whose contract makes one adapter for all of its tests."""

NEEDS_A_CASE = MappingProxyType(
    {"controller": "HardwareCase", "admit": "RateLimiterCase", "bootstrap": "PlatformCase", "put_off": "DispatchCase"}
)
"""Ports that are not enough by themselves, by one of their methods."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("colony", "contracts of Colony Core's ports")
    group.addoption("--colony-adapter", metavar="PACKAGE:FACTORY", help="run the contract of its port on this adapter")
    group.addoption("--colony-port", choices=sorted(MARKS), help="which port it is, if its annotations do not say")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take the contract into the run, if an adapter is named."""
    name = config.getoption("--colony-adapter")
    if name is None:
        return
    if not config.pluginmanager.hasplugin("asyncio"):
        raise pytest.UsageError("--colony-adapter needs pytest-asyncio: pip install 'colony-core[testkit]'")
    config.option.asyncio_mode = config.option.asyncio_mode or "auto"
    factory = _loaded(name)
    port = config.getoption("--colony-port") or port_of(factory)
    pytest.register_assert_rewrite("colony_testkit")
    scope: Literal["class", "function"] = "class" if port in CLASS_WIDE else "function"
    fixture = pytest.fixture(name="colony_adapter", scope=scope)(_function(factory))
    fixtures = ModuleType("colony_adapter")
    vars(fixtures)["colony_adapter"] = fixture
    config.pluginmanager.register(fixtures, "colony-adapter")
    module = str(Path(__file__).parent / "contracts" / f"{port}.py")
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = [module]
    elif module not in config.args:
        config.args.append(module)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say which adapter is tested."""
    name = config.getoption("--colony-adapter")
    return None if name is None else f"colony adapter: {name}"


def port_of(factory: Callable[..., object]) -> str:
    """Return the port that the product of *factory* implements, as its class or its return annotation says."""
    product = factory if inspect.isclass(factory) else _promised(factory)
    for port, marks in MARKS.items():
        if any(all(hasattr(product, name) for name in names) for names in marks):
            return port
    for method, case in NEEDS_A_CASE.items():
        if hasattr(product, method):
            raise pytest.UsageError(
                f"The factory returns a bare port; its contract needs a colony_testkit.cases.{case}"
            )
    raise pytest.UsageError(
        "It cannot be told which port the factory is for: annotate what it returns, or say --colony-port"
    )


def _promised(factory: Callable[..., object]) -> object:
    """Return what is inside of the awaitables, iterators and functions that *factory* is annotated to return."""
    product = typing.get_type_hints(factory).get("return")
    while arguments := typing.get_args(product):
        product = arguments[-1] if typing.get_origin(product) is Callable else arguments[0]
    return product


def _loaded(name: str) -> Callable[..., object]:
    module, _, path = name.partition(":")
    try:
        found: object = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise pytest.UsageError(f"--colony-adapter: '{name}' cannot be loaded: {error}") from error
    if not callable(found):
        raise pytest.UsageError(f"--colony-adapter: '{name}' is no factory: it cannot be called")
    return found


def _function(factory: Callable[..., object]) -> Callable[..., object]:
    """Return *factory* as a function, which a fixture has to be."""
    if inspect.isfunction(factory):
        return factory

    def made() -> object:
        return factory()

    return made
