"""What can be wrong with a connection. No message holds a secret: all may be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    """The project has not registered the app, or without its OAuth client."""


class AuthorizationFailed(ConnectionProblem):
    """An authorization did not lead to a connection; the message says why and what to do."""


class FieldErrors(ConnectionProblem):
    """Values of a form that cannot be accepted: one sentence for each field in `errors`."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__(" ".join(f"{name}: {text}" for name, text in self.errors.items()))
