"""What Inlay promises of settings that are empty, and of those that guard something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from google.protobuf import json_format
from pydantic import ValidationError
from temporalio.api.common.v1 import Payload, Payloads

from api.codec import operators_token
from settings import ConfigurationError, Settings
from store.encryption import Keyring, make_key
from temporal.codec import EncryptionCodec
from tests.api.conftest import serving

if TYPE_CHECKING:
    from pathlib import Path

DECODE = "/api/v1/temporal/decode"


@pytest.fixture(params=["", " ", "\t\n"], ids=["empty", "blank", "white"])
def nothing(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_an_empty_setting_is_one_that_is_not_set(
    name: str, nothing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"INLAY_{name.upper()}", nothing)
    if name == "environment":
        with pytest.raises(ValidationError, match="INLAY_ENVIRONMENT is empty"):
            Settings()
    else:
        assert getattr(Settings(), name) == Settings.model_fields[name].get_default()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("codec_token", "short"),
        ("codec_token", "fifteen letters"),
        ("openid_email_domains", ","),
        ("openid_email_domains", " , ,"),
        ("allowed_private_hosts", ",,"),
    ],
)
def test_a_guard_that_would_guard_nothing_is_refused_at_start(name: str, value: str) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings.model_validate({name: value})


@pytest.mark.parametrize("keys", ["", " ", ",", "\n,\n"])
def test_production_does_not_start_without_a_key(keys: str) -> None:
    settings = Settings(environment="production", encryption_keys=keys)
    with pytest.raises(ConfigurationError, match="INLAY_ENCRYPTION_KEYS is empty"):
        Keyring.from_settings(settings)


async def asked(settings: Settings, path: str = DECODE, **headers: str) -> httpx.Response:
    """The answer to who wants a payload in clear."""
    async with serving(settings) as (app, http):
        codec = EncryptionCodec(app.state.inlay.keyring)
        payloads = Payloads(payloads=await codec.encode([Payload(data=b"what a run holds")]))
        body: Any = json_format.MessageToDict(payloads)
        return await http.post(path, json=body, headers=headers)


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer None", "Bearer", "None"])
async def test_an_empty_codec_token_decodes_nothing_in_production(
    sqlite_url: str, tmp_path: Path, nothing: str, given: str
) -> None:
    settings = Settings(
        environment="production",
        encryption_keys=make_key(),
        codec_token=nothing,
        database_url=sqlite_url,
        data_dir=tmp_path,
    )
    assert (await asked(settings, authorization=given)).status_code == 403


async def test_on_a_developers_machine_payloads_are_decoded_for_who_has_the_token(
    settings: Settings, sqlite_url: str
) -> None:
    settings = settings.model_copy(update={"database_url": sqlite_url})
    origin = {"origin": settings.temporal_ui_url}
    assert (await asked(settings)).status_code == 403
    assert (await asked(settings, **origin)).status_code == 403
    assert (await asked(settings, "/api/v1/temporal/None/decode", **origin)).status_code == 403
    token = operators_token(settings)
    assert token
    kept = settings.data_dir / "codec.token"
    assert kept.read_text().strip() == token
    assert kept.stat().st_mode & 0o777 == 0o600
    bearer = {"authorization": f"Bearer {token}"}
    # The dev server's UI has it in its codec endpoint, a command line in its header.
    path = f"/api/v1/temporal/{token}/decode"
    for answer in (await asked(settings, **bearer), await asked(settings, path, **origin)):
        assert answer.status_code == 200
        assert json_format.ParseDict(answer.json(), Payloads()).payloads[0].data
    foreign = {"origin": "https://evil.example", **bearer}
    assert (await asked(settings, **foreign)).status_code == 403


async def test_in_production_a_token_in_the_path_is_none(sqlite_url: str, tmp_path: Path) -> None:
    token = "a-token-of-operators"
    settings = Settings(
        environment="production",
        encryption_keys=make_key(),
        codec_token=token,
        database_url=sqlite_url,
        data_dir=tmp_path,
    )
    assert (await asked(settings, f"/api/v1/temporal/{token}/decode")).status_code == 403
    assert (await asked(settings, authorization=f"Bearer {token}")).status_code == 200
