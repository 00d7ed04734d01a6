"""The server of the developer's own product: Inlay tells it what happens.

`python -m examples.acme <port>`; `ACME_WEBHOOK_SECRET` is the secret of its project's webhook.
"""

from __future__ import annotations

import os
import sys

import uvicorn
from fastapi import FastAPI, Request, Response
from standardwebhooks import Webhook, WebhookVerificationError

WEBHOOK_PATH = "/inlay"


def create_app(webhook_secret: str) -> FastAPI:
    """Believes what Inlay has signed, says it in a line, and refuses everything else."""
    webhook = Webhook(webhook_secret)
    app = FastAPI(title="Acme Helpdesk")

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post(WEBHOOK_PATH)
    async def hear(request: Request) -> Response:
        try:
            told = webhook.verify(await request.body(), dict(request.headers))
        except WebhookVerificationError:
            return Response(status_code=401)
        print(f"hears {told['type']} of {told['data'].get('userId') or 'its own'}")  # noqa: T201 - its log
        return Response(status_code=204)

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(os.environ["ACME_WEBHOOK_SECRET"]),
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
    )
