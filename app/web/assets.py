"""Our own static files, addressed by their content; third-party ones from their package.

Read and compressed once. An address changes with the content, so browsers keep it for ever.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.errors import NotFound
from app.web.tight import tight_script, tight_style
from app.web.wiring import OPEN_PAGE

FOLDER = Path(__file__).parent / "static"
FOREVER = "public, max-age=31536000, immutable"
PLOTLY = "plotly.min.js"

router = APIRouter(dependencies=[OPEN_PAGE])


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served."""

    name: str
    fingerprint: str
    media_type: str
    body: bytes
    compressed: bytes

    @property
    def url(self) -> str:
        return f"/static/{self.fingerprint}/{self.name}"


@cache
def asset(name: str) -> Asset:
    """The static file `name`.

    Raises:
        NotFound: we have none of that name.
    """
    path = FOLDER / name
    if name == PLOTLY:
        body = files("plotly").joinpath("package_data", PLOTLY).read_bytes()
    elif path.parent == FOLDER and path.is_file():
        body = _tight(name, path.read_bytes())
    else:
        raise NotFound(asset=name)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind.endswith(("javascript", "xml", "json"))
    return Asset(
        name,
        hashlib.sha256(body).hexdigest()[:12],
        f"{kind}; charset=utf-8" if text else kind,
        body,
        gzip.compress(body, 9, mtime=0),
    )


def _tight(name: str, body: bytes) -> bytes:
    """Our own script and style as they travel; anything else as it is."""
    shorten = {".js": tight_script, ".css": tight_style}.get(Path(name).suffix)
    return body if shorten is None else shorten(body.decode()).encode()


def asset_url(name: str) -> str:
    """Where a template finds a static file."""
    return asset(name).url


@router.get("/static/{fingerprint}/{name}")
def serve_asset(fingerprint: str, name: str, request: Request) -> Response:
    """A static file; an old fingerprint still gets today's content, without caching."""
    found = asset(name)
    headers = {"vary": "accept-encoding"}
    if fingerprint == found.fingerprint:
        headers["cache-control"] = FOREVER
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(found.compressed, media_type=found.media_type, headers=headers)
    return Response(found.body, media_type=found.media_type, headers=headers)
