"""How further pages are asked for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from connectors.request import Part
from connectors.templates import Expression


class Pagination(Part):
    """How further pages are asked for. Ends at the caps or when nothing is left."""

    type: Literal["cursor", "offset", "page", "link"]
    records: Expression
    """The list of one page; scope: status, headers, body, inputs."""
    next: Expression | None = None
    """The next cursor, or the next URL (link; absent: the Link header's rel=next, RFC 8288). Of
    `page` and `offset` whether there is more: null, false, 0 and empty text say that there is not,
    a number is the next page's or offset's own."""
    param: str | None = None
    """The query parameter of the cursor, the offset or the page number."""
    size_param: str | None = None
    page_size: int | None = Field(None, gt=0)
    first_page: int = 1
    limit: Expression | None = None
    """How many records are wanted at most; scope: inputs."""
    max_pages: int = Field(100, gt=0, le=1000)
    max_records: int = Field(10_000, gt=0, le=100_000)

    @model_validator(mode="after")
    def _fits(self) -> Pagination:
        if self.type == "cursor" and (self.next is None or self.param is None):
            raise ValueError("a cursor needs `next` and `param`")
        if self.type in {"offset", "page"} and self.param is None:
            raise ValueError(f"{self.type} needs `param`")
        if self.size_param is not None and self.page_size is None:
            raise ValueError("`size_param` needs `page_size`")
        return self
