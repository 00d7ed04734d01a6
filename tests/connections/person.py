"""An end user at a browser, as far as the connection layer sees one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from connections.links import Connected, Links

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connections.accounts import Connections


@dataclass
class Person:
    """Opens connect links, goes to the provider, and comes back in the same browser."""

    links: Links
    browser: str = "cookie-of-the-person"

    @classmethod
    def of(cls, connections: Connections) -> Person:
        return cls(Links(connections))

    async def secret(self, project_id: str, user: str, app_key: str, **options: Any) -> str:
        """The secret of a new link."""
        link = await self.links.create(project_id, user, app_key, **options)
        return link.url.rpartition("/")[2]

    async def begin(
        self, project_id: str, user: str, app_key: str, values: Mapping[str, Any] | None = None
    ) -> str:
        """Where the button of a new link's page leads."""
        secret = await self.secret(project_id, user, app_key)
        url = await self.links.submit(secret, values or {}, self.browser)
        assert isinstance(url, str)
        return url

    async def complete(self, params: Mapping[str, str]) -> Connected:
        return await self.links.complete(params, self.browser)


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
