"""Every setting of Inlay, read once from the environment (prefix `INLAY_`)."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

PREFIX = "INLAY_"
DRIVERS = ("postgresql+asyncpg", "sqlite+aiosqlite")
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
OF_COMPOSE = {"PORT", "WORKERS"}
"""Variables behind the prefix that only docker-compose.yml reads."""


class ConfigurationError(Exception):
    """The operator must change a setting; the message says which and how."""


class Settings(BaseSettings):
    """What a process of Inlay must know of its surroundings.

    Each field is an environment variable with the prefix `INLAY_`: `INLAY_DATABASE_URL`, and so on.
    An empty or blank one is unset: it has its default, and never switches a protection off.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        extra="ignore",
        # What is refused at start may be a secret, and is told on a terminal.
        hide_input_in_errors=True,
    )

    environment: str = Field("development", pattern="^(development|production)$")
    data_dir: Path = Path(".inlay")
    """Where the database file, Temporal's file and large payloads lie on one machine."""

    database_url: str = ""
    """SQLAlchemy URL; empty: SQLite in `data_dir`."""

    database_connections: int = Field(20, ge=2, le=1000)
    """How many connections to PostgreSQL one process opens at most."""

    database_pooler: bool = False
    """A pooler such as PgBouncer in transaction mode stands before PostgreSQL: no prepared
    statement outlives its transaction."""

    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    temporal_ui_url: str = "http://127.0.0.1:8233"
    temporal_api_key: SecretStr | None = None
    """For Temporal Cloud; its presence also turns TLS on."""

    public_url: str = "http://127.0.0.1:8000"
    """Where browsers and other apps reach the API: redirect and callback URLs begin with it."""

    trusted_proxies: str = "127.0.0.1,::1"
    """Comma separated addresses or networks whose X-Forwarded-For and -Proto are believed; each of
    them must set these headers itself."""

    encryption_keys: SecretStr = SecretStr("")
    """Comma separated keys of 32 bytes in URL-safe base64; the first encrypts, all decrypt.

    Empty in development: a key is made once and kept in `data_dir`. Refused in production."""

    encryption_keys_file: str = ""
    """Path of a file with the keys in place of `encryption_keys`: one a line, or with commas."""

    codec_token: SecretStr | None = None
    """What operators' Temporal UI must send to have payloads decoded: 16 characters or more.

    Without it production decodes none; in development one is made once and kept in `data_dir`."""

    allowed_private_hosts: str = ""
    """Comma separated host names, addresses or networks that outgoing calls may reach although
    they are private (for example `127.0.0.1` in development)."""

    connector_dirs: str = ""
    """Folders with further apps, separated like PATH; each holds one folder an app."""

    daily_credits: int = 10_000
    """Credits a day of the plan that a new account gets."""

    openid_issuer: str = Field("", max_length=255)
    """The OpenID provider at which developers may sign in, by the URL that it calls itself; empty:
    by password only."""

    openid_client_id: str = ""
    openid_client_secret: SecretStr = SecretStr("")
    """What the provider gave for Inlay's client, with the redirect URI
    `<public_url>/api/v1/sign-in/openid/callback`."""

    openid_name: str = Field("", max_length=60)
    """The provider on the sign-in button; empty: its host name."""

    openid_email_domains: str = ""
    """Comma separated: only people of the provider with a verified email of these domains are let
    in. Empty: whoever the provider knows."""

    payload_dir: Path | None = None
    """Where payloads too large for a history lie; empty: in `data_dir`. All processes share it."""

    max_delivery_bytes: int = Field(25 * 1_048_576, ge=65_536, le=256 * 1_048_576)
    """How large the body of one delivery of an app may be."""

    drain_seconds: float = Field(0, ge=0, le=300)
    """How long an API that is told to stop goes on taking requests while `/readyz` says that it
    stops, so that balancers turn to others first."""

    log_level: str = "INFO"

    @property
    def effective_database_url(self) -> str:
        """The URL to connect to, with the default filled in."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir.absolute()}/inlay.db"

    @property
    def effective_payload_dir(self) -> Path:
        """The folder of large payloads, with the default filled in."""
        return self.payload_dir or self.data_dir / "payloads"

    def refuse_in_production(self) -> None:
        """Raises ConfigurationError where a setting is good for one machine only."""
        if self.environment != "production":
            return
        if not self.effective_database_url.startswith("postgresql+asyncpg://"):
            raise ConfigurationError(
                "Production needs PostgreSQL: set INLAY_DATABASE_URL to "
                "postgresql+asyncpg://user:password@host/database."
            )
        parts = urlsplit(self.public_url)
        if parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
            raise ConfigurationError(
                "Production needs an INLAY_PUBLIC_URL that begins with https://: credentials and "
                "tokens travel over it. Put a proxy that ends TLS in front."
            )

    @field_validator("log_level")
    @classmethod
    def _log_level_is_known(cls, level: str) -> str:
        if level.upper() not in _LOG_LEVELS:
            raise ValueError(f"must be one of {', '.join(_LOG_LEVELS)}")
        return level

    @field_validator("database_url")
    @classmethod
    def _database_url_can_be_read(cls, url: str) -> str:
        try:
            driver = make_url(url).drivername if url else DRIVERS[0]
        except (ArgumentError, ValueError):
            driver = ""
        if driver not in DRIVERS:
            raise ValueError(
                "must be postgresql+asyncpg://user:password@host:port/database, or "
                "sqlite+aiosqlite:///path; in a password @ is written %40, and / %2F"
            )
        return url

    @field_validator("public_url")
    @classmethod
    def _public_url_is_an_origin(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an address such as https://inlay.example.com")
        if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
            raise ValueError(
                "must have no path: Inlay needs a host name of its own, such as "
                "https://inlay.example.com"
            )
        return url.rstrip("/")

    @model_validator(mode="before")
    @classmethod
    def _empty_is_unset(cls, values: dict[str, Any]) -> dict[str, Any]:
        given = {
            name: value
            for name, value in values.items()
            if not isinstance(value, str) or value.strip()
        }
        # Its default has the fewest protections, so that nobody may get there by mistake.
        if "environment" in values and "environment" not in given:
            raise ValueError("INLAY_ENVIRONMENT is empty: say `production`, or `development`.")
        return given

    @field_validator("codec_token")
    @classmethod
    def _codec_token_is_long(cls, token: SecretStr | None) -> SecretStr | None:
        text = token.get_secret_value() if token else None
        if text is not None and not re.fullmatch(r"[\x21-\x7e]{16,}", text):
            raise ValueError(
                "must have 16 characters or more, without spaces; make one with"
                " `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'`."
            )
        return token

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_are_addresses(cls, text: str) -> str:
        for part in text.split(","):
            try:
                network = ip_network(part.strip())
            except ValueError:
                network = None
            if network is None or network.prefixlen == 0:
                raise ValueError(
                    "must be addresses or networks, such as 10.0.0.7 or 10.1.0.0/24, with commas"
                    " between them: whoever is among them may say where a request came from"
                )
        return text

    @field_validator("openid_email_domains", "allowed_private_hosts")
    @classmethod
    def _list_names_something(cls, text: str) -> str:
        if text and not any(part.strip() for part in text.split(",")):
            raise ValueError("names nothing: give values with commas between them, or unset it.")
        return text

    @field_validator("allowed_private_hosts")
    @classmethod
    def _networks_are_networks(cls, text: str) -> str:
        for part in (part.strip() for part in text.split(",") if "/" in part):
            try:
                ip_network(part, strict=False)
            except ValueError:
                raise ValueError(
                    f"`{part}` is no network: write one as 10.1.0.0/24, a host as its name"
                ) from None
        return text

    @field_validator("connector_dirs")
    @classmethod
    def _folders_are_there(cls, text: str) -> str:
        for part in text.split(os.pathsep):
            if part and not Path(part).is_dir():
                raise ValueError(f"`{part}` is no folder: name one with a folder for each app")
        return text

    @model_validator(mode="after")
    def _openid_is_whole(self) -> Self:
        needed = {
            "INLAY_OPENID_ISSUER": self.openid_issuer,
            "INLAY_OPENID_CLIENT_ID": self.openid_client_id,
            "INLAY_OPENID_CLIENT_SECRET": self.openid_client_secret.get_secret_value(),
        }
        missing = [name for name, value in needed.items() if not value.strip()]
        if len(missing) == len(needed) and not (self.openid_name or self.openid_email_domains):
            return self
        if missing:
            raise ValueError(
                f"OpenID Connect is configured by half. Set {', '.join(missing)} as well, or unset"
                " all that begins with INLAY_OPENID_."
            )
        parts = urlsplit(self.openid_issuer)
        schemes = {"https"} if self.environment == "production" else {"https", "http"}
        if parts.scheme not in schemes or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(
                "INLAY_OPENID_ISSUER must be the provider's own URL, such as"
                " https://login.example.com, without a query. Production needs https."
            )
        return self


def unknown_variables(names: Iterable[str]) -> list[str]:
    """A sentence for each environment variable that looks like a setting and is none."""
    known = {name.upper() for name in Settings.model_fields}
    sentences = []
    for name in sorted(names):
        own = name.upper().removeprefix(PREFIX)
        if own != name.upper() and own not in known | OF_COMPOSE:
            near = difflib.get_close_matches(own, known, 1)
            hint = f" Did you mean {PREFIX}{near[0]}?" if near else ""
            sentences.append(f"{name} is no setting of Inlay and does nothing.{hint}")
    return sentences


@lru_cache
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings()
