"""What the bodies of requests and answers have in common."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Item = TypeVar("Item")

Timestamp = Annotated[int, Field(description="Milliseconds since the epoch (UTC).")]
Moment = Annotated[int, Field(ge=0, le=253_402_300_799_999)]
"""A `Timestamp` that is given to us, at latest that of the year 9999."""
Limit = Annotated[int, Query(ge=1, le=200, description="How many items at most.")]
Cursor = Annotated[
    str | None,
    Query(max_length=512, description="`nextCursor` of the page before; absent: the first page."),
]
AppKey = Annotated[
    str,
    Path(alias="appKey", max_length=64, description="The app's key.", examples=["google-calendar"]),
]
ProjectId = Annotated[str, Path(alias="projectId", max_length=64, description="The project.")]
AutomationId = Annotated[
    str, Path(alias="automationId", max_length=64, description="The automation.")
]
RunId = Annotated[str, Path(alias="runId", max_length=1000, description="The run.")]


class Model(BaseModel):
    """camelCase outside, snake_case inside; unknown fields are refused."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="forbid"
    )


class Page(Model, Generic[Item]):
    """A part of a list, and how to get the next."""

    items: list[Item]
    next_cursor: str | None = Field(None, description="Null on the last page.")


def page_of(items: list[Item], limit: int, cursor: str) -> tuple[list[Item], str | None]:
    """One page out of `limit + 1` items that were asked for, and the cursor of the next.

    `cursor` names the attribute of an item that the list is ordered by.
    """
    shown = items[:limit]
    return shown, str(getattr(shown[-1], cursor)) if len(items) > limit else None
