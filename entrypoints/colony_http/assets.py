"""Routes of machines."""

from typing import Any

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from colony_core import Colony
from colony_core.domain.assets import (
    AssetBusy,
    AssetExists,
    AssetInCluster,
    AssetInMaintenance,
    AssetNotAvailable,
    AssetNotFound,
)
from colony_core.domain.passwords import NoPasswordToChange
from colony_core.domain.validation import ValidationFailed
from colony_core.ports.hardware import BmcProtocolError, BmcRefused, BmcUnreachable
from colony_core.ports.persistence import CursorInvalid
from colony_http import examples
from colony_http.fragments import AssetFragments
from colony_http.operations import Operation, described
from colony_http.replies import Reply, created, shown
from colony_http.shapes_asset_requests import (
    AssetQuery,
    ChangeAsset,
    ForgetQuery,
    ProvisionAsset,
    RebootAsset,
    RegisterAsset,
    RotateBmc,
    WipeAsset,
)
from colony_http.shapes_assets import AmendedView, AssetList, AssetView, ForgottenView, WatchedAssetView
from colony_http.shapes_sensors import SensorsView
from colony_http.shapes_workflows import WorkflowView
from colony_http.workflows import begun

TAG = "Assets"

_LIST = Operation(
    summary="List assets",
    tag=TAG,
    query=AssetQuery,
    answers={200: AssetList},
    errors=(CursorInvalid,),
    example=examples.ASSETS,
)
_GET = Operation(summary="Get one asset", tag=TAG, answers={200: WatchedAssetView}, errors=(AssetNotFound,))
_SENSORS = Operation(
    summary="Read the sensors of an asset",
    tag=TAG,
    answers={200: SensorsView},
    errors=(AssetNotFound, BmcUnreachable, BmcProtocolError, BmcRefused),
    example=examples.SENSORS,
)
_REGISTER = Operation(
    summary="Register an asset",
    tag=TAG,
    answers={201: AssetView},
    errors=(ValidationFailed, AssetExists),
    body_example=examples.REGISTER,
)
_CHANGE = Operation(
    summary="Change an asset",
    tag=TAG,
    answers={200: AmendedView},
    errors=(ValidationFailed, AssetNotFound, AssetBusy, AssetExists),
    body_example=examples.CHANGE,
)
_FORGET = Operation(
    summary="Forget an asset",
    tag=TAG,
    query=ForgetQuery,
    answers={200: ForgottenView},
    errors=(AssetNotFound, AssetBusy, AssetInCluster),
)
_BLOCKED = (AssetNotFound, AssetNotAvailable, AssetBusy, AssetInMaintenance)
_PROVISION = Operation(
    summary="Provision an asset",
    tag=TAG,
    answers={201: WorkflowView},
    errors=(ValidationFailed, *_BLOCKED),
    body_example=examples.PROVISION,
)
_WIPE = Operation(
    summary="Wipe an asset",
    tag=TAG,
    answers={201: WorkflowView},
    errors=(ValidationFailed, *_BLOCKED, AssetInCluster),
    body_example={"method": "signatures"},
)
_DISCOVER = Operation(summary="Discover an asset again", tag=TAG, answers={201: WorkflowView}, errors=_BLOCKED)
_REBOOT = Operation(
    summary="Reboot an asset",
    tag=TAG,
    answers={201: WorkflowView},
    errors=(AssetNotFound, AssetBusy, AssetInMaintenance),
    body_example={"bootDevice": "pxe"},
)


_ROTATE = Operation(
    summary="Change the password on the controller of an asset",
    tag=TAG,
    answers={201: WorkflowView},
    errors=(ValidationFailed, AssetNotFound, AssetBusy, AssetInMaintenance, NoPasswordToChange),
    body_example={},
)


class _Fragments(msgspec.Struct, frozen=True, rename="camel"):
    """An `AssetList` whose assets are encoded already."""

    assets: list[msgspec.Raw]
    next_cursor: str | None


class _Watched(msgspec.Struct, frozen=True, rename="camel"):
    """An `AssetList` of machines that do not get on."""

    assets: tuple[WatchedAssetView, ...]
    next_cursor: str | None


