"""What an operator sets is taken, or refused with a line that says what to write."""

from __future__ import annotations

import os

import pytest
from pydantic import ValidationError

from settings import ConfigurationError, Settings, unknown_variables

DATABASE = "postgresql+asyncpg://inlay:pw@db/inlay"


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("public_url", "https://example.com/inlay", "must have no path"),
        ("public_url", "https://example.com/?a=b", "must have no path"),
        ("public_url", "example.com", "must be an address such as https://"),
        ("public_url", "ftp://example.com", "must be an address such as https://"),
        ("database_url", "postgres://u:p@h/d", "must be postgresql\\+asyncpg://"),
        ("database_url", "nonsense", "must be postgresql\\+asyncpg://"),
        ("database_url", "postgresql+asyncpg://u:p@h:port/d", "in a password @ is written %40"),
        ("log_level", "loud", "must be one of DEBUG, INFO"),
        ("database_connections", 0, "greater than or equal to 2"),
        ("allowed_private_hosts", "db, 10.0.0.0/99", "`10.0.0.0/99` is no network: write one as"),
        ("allowed_private_hosts", "http://db", "`http://db` is no network"),
        ("connector_dirs", f".{os.pathsep}/no/such", "`/no/such` is no folder"),
    ],
)
def test_a_setting_that_cannot_work_is_refused(setting: str, value: object, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Settings.model_validate({setting: value})


def test_what_is_refused_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(database_url="postgres://u:needle@h/d")
    assert "needle" not in str(caught.value)


def test_a_public_url_is_taken_with_and_without_a_slash_at_its_end() -> None:
    assert Settings(public_url="https://example.com/").public_url == "https://example.com"
    assert Settings(public_url="http://127.0.0.1:8000").public_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"public_url": "https://example.com"}, "Production needs PostgreSQL"),
        ({"database_url": DATABASE, "public_url": "http://example.com"}, "begins with https://"),
    ],
)
def test_production_refuses_what_is_good_for_one_machine(
    settings: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Settings(environment="production", **settings).refuse_in_production()  # type: ignore[arg-type]
    Settings(environment="development", **settings).refuse_in_production()  # type: ignore[arg-type]


def test_production_takes_postgresql_and_https() -> None:
    settings = Settings(
        environment="production", database_url=DATABASE, public_url="https://example.com"
    )
    settings.refuse_in_production()


def test_a_mistyped_variable_is_told() -> None:
    names = ["INLAY_DATABSE_URL", "INLAY_NOTHING_LIKE_IT", "INLAY_PUBLIC_URL", "INLAY_PORT", "HOME"]
    assert unknown_variables(names) == [
        "INLAY_DATABSE_URL is no setting of Inlay and does nothing."
        " Did you mean INLAY_DATABASE_URL?",
        "INLAY_NOTHING_LIKE_IT is no setting of Inlay and does nothing.",
    ]
