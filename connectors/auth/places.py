"""Which values may stand in the URLs of endpoints that are sent a secret."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from connectors.templates import compiled_parts
from connectors.urls import open_places, places

if TYPE_CHECKING:
    from connectors.auth.base import AuthBase
    from connectors.templates import Template


def check_places(
    auth: AuthBase, urls: Iterable[str], *, with_secret: bool = False, told: Iterable[str] = ()
) -> None:
    """Raises ValueError where a URL names what is not there.

    `with_secret`: the endpoint is sent a secret of the developer. Then a whole host may come
    only from the developer, or from values that the manifest bounds by a pattern or by options:
    else an end user could have the secret sent to a host of their own. `told` are the bounded
    names beside the form.
    """
    known = auth.known_places | set(told)
    for url in urls:
        if not url.startswith(("http://", "https://", "{")):
            raise ValueError(f"{url}: no absolute URL")
        if missing := [name for name in places(url) if name not in known]:
            raise ValueError(f"{url}: no field is named {missing[0]!r}")
        if not with_secret:
            continue
        bounded = _bounded(auth) | set(told)
        if free := [name for name in open_places(url) if name not in bounded]:
            raise ValueError(
                f"{url}: a secret of the developer is sent there, so {free[0]!r} must be bounded: "
                "give it a `pattern` or `options`, or make it a field of `integration_fields`"
            )


def sends_secrets(auth: AuthBase, *parts: Any) -> bool:
    """Whether templates of these parts of a manifest send what the developer keeps secret."""
    secret = {"client_secret"}
    secret |= {field.name for field in auth.integration_fields if field.is_secret}
    paths = {
        path[:2] for part in parts for found in compiled_parts(part) for path in found.references
    }
    direct = {("integration", name) for name in secret}
    computed = {
        ("values", name)
        for name, value in auth.values.items()
        if direct & {path[:2] for path in value.references}
    }
    # A reference to all of it (`integration` alone) tells nothing of what is taken.
    return bool(paths & (direct | computed | {("integration",), ("values",)}))


def _bounded(auth: AuthBase) -> set[str]:
    of_developer = {field.name for field in auth.integration_fields}
    of_user = {field.name for field in auth.fields if field.is_bounded}
    known = {("integration", name) for name in of_developer} | {("fields", n) for n in of_user}
    computed = {name for name, value in auth.values.items() if _is_of(value, known)}
    # What wins over a bounded value of the same name (`url_values`) must be bounded itself.
    winning = {field.name for field in auth.fields} - of_user | set(auth.values) - computed
    winning = winning.union(getattr(auth, "captured", ()), *(step.captured for step in auth.verify))
    return (of_developer | of_user | computed) - (winning - computed)


def _is_of(value: Template, known: set[tuple[str, str]]) -> bool:
    return all(tuple(path[:2]) in known for path in value.references)
