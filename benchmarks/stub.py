"""A third-party app that answers at once: what is measured is everything else."""

from __future__ import annotations

import sys

import uvicorn

BODY = b'{"ok": true, "id": "stub-1"}'


async def app(scope: dict[str, object], receive: object, send: object) -> None:
    """Answers every request with the same small JSON object."""
    if scope["type"] != "http":
        return
    await send(  # type: ignore[operator]
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(BODY)).encode()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": BODY})  # type: ignore[operator]


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", lifespan="off")
