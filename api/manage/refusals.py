"""Deliveries that were refused, as the API tells of them."""

from __future__ import annotations

from pydantic import Field

from api.schemas import Model, Timestamp
from store.models import Integration, Registration


class Refusal(Model):
    """A delivery that was refused."""

    reason: str = Field(
        description="The status that it was answered, and why.",
        examples=["401: the signature does not fit the delivery"],
    )
    at: Timestamp


def refusal_of(row: Registration | Integration) -> Refusal | None:
    """The last delivery to a row's URL that was refused."""
    if row.last_refused_at is None:
        return None
    return Refusal(reason=row.last_refusal or "", at=row.last_refused_at)
