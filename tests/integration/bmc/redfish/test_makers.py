"""How makers deviate: trees as theirs, served on loopback by a server that counts sessions."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from colony_bmc.redfish import RedfishHardware
from colony_core.domain.hardware import BootDevice, BootMode, DiskKind, Power, is_whole
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import (
    Access,
    BmcBusy,
    BmcCommandRefused,
    BmcProtocolError,
    BmcRefused,
    BmcUnreachable,
    Controller,
)
from colony_testkit.hardware_contract import everything_shown
from colony_testkit.redfish_tree import PASSWORD, SESSIONS, TOKEN, Manners, RedfishTree
from colony_testkit.redfish_trees import IDRAC, ILO, LENOVO, SUPERMICRO, V1, with_accounts

TREES = {"iDRAC": IDRAC, "iLO": ILO, "Supermicro": SUPERMICRO, "Lenovo": LENOVO}
every_maker = pytest.mark.parametrize("documents", TREES.values(), ids=list(TREES))

Serve = Callable[..., Any]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a tree; at the end, nobody may have a session open that was ever opened."""
    started: list[RedfishTree] = []

    async def start(documents: Any = IDRAC, **manners: Any) -> RedfishTree:
        tree = await RedfishTree(documents, Manners(**manners)).__aenter__()
        started.append(tree)
        return tree

    yield start
    for tree in started:
        await tree.__aexit__()
        assert tree.opened == tree.closed
        assert tree.most <= 1


@pytest.fixture
async def hardware(serve: Serve) -> AsyncIterator[RedfishHardware]:
    hardware = RedfishHardware(deadline=10)
    yield hardware
    await hardware.aclose()


@pytest.fixture
def of(hardware: RedfishHardware) -> Callable[[RedfishTree], Controller]:
    return lambda tree: hardware.controller(tree.access)


Of = Callable[[RedfishTree], Controller]


@every_maker
async def test_every_maker_is_switched_and_booted_from_the_network_once(serve: Serve, of: Of, documents: Any) -> None:
    tree = await serve(documents)
    controller = of(tree)

    await controller.set_power(Power.OFF)
    assert await controller.power() is Power.OFF
    await controller.set_boot_device(BootDevice.PXE)
    assert await controller.boot_device() is BootDevice.PXE
    assert tree.system["Boot"]["BootSourceOverrideEnabled"] == "Once"
    await controller.restart()
    assert await controller.power() is Power.ON


async def test_an_idrac_tells_all(serve: Serve, of: Of) -> None:
    inventory = await of(await serve(IDRAC)).inventory()

    assert inventory is not None
    assert is_whole(inventory)
    [cpu], [disk], [nic] = inventory.cpus, inventory.disks, inventory.nics
    assert (cpu.model, cpu.cores, cpu.threads, inventory.memory_mb) == ("Intel Xeon Gold 6338", 32, 64, 128 * 1024)
    assert (disk.serial, disk.wwn, disk.kind) == ("S45NNA0N123456", "0x5002538e10a1b2c3", DiskKind.SSD)
    assert (nic.name, nic.mac, nic.speed_mbps) == ("NIC.Integrated.1-1-1", "b4:45:06:aa:bb:01", 25000)
    assert (inventory.system.serial, inventory.system.uuid[:8]) == ("7XKJ9M3", "4c4c4544")
    assert inventory.boot_mode is BootMode.UEFI


async def test_an_ilo_keeps_its_drives_in_the_chassis_and_sums_up_its_processors(serve: Serve, of: Of) -> None:
    inventory = await of(await serve(ILO)).inventory()

    assert inventory is not None
    assert is_whole(inventory)
    assert [(cpu.cores, cpu.threads) for cpu in inventory.cpus] == [(10, 20)] * 2
    assert [(disk.serial, disk.size_bytes, disk.kind) for disk in inventory.disks] == [
        ("WBN0ABCD", 1800 * 10**9, DiskKind.HDD)
    ]
    assert inventory.boot_mode is BootMode.BIOS


async def test_drives_without_serial_numbers_are_not_enough(serve: Serve, of: Of) -> None:
    inventory = await of(await serve(SUPERMICRO)).inventory()

    assert inventory is not None
    assert not is_whole(inventory)
    assert (inventory.memory_mb, [nic.mac for nic in inventory.nics]) == (65536, ["ac:1f:6b:aa:bb:01"])


async def test_interfaces_that_only_the_chassis_knows_are_found(serve: Serve, of: Of) -> None:
    inventory = await of(await serve(LENOVO)).inventory()

    assert inventory is not None
    assert is_whole(inventory)
    assert [nic.mac for nic in inventory.nics] == ["7c:d3:0a:aa:bb:01"]
    assert inventory.disks[0].wwn == "eui.01000000010000005cd2e4abcdef0100"


