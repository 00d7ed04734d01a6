"""How an app knows its users: the `auth` part of a manifest, one kind a class.

Read by `connections` (the form, the authorisation, the renewal) and by the executor, which puts
the credential into requests.
"""

from typing import Annotated

from pydantic import Field

from connectors.auth.base import Apply, AuthBase, ClientAuth, Verification
from connectors.auth.exchange import ExchangeStep, OAuth2GrantAuth, TokenExchangeAuth
from connectors.auth.fields import CredentialField, Option, ShowWhen
from connectors.auth.jwt import JwtAuth, SignedJwt
from connectors.auth.keys import ApiKeyAuth, AwsSigV4Auth, BasicAuth, NoAuth
from connectors.auth.oauth1 import OAuth1Auth
from connectors.auth.oauth2 import OAuth2Auth
from connectors.auth.tokens import Issued, Token

Auth = Annotated[
    NoAuth
    | ApiKeyAuth
    | BasicAuth
    | AwsSigV4Auth
    | JwtAuth
    | OAuth1Auth
    | OAuth2Auth
    | OAuth2GrantAuth
    | TokenExchangeAuth,
    Field(discriminator="type"),
]

__all__ = [
    "ApiKeyAuth",
    "Apply",
    "Auth",
    "AuthBase",
    "AwsSigV4Auth",
    "BasicAuth",
    "ClientAuth",
    "CredentialField",
    "ExchangeStep",
    "Issued",
    "JwtAuth",
    "NoAuth",
    "OAuth1Auth",
    "OAuth2Auth",
    "OAuth2GrantAuth",
    "Option",
    "ShowWhen",
    "SignedJwt",
    "Token",
    "TokenExchangeAuth",
    "Verification",
]
