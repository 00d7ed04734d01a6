"""Every setting of Inlay, read once from the environment (prefix `INLAY_`)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What a process of Inlay must know of its surroundings.

    Each field is an environment variable with the prefix `INLAY_`: `INLAY_DATABASE_URL`, and so on.
    """

    model_config = SettingsConfigDict(
        env_prefix="INLAY_",
        extra="ignore",
        # What is refused at start may be a secret, and is told on a terminal.
        hide_input_in_errors=True,
    )

    environment: str = Field("development", pattern="^(development|production)$")
    data_dir: Path = Path(".inlay")
    """Where the database file, Temporal's file and large payloads lie on one machine."""

    database_url: str = ""
    """SQLAlchemy URL; empty: SQLite in `data_dir`."""

    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    temporal_ui_url: str = "http://127.0.0.1:8233"
    temporal_api_key: SecretStr | None = None
    """For Temporal Cloud; its presence also turns TLS on."""

    public_url: str = "http://127.0.0.1:8000"
    """Where browsers and other apps reach the API: redirect and callback URLs begin with it."""

    encryption_keys: SecretStr = SecretStr("")
    """Comma separated keys of 32 bytes in URL-safe base64; the first encrypts, all decrypt.

    Empty in development: a key is made once and kept in `data_dir`. Refused in production."""

    encryption_keys_file: str = ""
    """Path of a file with the keys in place of `encryption_keys`: one a line, or with commas."""

    codec_token: SecretStr | None = None
    """What operators' Temporal UI must send to have payloads decoded. Without it only development
    decodes them."""

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

    log_level: str = "INFO"

    @property
    def effective_database_url(self) -> str:
        """The URL to connect to, with the default filled in."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir.absolute()}/inlay.db"

    @property
    def effective_payload_dir(self) -> Path:
        """The folder of large payloads, with the default filled in."""
        return self.payload_dir or self.data_dir / "payloads"

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


@lru_cache
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings()