async def test_a_part_that_is_broken_or_forbidden_hides_nothing_else(serve: Serve, of: Of) -> None:
    own = f"{V1}/Systems/System.Embedded.1"
    answers: dict[str, Any] = {f"GET {own}/Storage": (500, {}, None), f"GET {own}/Bios": (403, {}, None)}
    inventory = await of(await serve(IDRAC, answers=answers)).inventory()

    assert inventory is not None
    assert (inventory.disks, len(inventory.cpus), len(inventory.nics)) == ((), 1, 1)


async def test_without_a_session_service_every_request_proves_itself(serve: Serve, of: Of) -> None:
    tree = await serve(SUPERMICRO)

    assert await of(tree).power() is Power.ON
    assert tree.opened == 0


@pytest.mark.parametrize("etag", ['"abc"', 'W/"abc"'])
async def test_a_version_is_named_where_it_is_demanded(serve: Serve, of: Of, etag: str) -> None:
    controller = of(await serve(LENOVO, etag=etag))

    await controller.set_boot_device(BootDevice.DISK)

    assert await controller.boot_device() is BootDevice.DISK


@pytest.mark.parametrize(
    ("shown", "in_body", "right"),
    [
        ('""abc""', '"abc"', '"abc"'),
        ('"abc-gzip"', None, '"abc"'),
        ('W/"abc-gzip"', None, '"abc"'),
        (None, 'W/"abc"', '"abc"'),
        ('"stale"', 'W/"abc"', 'W/"abc"'),
    ],
)
async def test_a_version_that_the_header_spoils_is_named_right_in_the_end(
    serve: Serve, of: Of, shown: str | None, in_body: str | None, right: str
) -> None:
    own = f"{V1}/Systems/1"
    documents = dict(LENOVO) | {own: LENOVO[own] | ({"@odata.etag": in_body} if in_body else {})}
    tree = await serve(documents, etag=shown, demands=right)

    await of(tree).set_boot_device(BootDevice.DISK)

    assert tree.system["Boot"]["BootSourceOverrideTarget"] == "Hdd"


@pytest.mark.parametrize("slash", [True, False])
@every_maker
async def test_paths_are_sent_on_with_and_without_the_slash_at_their_end(
    serve: Serve, of: Of, documents: Any, *, slash: bool
) -> None:
    controller = of(await serve(documents, slash=slash))

    await controller.set_power(Power.OFF)

    assert await controller.power() is Power.OFF


async def test_a_redirect_to_another_host_gets_nothing(serve: Serve, of: Of) -> None:
    other = await serve(IDRAC)
    elsewhere = {"Location": f"http://127.0.0.1:{other.port}{SESSIONS}"}
    tree = await serve(IDRAC, answers={f"POST {SESSIONS}": (308, elsewhere, None)})

    with pytest.raises(BmcProtocolError, match="gets no credentials"):
        await of(tree).power()

    assert other.asked == []


async def test_a_task_is_seen_through(serve: Serve, of: Of) -> None:
    tree = await serve(IDRAC, looks=3)

    await of(tree).set_power(Power.OFF)

    assert tree.manners.looks == 0


async def test_a_task_that_fails_is_a_failure(serve: Serve, of: Of) -> None:
    with pytest.raises(BmcProtocolError, match="exception"):
        await of(await serve(IDRAC, looks=2, task_fails=True)).restart()


async def test_a_reset_type_that_is_not_offered_is_not_asked_for(serve: Serve, of: Of) -> None:
    tree = await serve(SUPERMICRO)

    await of(tree).restart()

    assert tree.bodies("POST") == [{"ResetType": "PowerCycle"}]


async def test_supermicro_is_told_the_mode_that_it_would_otherwise_reset(serve: Serve, of: Of) -> None:
    tree = await serve(SUPERMICRO)

    await of(tree).set_boot_device(BootDevice.PXE)

    assert tree.bodies("PATCH")[0]["Boot"]["BootSourceOverrideMode"] == "UEFI"


async def test_a_mode_is_told_only_if_it_changes(serve: Serve, of: Of) -> None:
    tree = await serve(IDRAC)
    controller = of(tree)

    await controller.set_boot_device(BootDevice.PXE, mode=BootMode.UEFI)
    await controller.set_boot_device(BootDevice.PXE, mode=BootMode.BIOS)

    modes = [body["Boot"].get("BootSourceOverrideMode") for body in tree.bodies("PATCH")]
    assert modes == [None, "Legacy"]


async def test_a_machine_that_shows_no_mode_is_told_none(serve: Serve, of: Of) -> None:
    [own] = [path for path, each in SUPERMICRO.items() if "PowerState" in each]
    tree = await serve(dict(SUPERMICRO) | {own: SUPERMICRO[own] | {"Boot": {"BootSourceOverrideEnabled": "Disabled"}}})

    await of(tree).set_boot_device(BootDevice.PXE, mode=BootMode.UEFI)

    assert tree.bodies("PATCH") == [{"Boot": {"BootSourceOverrideEnabled": "Once", "BootSourceOverrideTarget": "Pxe"}}]


