"""The check at connecting: a credential is stored only after the app has taken it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from automations.expressions import ExpressionError
from connections.errors import CheckUnavailable, CredentialRejected
from connections.grants import MAX_CAPTURED
from connectors.client import AppClient, UnusableCredential
from connectors.failures import judge, scrub
from connectors.http import OutgoingError, RefusedError
from connectors.urls import UrlError

if TYPE_CHECKING:
    from connectors.auth import Verification
    from connectors.credential import Credential
    from connectors.http import OutgoingHttp
    from connectors.manifest import App

TIMEOUT = 20.0
MAX_LABEL = 255
"""Characters of an account's id, name or e-mail that are kept."""


@dataclass(frozen=True)
class Verified:
    """A credential that works, with all that was captured, and whose it is (`id`, `name`,
    `email`, as far as the app told)."""

    credential: Credential
    account: dict[str, str] | None


async def verify(app: App, credential: Credential, http: OutgoingHttp) -> Verified:
    """Sends the manifest's verifications, in order.

    Raises:
        CredentialRejected: the app does not take the credential.
        CheckUnavailable: the app could not be asked.
    """
    account: dict[str, str] = {}
    for step in app.auth.verify:
        seen = await _ask(app, credential, http, step)
        captured = _captured(app, step, seen)
        credential = replace(credential, captured={**credential.captured, **captured})
        account |= _account(step, seen)
    return Verified(credential, account or None)


async def _ask(
    app: App, credential: Credential, http: OutgoingHttp, step: Verification
) -> dict[str, Any]:
    secrets: list[str] = []
    try:
        client = AppClient(app, credential, http, timeout=TIMEOUT)
        secrets = client.secrets
        scope = {**client.scope, "inputs": {}}
        _, seen = await client.exchange(step, scope, headers={}, is_own_url=True)
    except (UnusableCredential, UrlError, RefusedError, ExpressionError) as error:
        text = scrub(str(error), secrets)
        raise CredentialRejected(f"{app.name} cannot be used with these values: {text}.") from None
    except OutgoingError as error:
        raise CheckUnavailable(
            f"{app.name} could not be asked whether the account works:"
            f" {scrub(str(error), secrets)}. Nothing was stored; try again."
        ) from None
    verdict = judge(app, [], seen, secrets)
    if verdict is not None and verdict.kind in {"rate_limited", "transient"}:
        raise CheckUnavailable(
            f"{app.name} could not be asked whether the account works: it {verdict.what}."
            " Nothing was stored; try again."
        )
    if verdict is not None:
        raise CredentialRejected(f"{app.name} does not accept this account: it {verdict.what}.")
    if step.ok_when is not None and step.ok_when.find(seen) is not True:
        raise CredentialRejected(f"{app.name} does not accept this account.")
    return seen


def _captured(app: App, step: Verification, seen: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, expression in step.captured.items():
        value = expression.find(seen)
        if value is None:
            raise CredentialRejected(
                f"{app.name} did not tell {name}, which is needed to use this account."
            )
        if len(str(value)) > MAX_CAPTURED:
            raise CredentialRejected(f"{app.name} told a {name} that is too large.")
        found[name] = value
    return found


def _account(step: Verification, seen: dict[str, Any]) -> dict[str, str]:
    parts = {"id": step.account.id, "name": step.account.name, "email": step.account.email}
    found = {name: part.find(seen) for name, part in parts.items() if part is not None}
    return {
        name: str(value)[:MAX_LABEL]
        for name, value in found.items()
        if isinstance(value, str | int) and not isinstance(value, bool) and value != ""
    }