@get("/assets", **described(_LIST))
async def list_assets(
    asked: NamedDependency[AssetQuery], colony: NamedDependency[Colony], fragments: NamedDependency[AssetFragments]
) -> Reply:
    """Return some of the assets, oldest first; every `tag` that is given must match."""
    where = asked.where(now=colony.ports.clock.now())
    if asked.stuck:
        stuck = await colony.watch.stuck(asked.paging(), where)
        return shown(_Watched(tuple(map(WatchedAssetView.of_held_up, stuck.items)), stuck.next_cursor))
    page, healths = await colony.assets.page_with_health(asked.paging(), where)
    return shown(_Fragments(fragments.of(page.items, healths), page.next_cursor))


@get("/assets/{id:str}", **described(_GET))
async def get_asset(id: FromPath[str], colony: NamedDependency[Colony]) -> Reply:
    """Return one asset as it is known now, and what holds it up, if anything does."""
    return shown(WatchedAssetView.of_held_up(await colony.watch.one(id)))


@get("/assets/{id:str}/sensors", **described(_SENSORS))
async def get_sensors(id: FromPath[str], colony: NamedDependency[Colony]) -> Reply:
    """Ask the machine's controller now for temperatures, fans and power; the answer takes as long as it does."""
    return shown(SensorsView.of(await colony.sensors.read(id)))


@post("/assets", **described(_REGISTER))
async def register_asset(data: JSONBody[RegisterAsset], colony: NamedDependency[Colony]) -> Reply:
    """Take a machine on, and start to discover it: the asset is `discovering`, and `workflowId` names the work."""
    asset = await colony.assets.register(data.registration())
    return created(AssetView.of(asset), f"/api/v1/assets/{asset.id}")


@patch("/assets/{id:str}", **described(_CHANGE))
async def change_asset(
    id: FromPath[str], data: JSONBody[ChangeAsset], request: Request[Any, Any, Any], colony: NamedDependency[Colony]
) -> Reply:
    """Change host name, tags, MACs, controller or maintenance; the controller only while the machine is idle."""
    changes = data.changes(by=request.scope["state"]["key_id"])
    return shown(AmendedView.of_amended(await colony.assets.amend(id, changes)))


@delete("/assets/{id:str}", **described(_FORGET))
async def forget_asset(
    id: FromPath[str], asked: NamedDependency[ForgetQuery], colony: NamedDependency[Colony]
) -> Reply:
    """Forget an idle asset; with `force` any, and say what was not done for it."""
    return shown(ForgottenView.of_forgotten(await colony.assets.forget(id, force=asked.force)))


@post("/assets/{id:str}/provision", **described(_PROVISION))
async def provision_asset(id: FromPath[str], data: JSONBody[ProvisionAsset], colony: NamedDependency[Colony]) -> Reply:
    """Start to install an operating system on an available machine; everything on the chosen disk is destroyed."""
    return begun(await colony.assets.provision(id, data.request()), colony)


@post("/assets/{id:str}/wipe", **described(_WIPE))
async def wipe_asset(id: FromPath[str], data: JSONBody[WipeAsset], colony: NamedDependency[Colony]) -> Reply:
    """Start to erase every fixed disk of a provisioned machine that is in no cluster."""
    return begun(await colony.assets.wipe(id, method=data.method), colony)


@post("/assets/{id:str}/discover", **described(_DISCOVER))
async def discover_asset(id: FromPath[str], colony: NamedDependency[Colony]) -> Reply:
    """Start to find out again what the machine is made of."""
    return begun(await colony.assets.discover(id), colony)


@post("/assets/{id:str}/reboot", **described(_REBOOT))
async def reboot_asset(id: FromPath[str], data: JSONBody[RebootAsset], colony: NamedDependency[Colony]) -> Reply:
    """Start to restart the machine, whatever its status; nobody may be working on it."""
    return begun(await colony.assets.reboot(id, boot_device=data.boot_device), colony)


@post("/assets/{id:str}/bmc/rotate", **described(_ROTATE))
async def rotate_bmc(id: FromPath[str], data: JSONBody[RotateBmc], colony: NamedDependency[Colony]) -> Reply:
    """Start to change the password on the machine's controller; nobody may be working on the machine."""
    return begun(await colony.assets.rotate(id, password=data.password), colony)


ROUTES = (
    list_assets,
    get_asset,
    get_sensors,
    register_asset,
    change_asset,
    forget_asset,
    provision_asset,
    wipe_asset,
    discover_asset,
    reboot_asset,
    rotate_bmc,
)
