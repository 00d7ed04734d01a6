"""What can be wrong with a connection. No message holds a secret: all may be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automations.messages import Message

FailureKind = Literal[
    "unknown_link",
    "expired_link",
    "used_link",
    "denied",
    "expired",
    "used",
    "unknown",
    "other_browser",
    "wrong_account",
    "missing_scopes",
    "provider_error",
    "provider_unavailable",
    "rejected",
    "misconfigured",
]
"""Why an account was not connected. Of the link: `…_link`. Of the way to the provider and back:
`denied` by the user, `expired`, `used`, `unknown` (a state that is missing or not ours),
`other_browser`, `wrong_account`, `missing_scopes`, `provider_error`, `provider_unavailable`.
`rejected`: the app does not take the credential. `misconfigured`: the developer must correct the
integration."""


class ConnectionProblem(Exception):
    """What the errors of this package have in common: a message that may be shown."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ConnectionMissing(ConnectionProblem):
    """The user has no connection to the app."""


class ConnectionInvalid(ConnectionProblem):
    """The connection no longer works: only its owner can mend it, by connecting again."""


class RefreshUnavailable(ConnectionProblem):
    """The token could not be renewed now, for a reason that may pass; the connection stays."""


class IntegrationIncomplete(ConnectionProblem):
    """The project has not registered the app, or without what the app needs."""


class CredentialRejected(ConnectionProblem):
    """The app does not take this credential: nothing was stored."""


class CheckUnavailable(ConnectionProblem):
    """Whether the app takes the credential could not be found out now: nothing was stored."""


class AuthorizationFailed(ConnectionProblem):
    """No connection came of a link or of an authorization.

    `kind` and `details` (app, account, previous, scopes, code) are for texts in the user's
    language; `link` is the secret of the link, where it is known.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        details: Mapping[str, str] | None = None,
        link: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.details = dict(details or {})
        self.link = link

    @property
    def may_try_again(self) -> bool:
        """Whether the same link still serves."""
        return self.link is not None and self.kind not in {"used_link", "expired_link"}


class FieldErrors(ConnectionProblem):
    """Values of a form that cannot be accepted: one message for each field in `errors`."""

    def __init__(self, errors: Mapping[str, Message]) -> None:
        self.errors = dict(errors)
        super().__init__(" ".join(f"{name}: {text}" for name, text in self.errors.items()))
