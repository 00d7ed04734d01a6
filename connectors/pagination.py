"""The requests of further pages: cursor, offset, page number, or the URL of the next page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.pages import Pagination


class PageError(Exception):
    """The pages cannot be followed; the message says why."""


@dataclass
class Pages:
    """Collects the records of a paginated call and says what to ask for next.

    `query` is to be added to the request of the coming page; `url`, when set, replaces its URL.
    """

    rules: Pagination
    inputs: Mapping[str, Any]
    records: list[Any] = field(default_factory=list)
    truncated: bool = False
    """Whether a cap or the wanted number cut the list although there was more."""
    query: dict[str, Any] = field(default_factory=dict)
    url: str | None = None
    _count: int = 0
    _seen: set[str] = field(default_factory=set)
    _wanted: int = 0
    _last: list[Any] = field(default_factory=list)
    """The records of the page before."""

    def __post_init__(self) -> None:
        """Reads the wanted number and prepares the first page."""
        rules = self.rules
        limit = rules.limit.find({"inputs": self.inputs}) if rules.limit else None
        self._wanted = rules.max_records
        if isinstance(limit, int | float) and limit > 0:
            self._wanted = min(int(limit), rules.max_records)
        if rules.type == "page" and rules.param:
            self.query[rules.param] = rules.first_page
        self._size()

    @property
    def place(self) -> dict[str, Any]:
        """Where the coming page begins, as JSON: another call goes on there (`resume`)."""
        read = {"pages": self._count, "records": len(self.records)}
        return {"query": self.query, "url": self.url, **read}

    def resume(self, place: Mapping[str, Any]) -> None:
        """Goes on at the `place` of an earlier call by the same rules."""
        self.query, self.url = dict(place["query"]), place["url"]
        self._count = place["pages"]
        # Only their number is still needed, for offsets.
        self.records = [None] * place["records"]
        self._seen.add(str(self.url or self.query.get(self.rules.param or "")))

    def is_over(self, status: int) -> bool:
        """Whether an answer says that the page before was the last: asked for a number that is not
        there, some apps answer 404 (Django REST framework)."""
        return self._count > 0 and self.rules.type in {"page", "offset"} and status == 404

    def take(self, scope: Mapping[str, Any], url: httpx.URL) -> bool:
        """Takes the records of a page; True when another page is to be asked for.

        Raises `PageError` when the vendor gives no list, or the same place or page twice.
        """
        found = self.rules.records.find(scope)
        if found is None:
            found = []
        if not isinstance(found, list):
            raise PageError("the answer holds no list of records where one was expected")
        if found and found == self._last and self.rules.type in {"page", "offset"}:
            # It does not look at the number that it was asked for: no page comes after this one.
            raise PageError("the app gives the same page twice")
        self._last = found
        self.records += found
        self._count += 1
        more = self._advance(scope, url, len(found))
        if len(self.records) >= self._wanted or self._count >= self.rules.max_pages:
            self.truncated = more or len(self.records) > self._wanted
            del self.records[self._wanted :]
            return False
        return more

    def _advance(self, scope: Mapping[str, Any], url: httpx.URL, found: int) -> bool:
        rules = self.rules
        if rules.type in {"cursor", "link"}:
            place = rules.next.find(scope) if rules.next else _next_link(scope)
            if place is None or place is False or place == "":
                return False
            if rules.type == "link":
                self.url = self._joined(url, str(place))
                place = self.url
            elif rules.param:
                self.query[rules.param] = place
            if str(place) in self._seen:
                raise PageError("the app names the same next page twice")
            self._seen.add(str(place))
        else:
            if found == 0 or not self._says_more(scope, found):
                return False
            assert rules.param is not None  # noqa: S101 - validated by the manifest
            told = rules.next.find(scope) if rules.next else None
            step = len(self.records) if rules.type == "offset" else rules.first_page + self._count
            if isinstance(told, int) and not isinstance(told, bool):
                step = told
                if str(step) in self._seen:
                    raise PageError("the app names the same next page twice")
                self._seen.add(str(step))
            self.query[rules.param] = step
        self._size()
        return True

    def _says_more(self, scope: Mapping[str, Any], found: int) -> bool:
        """By the app's own word where `next` reads it, else by the size of the page."""
        if self.rules.next is not None:
            return self.rules.next.find(scope) not in (None, False, "", 0)
        return self.rules.page_size is None or found >= self._asked

    def _size(self) -> None:
        size = self.rules.page_size or 0
        # A page number counts pages of one size; only the others may ask for a smaller last page.
        left = size if self.rules.type == "page" else self._wanted - len(self.records)
        self._asked = min(size, left)
        if self.rules.size_param and self._asked > 0:
            self.query[self.rules.size_param] = self._asked

    @staticmethod
    def _joined(url: httpx.URL, place: str) -> str:
        try:
            target = url.join(place)
        except httpx.InvalidURL as error:
            raise PageError("the app's next page is no URL") from error
        if (target.scheme, target.host, target.port) != (url.scheme, url.host, url.port):
            raise PageError("the app's next page is on another host")
        return str(target)


def _next_link(scope: Mapping[str, Any]) -> str | None:
    """The target of rel=next in the Link header (RFC 8288)."""
    header = scope["headers"].get("link")
    links = httpx.Response(200, headers={"link": header}).links if header else {}
    return links.get("next", {}).get("url")
