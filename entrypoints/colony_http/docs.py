"""The OpenAPI document, and pages to read it with: everything comes from this package, nothing from elsewhere."""

from functools import cache
from importlib.resources import files

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from colony_core.errors import NotFound
from colony_http.openapi import Document
from colony_http.replies import Reply

POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"
"""`data:` images stand in Swagger UI's own style sheet."""

_TYPES = {
    "swagger-ui.css": b"text/css; charset=utf-8",
    "swagger-ui-bundle.js": b"text/javascript; charset=utf-8",
    "swagger-ui-standalone-preset.js": b"text/javascript; charset=utf-8",
    "favicon-32x32.png": b"image/png",
    "start.js": b"text/javascript; charset=utf-8",
}
_PAGE = b"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Colony API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" type="image/png" href="docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/swagger-ui-standalone-preset.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""


@get("/openapi.json")
async def get_openapi(document: NamedDependency[Document]) -> Reply:
    """Return the description of every route."""
    return Reply(document.encoded)


@get("/docs")
async def get_docs() -> Reply:
    """Return the page that shows the document."""
    return Reply(_PAGE, media=b"text/html; charset=utf-8", headers=[("content-security-policy", POLICY)])


@get("/docs/{name:str}")
async def get_docs_file(name: FromPath[str]) -> Reply:
    """Return one of the files that the page is made of."""
    if name not in _TYPES:
        raise NotFound(f"The documentation has no file '{name}'")
    headers = [("cache-control", "public, max-age=3600"), ("x-content-type-options", "nosniff")]
    return Reply(_file(name), media=_TYPES[name], headers=headers)


@cache
def _file(name: str) -> bytes:
    return files("colony_http").joinpath("static", name).read_bytes()


ROUTES = (get_openapi, get_docs, get_docs_file)