async def test_a_refusal_that_names_the_future_state_leads_there(serve: Serve, of: Of) -> None:
    own = f"{V1}/Systems/1"
    refusal = {"error": {"@Message.ExtendedInfo": [{"MessageId": "Ami.1.0.OperationSupportedInFutureStateURI"}]}}
    waiting = {f"{own}/SD": {"Boot": {"BootSourceOverrideEnabled": "Disabled"}}}
    tree = await serve(dict(LENOVO) | waiting, answers={f"PATCH {own}": (400, {}, refusal)})
    controller = of(tree)

    await controller.set_boot_device(BootDevice.PXE)

    assert tree.documents[f"{own}/SD"]["Boot"]["BootSourceOverrideTarget"] == "Pxe"
    assert await controller.boot_device() is BootDevice.PXE


async def test_any_other_refusal_leads_nowhere(serve: Serve, of: Of) -> None:
    own = f"{V1}/Systems/1"
    tree = await serve(LENOVO, answers={f"PATCH {own}": (400, {}, None)})

    with pytest.raises(BmcProtocolError, match="status 400"):
        await of(tree).set_boot_device(BootDevice.PXE)

    assert {path for method, path, _ in tree.asked if method == "PATCH"} == {own}


async def test_an_override_that_is_not_kept_is_told(serve: Serve, of: Of) -> None:
    with pytest.raises(BmcProtocolError, match="did not keep"):
        await of(await serve(IDRAC, keeps_boot=False)).set_boot_device(BootDevice.PXE)


def lasting(documents: Any, target: str, **more: Any) -> dict[str, Any]:
    """Return the tree of a machine that somebody makes boot from *target* at every start."""
    [own] = [path for path, each in documents.items() if "PowerState" in each]
    boot = documents[own]["Boot"] | {"BootSourceOverrideEnabled": "Continuous", "BootSourceOverrideTarget": target}
    return dict(documents) | {own: documents[own] | {"Boot": boot} | more}


@pytest.mark.parametrize("device", BootDevice)
@pytest.mark.parametrize("target", ["Pxe", "Hdd", "Cd"])
@every_maker
async def test_an_override_that_somebody_made_last_is_read_and_replaced_by_ours_for_one_start(
    serve: Serve, of: Of, documents: Any, target: str, device: BootDevice
) -> None:
    tree = await serve(lasting(documents, target))
    controller = of(tree)
    found = {"Pxe": BootDevice.PXE, "Hdd": BootDevice.DISK, "Cd": None}

    assert await controller.boot_device() is found[target]
    await controller.set_boot_device(device)
    assert await controller.boot_device() is device
    assert tree.system["Boot"]["BootSourceOverrideEnabled"] == "Once"


async def test_an_override_that_lasts_is_left_alone_by_what_names_no_device(serve: Serve, of: Of) -> None:
    tree = await serve(lasting(IDRAC, "Pxe"))

    await of(tree).restart()

    assert tree.bodies("PATCH") == []
    assert await of(tree).boot_device() is BootDevice.PXE


async def test_an_override_that_waits_in_the_settings_wins_over_one_that_is_in_force(serve: Serve, of: Of) -> None:
    own = f"{V1}/Systems/System.Embedded.1"
    settings = {"@Redfish.Settings": {"SettingsObject": {"@odata.id": f"{own}/Settings"}}}
    waiting = {f"{own}/Settings": {"Boot": {"BootSourceOverrideEnabled": "Disabled"}}}
    tree = await serve(lasting(IDRAC, "Pxe", **settings) | waiting, answers={f"PATCH {own}": (405, {}, None)})
    controller = of(tree)

    assert await controller.boot_device() is BootDevice.PXE
    await controller.set_boot_device(BootDevice.DISK)
    assert await controller.boot_device() is BootDevice.DISK
    assert tree.documents[f"{own}/Settings"]["Boot"]["BootSourceOverrideEnabled"] == "Once"
    assert tree.system["Boot"]["BootSourceOverrideEnabled"] == "Continuous"


async def test_no_session_left_is_busy(serve: Serve, of: Of) -> None:
    with pytest.raises(BmcBusy, match="SessionLimitExceeded"):
        await of(await serve(IDRAC, room=0)).power()


@pytest.mark.parametrize("status", [429, 503])
async def test_no_room_is_busy_and_the_session_is_closed(serve: Serve, of: Of, status: int) -> None:
    path = f"{V1}/Systems/System.Embedded.1"

    with pytest.raises(BmcBusy):
        await of(await serve(IDRAC, answers={f"GET {path}": (status, {}, None)})).power()


