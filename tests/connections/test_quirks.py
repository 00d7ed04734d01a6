"""What real apps want otherwise when they are connected by OAuth: each is said by a manifest alone.

The ids are those of the list of quirks in docs/: A of the authorisation, T of the token. Every
connection is made through a connect link, the provider is as strict as its switches say, and the
same app with a manifest that does not know the quirk is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connections.errors import (
    AuthorizationFailed,
    ConnectionInvalid,
    FieldErrors,
    RefreshUnavailable,
)
from connectors.executor import ComponentError
from tests.connections.quirks import (
    OAUTH2,
    TurnedAway,
    Walk,
    light_walk_of_test,
    merged,
    walk_of_test,
)

__all__ = ["light_walk_of_test", "walk_of_test"]

TENANT = {"name": "tenant", "pattern": "[a-z]+"}


@dataclass(frozen=True)
class Quirk:
    """`auth` is what the manifest says beside that of a plain app; `app` is of the app itself."""

    switches: dict[str, Any]
    auth: dict[str, Any]
    fields: dict[str, Any] = field(default_factory=dict)
    app: dict[str, Any] = field(default_factory=dict)


QUIRKS = {
    "A1-T1-R1-tenant-in-all-urls": Quirk(
        {"tenant": "acme"},
        {
            "fields": [TENANT],
            "authorize": {"url": "URL/t/{tenant}/oauth2/authorize"},
            "token": {"url": "URL/t/{tenant}/oauth2/token"},
        },
        {"tenant": "acme"},
        {"base_url": "URL/t/{tenant}"},
    ),
    "A1-T1-R1-whole-host": Quirk(
        {"tenant": "acme"},
        {
            "fields": [{"name": "host", "pattern": r"127\.0\.0\.1:[0-9]+"}],
            "values": {"base": "http://{{ fields.host }}/t/acme"},
            "authorize": {"url": "http://{host}/t/acme/oauth2/authorize"},
            "token": {"url": "{base}/oauth2/token"},
        },
        {"host": "HOST"},
        {"base_url": "{base}"},
    ),
    "A1-region-of-a-select": Quirk(
        {"tenant": "eu"},
        {
            "fields": [
                {
                    "name": "region",
                    "type": "select",
                    "options": [{"value": v, "label": v} for v in ("us", "eu")],
                }
            ],
            "authorize": {"url": "URL/t/{region}/oauth2/authorize"},
            "token": {"url": "URL/t/{region}/oauth2/token"},
        },
        {"region": "eu"},
        {"base_url": "URL/t/{region}"},
    ),
    "A3-fallback-when-a-field-is-empty": Quirk(
        {"tenant": "common"},
        {
            "fields": [{**TENANT, "is_optional": True}],
            "values": {"realm": "{{ default(fields.tenant, 'common') }}"},
            "authorize": {"url": "URL/t/{realm}/oauth2/authorize"},
            "token": {"url": "URL/t/{realm}/oauth2/token"},
        },
        app={"base_url": "URL/t/{realm}"},
    ),
    "A4-A5-more-parameters": Quirk(
        {"authorize_required": {"access_type": "offline", "prompt": "consent", "owner": "user"}},
        {
            "authorize": {
                "params": {"access_type": "offline", "prompt": "consent", "owner": "{{ 'user' }}"}
            }
        },
    ),
    "A5-nonce": Quirk(
        {"nonce": True, "authorize_required": {"response_mode": "query"}},
        {"authorize": {"params": {"nonce": "{{ nonce }}", "response_mode": "query"}}},
    ),
    "A6-pkce-off": Quirk({"pkce": "forbidden"}, {"authorize": {"pkce": "off"}}),
    "A6-pkce-plain": Quirk({"pkce": "plain"}, {"authorize": {"pkce": "plain"}}),
    "A7-scopes-by-comma": Quirk({"scope_separator": ","}, {"authorize": {"scope_separator": ","}}),
    "A7-scopes-by-plus": Quirk({"scope_separator": "+"}, {"authorize": {"scope_separator": "+"}}),
    "A8-scopes-always-asked": Quirk(
        {"required_scopes": ["offline_access"]},
        {"authorize": {"default_scopes": ["offline_access"]}},
    ),
    "A9-client-id-renamed": Quirk(
        {"client_id_param": "app_id", "response_type": "forbidden"},
        {"authorize": {"rename": {"client_id": "app_id"}, "params": {"response_type": None}}},
    ),
    "A9-scope-removed": Quirk(
        {"authorize_forbidden": ["scope"]}, {"authorize": {"params": {"scope": None}}}
    ),
    "A11-code-under-another-name": Quirk(
        {"code_param": "auth_code"}, {"callback": {"code": "auth_code"}}
    ),
    "A12-company-told-by-the-redirect": Quirk(
        {"callback_extra": {"realmId": "9341"}, "api_tenant": "9341"},
        {"callback": {"captured": {"realm": {"param": "realmId", "pattern": "[0-9]+"}}}},
        app={"base_url": "URL/t/{realm}"},
    ),
    "A12-T1-server-told-by-the-redirect": Quirk(
        {"callback_extra": {"accounts-server": "URL/t/eu"}, "token_tenant": "eu"},
        {
            "callback": {
                "captured": {
                    "accounts": {
                        "param": "accounts-server",
                        "pattern": r"http://127\.0\.0\.1:[0-9]+/t/(eu|us)",
                    }
                }
            },
            "token": {"url": "{accounts}/oauth2/token"},
        },
    ),
    "T2-client-by-basic": Quirk({"client_auth": "basic"}, {"token": {"client_auth": "basic"}}),
    "T2-client-id-beside-basic": Quirk(
        {
            "client_auth": "basic",
            "token_required": {"client_id": "shop"},
            "refresh_required": {"client_id": "shop"},
        },
        {
            "token": {
                "client_auth": "basic",
                "params": {"client_id": "{{ integration.client_id }}"},
            },
            "refresh": {"params": {"client_id": "{{ integration.client_id }}"}},
        },
    ),
    "T2-client-without-secret": Quirk({"client_auth": "none"}, {"token": {"client_auth": "none"}}),
    "T3-json": Quirk({"token_encoding": "json"}, {"token": {"encoding": "json"}}),
    "T3-query": Quirk({"token_encoding": "query"}, {"token": {"encoding": "query"}}),
    "T4-get": Quirk({"token_method": "GET"}, {"token": {"method": "GET"}}),
    "T5-headers": Quirk(
        {"token_headers": {"X-Vendor-Key": "shop", "Accept": "application/vnd.vendor+json"}},
        {
            "token": {
                "headers": {
                    "X-Vendor-Key": "{{ integration.client_id }}",
                    "Accept": "application/vnd.vendor+json",
                }
            }
        },
    ),
    "T6-more-parameters": Quirk(
        {"token_required": {"audience": "api", "companyId": "7"}},
        {
            "fields": [{"name": "company"}],
            "token": {"params": {"audience": "api", "companyId": "{{ fields.company }}"}},
        },
        {"company": "7"},
    ),
    "T6-parameter-removed": Quirk(
        {"token_forbidden": ["redirect_uri"]}, {"token": {"params": {"redirect_uri": None}}}
    ),
    "T9-T10-refresh-of-its-own": Quirk(
        {
            "separate_refresh_url": True,
            "refresh_required": {"type": "renewal"},
            "refresh_headers": {"X-Renew": "1"},
        },
        {
            "refresh": {
                "url": "URL/oauth2/refresh",
                "params": {"type": "renewal"},
                "headers": {"X-Renew": "1"},
            }
        },
    ),
    "T11-paths-of-the-answer": Quirk(
        {
            "answer": "nested",
            "answer_names": {"access_token": "token", "refresh_token": "renewal", "scope": "may"},
            "expires": "string",
            "granted": ["read", "write"],
        },
        {
            "token": {
                "response": {
                    "access_token": "body.data.auth.token",
                    "refresh_token": "body.data.auth.renewal",
                    "expires": "body.data.auth.expires_in",
                    "scope": "body.data.auth.may",
                }
            }
        },
    ),
    "T13-token-of-the-user-inside": Quirk(
        {
            "answer": "nested",
            "answer_path": "authed_user",
            "extra": {"ok": True, "access_token": "planted-token-of-a-bot"},
        },
        {
            "token": {
                "response": {
                    "access_token": "body.authed_user.access_token",
                    "refresh_token": "body.authed_user.refresh_token",
                }
            }
        },
    ),
    "T13-token-in-a-header": Quirk(
        {"answer": "header"},
        {"token": {"response": {"access_token": 'headers["x-access-token"]'}}},
    ),
    "T14-instance-url-of-the-answer": Quirk(
        {"extra": {"instance": {"url": "URL/t/na9"}}, "api_tenant": "na9"},
        {"captured": {"instance_url": "body.instance.url"}},
        app={"base_url": "{instance_url}"},
    ),
    "R3-token-with-a-scheme-of-its-own": Quirk(
        {"api_scheme": "Vendor-oauthtoken "},
        {
            "apply": [
                {
                    "name": "Authorization",
                    "template": "Vendor-oauthtoken {{ credential.access_token }}",
                }
            ]
        },
    ),
}


def placed(walk: Walk, quirk: Quirk) -> dict[str, Any]:
    host = walk.provider.url.partition("://")[2]
    return {k: str(v).replace("HOST", host) for k, v in quirk.fields.items()}


@pytest.mark.parametrize("quirk", QUIRKS.values(), ids=QUIRKS)
async def test_a_manifest_says_it_all(light_walk: Walk, quirk: Quirk) -> None:
    await light_walk.use(merged(OAUTH2, quirk.auth), switches=quirk.switches, **quirk.app)
    await light_walk.connect(placed(light_walk, quirk))
    assert (await light_walk.call())["id"] == "acct-ada"
    before = await light_walk.credential()
    after = await light_walk.renew()
    assert after.access_token != before.access_token
    assert (await light_walk.call())["id"] == "acct-ada"
    assert light_walk.provider.refreshes == 1
    assert light_walk.provider.refusals == []


@pytest.mark.parametrize("quirk", QUIRKS.values(), ids=QUIRKS)
async def test_a_manifest_that_does_not_say_it_is_refused(light_walk: Walk, quirk: Quirk) -> None:
    await light_walk.use(OAUTH2, switches=quirk.switches)
    with pytest.raises(
        (TurnedAway, AuthorizationFailed, ComponentError, ConnectionInvalid, RefreshUnavailable)
    ):
        await live(light_walk)


async def live(light_walk: Walk) -> None:
    await light_walk.connect()
    await light_walk.call()
    await light_walk.renew()
    await light_walk.call()


class TestAuthorise:
    async def test_a2_fields_are_asked_before_the_redirect(self, walk: Walk) -> None:
        quirk = QUIRKS["A1-T1-R1-tenant-in-all-urls"]
        await walk.use(merged(OAUTH2, quirk.auth), switches=quirk.switches)
        link = await walk.links.create(walk.project_id, "u1", "vendor")
        page = await walk.links.page(link.url.rpartition("/")[2])
        assert [field.name for field in page.fields] == ["tenant"]
        assert page.goes_to_provider
        with pytest.raises(FieldErrors) as caught:
            await walk.go()
        assert caught.value.errors == {"tenant": "This field is required."}
        with pytest.raises(FieldErrors):
            await walk.go({"tenant": "evil.example/"})
        assert walk.provider.received == []

    @pytest.mark.parametrize("value", ["x", "12/../..", None])
    async def test_a12_the_redirect_may_tell_only_what_the_manifest_allows(
        self, light_walk: Walk, value: str | None
    ) -> None:
        captured = {"realm": {"param": "realmId", "pattern": "[0-9]+"}}
        await light_walk.use(
            merged(OAUTH2, {"callback": {"captured": captured}}),
            switches={"callback_extra": {} if value is None else {"realmId": value}},
        )
        with pytest.raises(AuthorizationFailed, match="realmId"):
            await light_walk.connect()
        assert await light_walk.status() == "not-connected"
        assert light_walk.provider.tokens == {}

    @pytest.mark.parametrize(
        ("client_auth", "method"), [("none", "none"), ("body", "client_secret_post")]
    )
    async def test_a14_the_client_registers_itself(
        self, walk: Walk, client_auth: str, method: str
    ) -> None:
        registration = {
            "url": "URL/oauth2/register",
            "metadata": {"token_endpoint_auth_method": method, "software_id": "inlay"},
        }
        auth = {"registration": registration, "token": {"client_auth": client_auth}}
        await walk.use(
            merged(OAUTH2, auth),
            switches={
                "client_auth": client_auth,
                "registration_required": {"software_id": "inlay"},
                "client_id": "nobody",
            },
            client=(None, None),
        )
        await walk.connect()
        assert (await walk.call())["id"] == "acct-ada"
        await walk.renew()
        assert (await walk.call())["id"] == "acct-ada"
        assert len(walk.provider.clients) == 1
        assert walk.provider.refusals == []

    async def test_a14_a_client_may_be_made_for_a_host_that_the_user_names(
        self, walk: Walk
    ) -> None:
        auth = {
            "fields": [{"name": "server", "type": "url"}],
            "authorize": {"url": "{server}/oauth2/authorize"},
            "token": {"url": "{server}/oauth2/token", "client_auth": "none"},
            "registration": {"url": "{server}/oauth2/register"},
        }
        await walk.use(
            merged(OAUTH2, auth),
            switches={"client_auth": "none"},
            client=(None, None),
            base_url="{server}",
        )
        await walk.connect({"server": "URL/t/mine"})
        assert (await walk.call())["id"] == "acct-ada"
        assert {r.path.split("/")[2] for r in walk.provider.received} == {"mine"}

    async def test_a9_the_state_stays_whatever_a_manifest_says(self, light_walk: Walk) -> None:
        await light_walk.use(
            merged(OAUTH2, {"authorize": {"params": {"state": None, "scope": None}}})
        )
        there = await light_walk.go()
        assert there is not None
        query = parse_qs(urlsplit(there).query)
        assert len(query["state"][0]) > 30
        assert "scope" not in query
