"""How real apps want requests of an account, and how they give tokens that are no OAuth 2.0.

The ids are those of the list of quirks in docs/: R of the request, T of the token. The provider is
as strict as its switches say: a key in the wrong place, a wrong signature or one more is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from connections.errors import AuthorizationFailed
from connectors.executor import ComponentError
from tests.connections.quirks import OAUTH2, Walk, light_walk_of_test, merged, walk_of_test
from tests.provider.switches import Switches

__all__ = ["light_walk_of_test", "walk_of_test"]

KEY, SECOND, PASSWORD = Switches().key, Switches().second_key, Switches().password
KEY_FIELD = {"name": "key", "type": "password"}
API_KEY: dict[str, Any] = {"type": "api_key", "fields": [KEY_FIELD]}


def keyed(*apply: tuple[str, str, str]) -> dict[str, Any]:
    """An app whose one key goes to these places: in, name, template."""
    parts = [{"in": place, "name": name, "template": text} for place, name, text in apply]
    return {**API_KEY, "apply": parts}


@dataclass(frozen=True)
class Quirk:
    """`wrong` is the field whose change the app must notice."""

    request: dict[str, Any]
    auth: dict[str, Any]
    fields: dict[str, str] = field(default_factory=lambda: {"key": KEY})
    switches: dict[str, Any] = field(default_factory=dict)
    app: dict[str, Any] = field(default_factory=dict)
    wrong: str = "key"


HEADER = {"method": "POST", "path": "/keys/header"}
AUTHORIZATION = {"key_header": "Authorization"}
QUIRKS = {
    "R1-key-in-the-path": Quirk({"path": "/getMe"}, API_KEY, app={"base_url": "URL/keys/bot{key}"}),
    "R1-base-url-of-a-field": Quirk(
        HEADER,
        {
            **keyed(("header", "X-Api-Key", "{{ fields.key }}")),
            "fields": [KEY_FIELD, {"name": "site", "prefix": "https://", "suffix": ".vendor.com"}],
        },
        {"key": KEY, "site": "https://acme.vendor.com"},
        {"api_tenant": "acme"},
        {"base_url": "URL/t/{site}"},
    ),
    "R1-server-of-the-user": Quirk(
        HEADER,
        {
            **keyed(("header", "X-Api-Key", "{{ fields.key }}")),
            "fields": [KEY_FIELD, {"name": "server", "type": "url"}],
        },
        {"key": KEY, "server": "URL/t/acme/"},
        {"api_tenant": "acme"},
        {"base_url": "{server}"},
    ),
    "R2-header": Quirk(HEADER, keyed(("header", "X-Api-Key", "{{ fields.key }}"))),
    "R2-header-in-all-spellings": Quirk(
        HEADER,
        keyed(("header", "x-VENDOR-key", "{{ fields.key }}")),
        switches={"key_header": "X-Vendor-Key"},
    ),
    "R3-bearer": Quirk(
        HEADER,
        keyed(("header", "Authorization", "Bearer {{ fields.key }}")),
        switches={**AUTHORIZATION, "key_scheme": "Bearer "},
    ),
    "R3-bare": Quirk(
        HEADER, keyed(("header", "Authorization", "{{ fields.key }}")), switches=AUTHORIZATION
    ),
    "R3-token-equals": Quirk(
        HEADER,
        keyed(("header", "Authorization", "Token token={{ fields.key }}")),
        switches={**AUTHORIZATION, "key_scheme": "Token token="},
    ),
    "R3-quoted": Quirk(
        HEADER,
        keyed(("header", "Authorization", 'Vendor key="{{ fields.key }}')),
        switches={**AUTHORIZATION, "key_scheme": 'Vendor key="'},
    ),
    "R4-two-headers": Quirk(
        {"path": "/keys/pair"},
        {
            **keyed(
                ("header", "X-App-Id", "{{ fields.key }}"),
                ("header", "X-App-Key", "{{ fields.second }}"),
            ),
            "fields": [KEY_FIELD, {"name": "second", "type": "password"}],
        },
        {"key": KEY, "second": SECOND},
        wrong="second",
    ),
    "R5-query": Quirk(
        {"path": "/keys/query", "query": {"page": 1}},
        keyed(("query", "api_key", "{{ fields.key }}")),
    ),
    "R5-json-body": Quirk(
        {"method": "POST", "path": "/keys/body", "json": {"page": 1}},
        keyed(("body", "api_key", "{{ fields.key }}")),
    ),
    "R5-json-body-of-the-key-alone": Quirk(
        {"method": "POST", "path": "/keys/body"}, keyed(("body", "api_key", "{{ fields.key }}"))
    ),
    "R5-cookie": Quirk(
        {"path": "/keys/cookie"}, keyed(("header", "Cookie", "api_key={{ fields.key }}"))
    ),
    "R6-headers-that-never-change": Quirk(
        {**HEADER, "headers": {"X-Step": "2"}},
        keyed(("header", "X-Api-Key", "{{ fields.key }}")),
        switches={
            "required_headers": {
                "X-Version": "2026-01-01",
                "Accept": "application/vnd.vendor.v3+json",
                "X-Step": "2",
            },
            "user_agent": "vendor-partner/1.0",
        },
        app={
            "headers": {
                "X-Version": "2026-01-01",
                "Accept": "application/vnd.vendor.v3+json",
                "User-Agent": "vendor-partner/1.0",
            }
        },
    ),
    "R6-some-user-agent": Quirk(
        HEADER,
        keyed(("header", "X-Api-Key", "{{ fields.key }}")),
        switches={"user_agent": "Inlay/"},
    ),
    "R8-base64-of-several-fields": Quirk(
        {"path": "/keys/basic"},
        {
            **keyed(
                (
                    "header",
                    "Authorization",
                    'Basic {{ base64.encode(fields.user + ":" + fields.key) }}',
                )
            ),
            "fields": [{"name": "user"}, KEY_FIELD],
        },
        {"user": "ada", "key": PASSWORD},
    ),
    "R3-basic": Quirk(
        {"path": "/keys/basic"},
        {
            "type": "basic",
            "fields": [{"name": "user"}, KEY_FIELD],
            "username": "{{ fields.user }}",
            "password": "{{ fields.key }}",
        },
        {"user": "ada", "key": PASSWORD},
    ),
    "R3-basic-of-a-key-alone": Quirk(
        {"path": "/keys/basic"},
        {"type": "basic", "fields": [KEY_FIELD], "username": "{{ fields.key }}"},
        switches={"basic_username": KEY, "basic_password": ""},
    ),
    "R7-R8-hmac-sha256-of-the-request": Quirk(
        {
            "method": "POST",
            "path": "/signed/hmac-sha256",
            "query": {"name": "Ünal & Söhne", "a": [1, 2]},
            "json": {"text": "ğ"},
        },
        {
            **keyed(
                ("header", "X-Key", "{{ fields.key }}"),
                ("header", "X-Timestamp", "{{ int(now / 1000) }}"),
                ("header", "X-Nonce", "{{ nonce }}"),
                (
                    "header",
                    "X-Signature",
                    '{{ hash.hmac("sha256", fields.secret, [request.method, request.path,'
                    " request.query, string(int(now / 1000)), nonce, request.body]"
                    '.join("\\n")) }}',
                ),
            ),
            "fields": [KEY_FIELD, {"name": "secret", "type": "password"}],
        },
        {"key": KEY, "secret": Switches().signing_secret},
        wrong="secret",
    ),
    "R7-R8-hmac-sha1-of-the-request": Quirk(
        {"path": "/signed/hmac-sha1", "query": {"q": "a b"}},
        {
            **keyed(
                ("header", "X-Timestamp", "{{ now }}"),
                (
                    "header",
                    "Authorization",
                    'HMAC {{ fields.key }}:{{ hash.hmac("sha1", fields.secret, request.method'
                    ' + request.path + "?" + request.query + string(now) + request.body,'
                    ' "base64") }}',
                ),
            ),
            "fields": [KEY_FIELD, {"name": "secret", "type": "password"}],
        },
        {"key": KEY, "secret": Switches().signing_secret},
        wrong="secret",
    ),
    "T16-jwt-of-a-hexadecimal-key": Quirk(
        {"path": "/signed/jwt"},
        {
            "type": "jwt",
            "fields": [KEY_FIELD],
            "jwt": {
                "algorithm": "HS256",
                "key": '{{ fields.key.after(":") }}',
                "key_encoding": "hex",
                "header": {"kid": '{{ fields.key.before(":") }}'},
                "claims": {"aud": "/admin/"},
            },
        },
        {"key": f"k1:{Switches().signing_secret.encode().hex()}"},
        {"key_id": "k1"},
    ),
    "R9-gzip-that-nobody-asked-for": Quirk(
        {**HEADER, "headers": {"Accept-Encoding": "identity"}},
        keyed(("header", "X-Api-Key", "{{ fields.key }}")),
        switches={"compression": "gzip"},
    ),
    "R9-deflate-that-nobody-asked-for": Quirk(
        HEADER,
        keyed(("header", "X-Api-Key", "{{ fields.key }}")),
        switches={"compression": "deflate"},
    ),
}


@pytest.mark.parametrize("quirk", QUIRKS.values(), ids=QUIRKS)
async def test_a_manifest_says_it_all(light_walk: Walk, quirk: Quirk) -> None:
    await light_walk.use(
        {**quirk.auth, "verify": quirk.request},
        switches=quirk.switches,
        request=quirk.request,
        **quirk.app,
    )
    await light_walk.connect(quirk.fields)
    answer = await light_walk.call()
    assert answer.get("result", answer)["id"] == "acct-ada"
    assert await light_walk.call() == answer or "claims" in answer
    assert light_walk.provider.refusals == []


@pytest.mark.parametrize("quirk", QUIRKS.values(), ids=QUIRKS)
async def test_r10_a_credential_that_the_app_refuses_is_not_stored(
    light_walk: Walk, quirk: Quirk
) -> None:
    await light_walk.use(
        {**quirk.auth, "verify": quirk.request},
        switches=quirk.switches,
        request=quirk.request,
        **quirk.app,
    )
    right = quirk.fields[quirk.wrong]
    with pytest.raises(AuthorizationFailed) as caught:
        await light_walk.connect({**quirk.fields, quirk.wrong: f"{right[:-1]}0"})
    assert caught.value.kind == "rejected"
    assert "planted" not in caught.value.message
    assert await light_walk.status() == "not-connected"
    assert light_walk.provider.refusals


class TestChecksAtConnecting:
    async def test_r10_account_and_e_mail_are_captured(self, walk: Walk) -> None:
        account = {"id": "body.id", "name": "body.name", "email": "body.email"}
        await walk.use(merged(OAUTH2, {"verify": {"path": "/api/me", "account": account}}))
        await walk.connect()
        details = await walk.connections.details(walk.project_id, "u1", "vendor")
        assert details is not None
        assert details.account is not None
        assert details.account.model_dump() == {
            "id": "acct-ada",
            "name": "Ada",
            "email": "ada@example.com",
        }

    async def test_r10_an_error_inside_a_200_is_one(self, walk: Walk) -> None:
        verify = {"path": "/api/me", "ok_when": "!has(body.error)"}
        await walk.use(
            merged(OAUTH2, {"verify": verify}), switches={"api_ok_false": "account_inactive"}
        )
        with pytest.raises(AuthorizationFailed) as caught:
            await walk.connect()
        assert caught.value.kind == "rejected"
        assert await walk.status() == "not-connected"

    async def test_r10_another_account_than_before_is_noticed(self, walk: Walk) -> None:
        verify = {"path": "/api/me", "account": {"id": "body.id", "email": "body.email"}}
        await walk.use(merged(OAUTH2, {"verify": verify}))
        await walk.connect()
        walk.provider.switches.user = "grace"
        with pytest.raises(AuthorizationFailed, match=r"ada@example\.com") as caught:
            await walk.connect()
        assert caught.value.kind == "wrong_account"
        assert (await walk.call())["id"] == "acct-ada"
        await walk.connect(other_account=True)
        assert (await walk.call())["id"] == "acct-grace"

    async def test_r11_what_other_calls_need_is_asked_after_connecting(self, walk: Walk) -> None:
        verify = [
            {"url": "URL/api/sites", "captured": {"site": "body[0].id"}},
            {"path": "/api/me", "account": {"id": "body.id"}},
        ]
        await walk.use(merged(OAUTH2, {"verify": verify}), base_url="URL/t/{site}")
        await walk.connect()
        assert (await walk.call())["id"] == "acct-ada"
        assert walk.provider.received[-1].path == "/t/site-ada/api/me"
        await walk.renew()
        assert (await walk.call())["id"] == "acct-ada"
        assert walk.provider.refusals == []

    async def test_r11_a_captured_address_is_where_requests_go(self, walk: Walk) -> None:
        verify = {"url": "URL/t/eu/api/sites", "captured": {"home": "body[0].url"}}
        await walk.use(
            merged(OAUTH2, {"verify": verify}), switches={"api_tenant": "eu"}, base_url="{home}"
        )
        await walk.connect()
        assert (await walk.call())["id"] == "acct-ada"
        assert walk.provider.received[-1].path == "/t/eu/api/me"

    async def test_r10_the_check_may_be_at_another_host_of_the_app(self, walk: Walk) -> None:
        """As where people are known at accounts.vendor.com, and their data lie at theirs."""
        other = walk.provider.url.replace("127.0.0.1", "localhost")
        verify = {"url": f"{other}/api/me", "account": {"id": "body.id"}}
        await walk.use(merged(OAUTH2, {"verify": verify}))
        await walk.connect()
        details = await walk.connections.details(walk.project_id, "u1", "vendor")
        assert details is not None
        assert details.account is not None
        assert details.account.id == "acct-ada"

    async def test_r10_an_input_cannot_take_the_credential_to_another_host(
        self, walk: Walk
    ) -> None:
        await walk.use(
            OAUTH2,
            components=[
                {
                    "key": "vendor.act",
                    "name": "Act",
                    "input_schema": {"type": "object", "properties": {"url": {"type": "string"}}},
                    "request": {"url": "{{ inputs.url }}"},
                }
            ],
        )
        await walk.connect()
        assert (await walk.call({"url": f"{walk.provider.url}/api/me"}))["id"] == "acct-ada"
        other = walk.provider.url.replace("127.0.0.1", "localhost")
        with pytest.raises(ComponentError):
            await walk.call({"url": f"{other}/api/me"})
        assert "authorization" not in walk.provider.received[-1].headers
