"""Who calls the API: the developer, their product, an end user's browser; all answers are kept."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.e2e.secrecy.search import Place


class Callers:
    """Three clients of one API."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self.answers: list[Place] = []
        """All that the API answered, named by method and path."""
        self.developer = self._caller()
        self.product = self._caller()
        self.browser = self._caller(follow_redirects=True)

    async def aclose(self) -> None:
        for client in (self.developer, self.product, self.browser):
            await client.aclose()

    async def call(
        self, client: httpx.AsyncClient, method: str, path: str, body: Any = None, **more: Any
    ) -> httpx.Response:
        """Any answer."""
        return await client.request(method, path, json=body, **more)

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What the developer is answered, which must be a success."""
        answer = await self.call(self.developer, method, path, body)
        assert answer.is_success, (method, path, answer.text)
        return answer.json() if answer.content else None

    async def post(self, path: str, body: Any = None) -> Any:
        """The same of a POST."""
        return await self.ask("POST", path, body)

    def _caller(self, **options: Any) -> httpx.AsyncClient:
        async def keep(response: httpx.Response) -> None:
            await response.aread()
            if not str(response.request.url).startswith(self._base_url):
                return
            head = b"".join(b"%s: %s\n" % pair for pair in response.headers.raw)
            name = f"{response.request.method} {response.request.url.path}"
            # OAuth 1's temporary token goes through the browser (RFC 5849, 2.2).
            location = urlsplit(response.headers.get("location", ""))
            for token in parse_qs(location.query).get("oauth_token", []):
                head = head.replace(token.encode(), b"")
            self.answers.append(Place(name, head + b"\n" + response.content))

        hooks = {"response": [keep]}
        return httpx.AsyncClient(base_url=self._base_url, timeout=60, event_hooks=hooks, **options)