async def test_several_systems_are_told_apart_or_refused(serve: Serve, of: Of) -> None:
    two = {"Members": [{"@odata.id": f"{V1}/Systems/1"}, f"{V1}/Systems/DPU"]}
    clear = ILO | {f"{V1}/Systems": two, f"{V1}/Systems/DPU": {"SystemType": "DPU"}}
    clear[f"{V1}/Systems/1"] = clear[f"{V1}/Systems/1"] | {"SystemType": "Physical"}
    unclear = clear | {f"{V1}/Systems/DPU": {"SystemType": "Physical"}}

    assert await of(await serve(clear)).power() is Power.ON
    with pytest.raises(BmcRefused, match="has 2 systems"):
        await of(await serve(unclear)).power()


async def test_the_password_of_our_own_account_is_changed(serve: Serve, of: Of) -> None:
    tree = await serve(with_accounts(IDRAC))

    await of(tree).change_password(Secret("an0ther-one"))

    assert tree.bodies("PATCH") == [{"Password": "an0ther-one"}]
    assert await of(tree).power() is Power.ON


async def test_a_new_password_that_is_refused_is_not_repeated(serve: Serve, of: Of) -> None:
    said = {"error": {"@Message.ExtendedInfo": [{"MessageId": "Base.1.8.PropertyValueFormatError",
                                                 "Message": "an0ther-one is weak"}]}}  # fmt: skip
    path = f"PATCH {V1}/AccountService/Accounts/2"

    with pytest.raises(BmcCommandRefused, match="PropertyValueFormatError") as refused:
        await of(await serve(with_accounts(IDRAC), answers={path: (400, {}, said)})).change_password(
            Secret("an0ther-one")
        )

    assert "an0ther-one" not in everything_shown(refused.value)


@pytest.mark.parametrize("documents", [IDRAC, with_accounts(IDRAC, longest=10)], ids=["no accounts", "too long"])
async def test_a_password_that_cannot_be_changed_is_not_sent(serve: Serve, of: Of, *, documents: Any) -> None:
    tree = await serve(documents)

    with pytest.raises(BmcCommandRefused):
        await of(tree).change_password(Secret("an0ther-one"))

    assert tree.bodies("PATCH") == []


async def test_a_refused_login_is_tried_once_and_shows_nothing(
    serve: Serve, hardware: RedfishHardware, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    tree = await serve(IDRAC)
    wrong = "the-wr0ng-one"

    with pytest.raises(BmcRefused) as refused:
        await hardware.controller(Access(tree.access.bmc, Secret(wrong))).power()

    assert [path for method, path, _ in tree.asked if method == "POST"] == [SESSIONS]
    assert wrong not in everything_shown(refused.value) + caplog.text


async def test_no_secret_is_logged_at_any_level(serve: Serve, of: Of, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    await of(await serve(IDRAC)).set_power(Power.OFF)
    await of(await serve(SUPERMICRO)).power()

    assert PASSWORD not in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    "moment", ["GET /redfish/v1/", f"POST {SESSIONS}", f"GET {V1}/Systems", f"GET {V1}/Systems/System.Embedded.1"]
)
async def test_a_call_that_is_given_up_at_any_moment_leaves_no_session(serve: Serve, of: Of, moment: str) -> None:
    tree = await serve(IDRAC)
    tree.hangs_on = moment
    call = asyncio.ensure_future(of(tree).power())
    await tree.hung.wait()
    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call
    tree.released.set()


async def test_a_machine_that_follows_late_is_not_told_again(serve: Serve, of: Of) -> None:
    tree = await serve(IDRAC)
    tree.system["PowerState"] = "PoweringOff"

    await of(tree).set_power(Power.OFF)

    assert tree.bodies("POST") == []


async def test_a_stopping_colony_speaks_to_nobody(serve: Serve, hardware: RedfishHardware) -> None:
    tree = await serve(IDRAC)
    await hardware.aclose()

    with pytest.raises(BmcUnreachable, match="stopping"):
        await hardware.controller(tree.access).power()

    assert tree.asked == []


async def test_plain_http_is_not_spoken_where_tls_is_to_be_verified(serve: Serve, hardware: RedfishHardware) -> None:
    tree = await serve(IDRAC)
    access = tree.access
    await hardware.controller(access).power()
    opened = tree.opened

    with pytest.raises(BmcProtocolError, match="speaks no TLS"):
        await hardware.controller(replace(access, bmc=replace(access.bmc, verify_tls=True))).power()

    assert tree.opened == opened


@pytest.mark.parametrize("content", ["not an object", ["a", "list"], None])
async def test_nonsense_is_a_protocol_error(serve: Serve, of: Of, content: object) -> None:
    with pytest.raises(BmcProtocolError):
        await of(await serve(IDRAC, answers={f"GET {V1}/Systems": (200, {}, content)})).power()
