"""One server in a process of its own: the product as `colony serve` runs it, or the floor it stands on.

Run as `python -m benchmarks.served product|floor SETTINGS`: the address is printed once it listens.
"""

import sys

import msgspec
from litestar import Litestar, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from colony_core import Paging, Secret
from colony_http.server import serve as serve_http
from colony_http.shapes_asset_requests import RegisterAsset
from colony_http.shapes_assets import AssetView
from colony_http.shapes_clusters import CreateCluster
from colony_http.streams import Closing
from colony_wiring.assembly import opened
from colony_wiring.loop import run
from colony_wiring.serving import serve
from colony_wiring.settings import Settings


class Assets(Struct, frozen=True, rename="camel"):
    """The envelope of the list."""

    assets: tuple[AssetView, ...]
    next_cursor: str | None


async def floor(settings: Settings) -> None:
    """Serve bare handlers: the same framework, server and shapes, and nothing else."""
    async with opened(settings) as colony:
        page = await colony.assets.page(Paging(limit=100))
    assets = Assets(tuple(AssetView.of(asset) for asset in page.items), page.next_cursor)

    @get("/api/v1/assets")
    async def list_assets() -> Assets:
        return assets

    @get("/api/v1/assets/{asset_id:str}")
    async def get_asset(asset_id: FromPath[str]) -> AssetView:
        return assets.assets[len(asset_id) % 100]

    @post("/api/v1/assets", status_code=201)
    async def create_asset(data: JSONBody[RegisterAsset]) -> AssetView:
        return assets.assets[len(data.tags)]

    @post("/api/v1/clusters", status_code=201)
    async def create_cluster(data: JSONBody[CreateCluster]) -> AssetView:
        return assets.assets[len(data.workers)]

    decoders = [(lambda kind: kind is Secret, lambda _kind, text: Secret(text))]
    app = Litestar([list_assets, get_asset, create_asset, create_cluster], openapi_config=None, type_decoders=decoders)
    app.state.closing = Closing()  # the server says it at the end
    await serve_http(app, settings.host, settings.port, on_ready=_announce)


def _announce(address: str, _notices: tuple[str, ...] = ()) -> None:
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


def main() -> None:
    """Serve what the arguments name until told to stop."""
    role, text = sys.argv[1:]
    settings = Settings(**msgspec.json.decode(text))
    run(floor(settings) if role == "floor" else serve(settings, on_ready=_announce))


if __name__ == "__main__":
    main()
