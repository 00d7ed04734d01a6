"""The style and the scripts of the connect pages, and the script that developers include."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

FOLDER = Path(__file__).parent / "assets"
POPUP_SCRIPT = "inlay-connect.js"
"""For the developer's own pages; its address never changes, so it may be kept for an hour only."""

_TYPES = {".css": "text/css", ".js": "text/javascript"}
_FOREVER = "public, max-age=31536000, immutable"
_HOUR = "public, max-age=3600"

_files = {file.name: file.read_bytes() for file in sorted(FOLDER.iterdir()) if file.is_file()}
_versions = {name: hashlib.sha256(data).hexdigest()[:16] for name, data in _files.items()}

router = APIRouter(prefix="/connect", include_in_schema=False)


def asset_url(name: str) -> str:
    """The path of a file; it changes with the file."""
    return f"/connect/assets/{_versions[name]}/{name}"


@router.api_route("/assets/{version}/{name}", methods=["GET", "HEAD"])
async def asset(version: str, name: str) -> Response:
    """A file of the pages; 404 for a version that is no longer there."""
    if version != _versions.get(name):
        raise HTTPException(404)
    return _file(name, {"cache-control": _FOREVER})


@router.api_route(f"/{POPUP_SCRIPT}", methods=["GET", "HEAD"])
async def popup_script() -> Response:
    """`Inlay.connect(link)` for pages of any origin, with integrity checks if they like."""
    return _file(
        POPUP_SCRIPT,
        {
            "cache-control": _HOUR,
            "access-control-allow-origin": "*",
            "cross-origin-resource-policy": "cross-origin",
        },
    )


def _file(name: str, headers: dict[str, str]) -> Response:
    return Response(_files[name], headers=headers, media_type=_TYPES[Path(name).suffix])
