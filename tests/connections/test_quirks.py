"""What real apps want otherwise when they are connected by OAuth: each is said by a manifest alone.

The ids are those of the list of quirks in docs/: A of the authorisation, T of the token. Every
connection is made through a connect link, the provider is as strict as its switches say, and the
same app with a manifest that does not know the quirk is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connections.errors import (
    AuthorizationFailed,
    ConnectionInvalid,
    ConnectionMissing,
    CredentialRejected,
    FieldErrors,
    RefreshUnavailable,
)
from connectors.executor import ComponentError
from store.models import now_ms
from tests.connections.quirks import OAUTH2, TurnedAway, Walk, merged, walk_of_test

__all__ = ["walk_of_test"]

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
async def test_a_manifest_says_it_all(walk: Walk, quirk: Quirk) -> None:
    await walk.use(merged(OAUTH2, quirk.auth), switches=quirk.switches, **quirk.app)
    await walk.connect(placed(walk, quirk))
    assert (await walk.call())["id"] == "acct-ada"
    before = await walk.credential()
    after = await walk.renew()
    assert after.access_token != before.access_token
    assert (await walk.call())["id"] == "acct-ada"
    assert walk.provider.refreshes == 1
    assert walk.provider.refusals == []


@pytest.mark.parametrize("quirk", QUIRKS.values(), ids=QUIRKS)
async def test_a_manifest_that_does_not_say_it_is_refused(walk: Walk, quirk: Quirk) -> None:
    await walk.use(OAUTH2, switches=quirk.switches)
    with pytest.raises(
        (TurnedAway, AuthorizationFailed, ComponentError, ConnectionInvalid, RefreshUnavailable)
    ):
        await live(walk)


async def live(walk: Walk) -> None:
    await walk.connect()
    await walk.call()
    await walk.renew()
    await walk.call()


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
        self, walk: Walk, value: str | None
    ) -> None:
        captured = {"realm": {"param": "realmId", "pattern": "[0-9]+"}}
        await walk.use(
            merged(OAUTH2, {"callback": {"captured": captured}}),
            switches={"callback_extra": {} if value is None else {"realmId": value}},
        )
        with pytest.raises(AuthorizationFailed, match="realmId"):
            await walk.connect()
        assert await walk.status() == "not-connected"
        assert walk.provider.tokens == {}

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

    async def test_a9_the_state_stays_whatever_a_manifest_says(self, walk: Walk) -> None:
        await walk.use(merged(OAUTH2, {"authorize": {"params": {"state": None, "scope": None}}}))
        there = await walk.go()
        assert there is not None
        query = parse_qs(urlsplit(there).query)
        assert len(query["state"][0]) > 30
        assert "scope" not in query


class TestToken:
    async def test_t2_the_client_proves_itself_by_a_private_key(
        self, walk: Walk, rsa_pair: tuple[str, str]
    ) -> None:
        private, public = rsa_pair
        await walk.use(
            merged(OAUTH2, {"token": {"client_auth": "private_key_jwt"}}),
            switches={"client_auth": "private_key_jwt", "public_key": public},
            client=("shop", private),
        )
        await walk.connect()
        await walk.renew()
        assert (await walk.call())["id"] == "acct-ada"
        assert walk.provider.refusals == []

    async def test_t8_a_token_that_cannot_be_renewed_is_used_until_it_is_refused(
        self, walk: Walk
    ) -> None:
        await walk.use(
            merged(OAUTH2, {"refresh": None}), switches={"refresh": "none", "expires": "missing"}
        )
        await walk.connect()
        assert await walk.expires_at() is None
        assert (await walk.call())["id"] == "acct-ada"
        walk.provider.expire_tokens()
        with pytest.raises(ComponentError) as caught:
            await walk.call()
        assert caught.value.kind == "reauth"
        with pytest.raises(ConnectionInvalid):
            await walk.renew()
        assert await walk.status() == "invalid"
        assert walk.provider.refreshes == 0

    @pytest.mark.parametrize(
        ("expires", "response"),
        [
            ("seconds", {}),
            ("string", {}),
            ("milliseconds", {"expires_unit": "milliseconds"}),
            ("epoch_seconds", {"expires": "body.expires_at", "expires_unit": "at_seconds"}),
            (
                "epoch_milliseconds",
                {"expires": "body.expires_at", "expires_unit": "at_milliseconds"},
            ),
            ("iso8601", {"expires": "body.expires_at", "expires_unit": "at_iso"}),
            ("missing", {"lifetime": 3600}),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    @pytest.mark.parametrize("skew", [0, 1800])
    async def test_t11_t12_t13_the_end_of_a_token_is_understood(
        self, walk: Walk, expires: str, response: dict[str, Any], skew: int
    ) -> None:
        """Also where the app's clock is half an hour ahead."""
        await walk.use(
            merged(OAUTH2, {"token": {"response": response}}),
            switches={"expires": expires, "skew": skew},
        )
        await walk.connect()
        end = await walk.expires_at()
        assert end is not None
        assert abs(end - now_ms() - 3_600_000) < 10_000

    @pytest.mark.parametrize("expires", ["missing", "zero"])
    async def test_t12_no_end_is_no_end(self, walk: Walk, expires: str) -> None:
        await walk.use(OAUTH2, switches={"expires": expires})
        await walk.connect()
        assert await walk.expires_at() is None
        assert (await walk.call())["id"] == "acct-ada"

    async def test_t13_a_token_is_renewed_as_long_before_its_end_as_the_app_needs(
        self, walk: Walk
    ) -> None:
        await walk.use(merged(OAUTH2, {"refresh": {"ahead": 3500}}), switches={"lifetime": 3600})
        await walk.connect()
        first = await walk.credential()
        assert (await walk.credential()).access_token == first.access_token
        walk.provider.switches.lifetime = 3400
        await walk.renew()
        renewed = walk.provider.refreshes
        await walk.credential()
        assert walk.provider.refreshes == renewed + 1

    async def test_t14_values_of_the_answer_are_kept_and_used(self, walk: Walk) -> None:
        auth = {"captured": {"team": "body.team.id", "scope_key": "body.bot.scopes[0]"}}
        await walk.use(
            merged(OAUTH2, auth),
            switches={"extra": {"team": {"id": "T1"}, "bot": {"scopes": ["chat"]}}},
            request={
                "path": "/api/echo",
                "query": {"team": "{{ captured.team }}", "key": "{{ captured.scope_key }}"},
            },
        )
        await walk.connect()
        assert (await walk.call())["query"] == {"team": "T1", "key": "chat"}
        # A refresh that does not tell them again takes nothing away.
        walk.provider.switches.extra = {}
        await walk.renew()
        assert (await walk.call())["query"] == {"team": "T1", "key": "chat"}

    async def test_r12_an_app_is_told_when_a_connection_is_deleted(self, walk: Walk) -> None:
        auth = {
            "revoke": {"url": "URL/oauth2/revoke"},
            "on_delete": {"method": "DELETE", "path": "/api/echo"},
        }
        await walk.use(merged(OAUTH2, auth))
        await walk.connect()
        credential = await walk.credential()
        assert await walk.connections.delete(walk.project_id, "u1", "vendor")
        assert [r.status for r in walk.provider.at("/api/echo")] == [200]
        assert walk.provider.revocations == [credential.refresh_token]
        with pytest.raises(ConnectionMissing):
            await walk.credential()


GRANT: dict[str, Any] = {
    "type": "oauth2_grant",
    "fields": [{"name": "id"}, {"name": "secret", "type": "password"}],
    "client_id": "{{ fields.id }}",
    "client_secret": "{{ fields.secret }}",
    "token": {"url": "URL/oauth2/token"},
}
CLIENT = {"id": "shop", "secret": "planted-client-secret-5Jq"}


class TestGrantsWithoutABrowser:
    @pytest.mark.parametrize("client_auth", ["body", "basic"])
    async def test_t7_client_credentials_of_the_user(self, walk: Walk, client_auth: str) -> None:
        await walk.use(
            merged(GRANT, {"scopes": ["a", "b"], "token": {"client_auth": client_auth}}),
            switches={"client_auth": client_auth, "required_scopes": ["a", "b"]},
        )
        await walk.connect(CLIENT)
        before = await walk.credential()
        assert (await walk.call())["id"] == "acct-shop"
        assert (await walk.renew()).access_token != before.access_token
        assert walk.provider.refusals == []

    async def test_t7_wrong_client_credentials_are_told_and_not_stored(self, walk: Walk) -> None:
        await walk.use(GRANT)
        with pytest.raises(AuthorizationFailed) as caught:
            await walk.connect({**CLIENT, "secret": "planted-wrong"})
        assert caught.value.kind == "rejected"
        assert "planted" not in caught.value.message
        assert await walk.status() == "not-connected"

    async def test_t7_a_grant_that_a_vendor_named(self, walk: Walk) -> None:
        auth = {
            "fields": [*GRANT["fields"], {"name": "account"}],
            "grant_type": "account_credentials",
            "token": {"params": {"account_id": "{{ fields.account }}"}},
        }
        await walk.use(
            merged(GRANT, auth),
            switches={
                "client_credentials_name": "account_credentials",
                "token_required": {"account_id": "7"},
            },
        )
        await walk.connect({**CLIENT, "account": "7"})
        assert (await walk.call())["id"] == "acct-shop"

    async def test_t7_a_password(self, walk: Walk) -> None:
        auth = {
            "fields": [{"name": "user"}, {"name": "password", "type": "password"}],
            "grant_type": "password",
            "client_id": "{{ integration.client_id }}",
            "client_secret": "{{ integration.client_secret }}",
            "token": {
                "params": {"username": "{{ fields.user }}", "password": "{{ fields.password }}"}
            },
        }
        await walk.use(merged(GRANT, auth))
        await walk.connect({"user": "ada", "password": "planted-password-9xW"})
        await walk.renew()
        assert (await walk.call())["id"] == "acct-ada"
        assert walk.provider.refusals == []

    async def test_t7_t16_a_service_account_asserts_itself(
        self, walk: Walk, rsa_pair: tuple[str, str]
    ) -> None:
        private, public = rsa_pair
        auth = {
            "type": "oauth2_grant",
            "fields": [
                {"name": "issuer"},
                {"name": "subject", "is_optional": True},
                {"name": "key", "type": "textarea", "secret": True},
            ],
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": {
                "algorithm": "RS256",
                "key": "{{ fields.key }}",
                "lifetime": 3600,
                "header": {"kid": "k1"},
                "claims": {
                    "iss": "{{ fields.issuer }}",
                    "sub": "{{ fields.subject }}",
                    "aud": "URL/oauth2/token",
                    "jti": "{{ nonce }}",
                },
            },
            "token": {"url": "URL/oauth2/token", "client_auth": "none"},
        }
        await walk.use(auth, switches={"client_auth": "none", "public_key": public, "key_id": "k1"})
        fields = {"issuer": "service@shop.example", "subject": "grace", "key": private}
        await walk.connect(fields)
        assert (await walk.call())["id"] == "acct-grace"
        await walk.renew()
        assert (await walk.call())["id"] == "acct-grace"
        assert walk.provider.refusals == []
        with pytest.raises(AuthorizationFailed, match=re.escape("key")) as caught:
            await walk.connect({**fields, "key": "no key at all"})
        assert caught.value.kind == "rejected"


class TestAnswersThatAreNone:
    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            ("html", "provider_unavailable"),
            ("html_500", "provider_unavailable"),
            ("empty", "provider_unavailable"),
            ("hang", "provider_unavailable"),
            ("rate_limited", "provider_unavailable"),
            ("unavailable", "provider_unavailable"),
            ("oversized", "provider_unavailable"),
            ("not_string", "provider_unavailable"),
            ("ok_false", "provider_error"),
            ("invalid_grant", "provider_error"),
            ("invalid_client", "misconfigured"),
        ],
    )
    async def test_nothing_is_stored_and_nothing_leaks(
        self, walk: Walk, monkeypatch: pytest.MonkeyPatch, fault: str, kind: str
    ) -> None:
        monkeypatch.setattr("connections.oauth2.TIMEOUT", 0.5)
        await walk.use(OAUTH2, switches={"fault": fault})
        with pytest.raises(AuthorizationFailed) as caught:
            await walk.connect()
        assert caught.value.kind == kind
        assert "planted" not in caught.value.message
        assert await walk.status() == "not-connected"

    @pytest.mark.parametrize(
        "fault", ["html", "html_500", "empty", "hang", "rate_limited", "oversized", "not_string"]
    )
    async def test_a_renewal_that_fails_so_leaves_the_connection(
        self, walk: Walk, monkeypatch: pytest.MonkeyPatch, fault: str
    ) -> None:
        monkeypatch.setattr("connections.oauth2.TIMEOUT", 0.5)
        await walk.use(OAUTH2, switches={"refresh": "keep"})
        await walk.connect()
        walk.provider.switches = walk.provider.switches.changed({"fault": fault, "fault_times": 1})
        with pytest.raises(RefreshUnavailable) as caught:
            await walk.renew()
        assert "planted" not in str(caught.value)
        assert await walk.status() == "connected"
        await walk.renew()
        assert (await walk.call())["id"] == "acct-ada"

    @pytest.mark.parametrize("state", ["other", "none"])
    async def test_an_answer_without_the_state_is_not_taken(self, walk: Walk, state: str) -> None:
        await walk.use(OAUTH2, switches={"state": state})
        with pytest.raises(AuthorizationFailed) as caught:
            await walk.connect()
        assert caught.value.kind == "unknown"
        assert walk.provider.tokens == {}

    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("access_denied", "denied"),
            ("invalid_scope", "misconfigured"),
            ("server_error", "provider_unavailable"),
            ("<b>odd</b>", "provider_error"),
        ],
    )
    async def test_a_denial_says_what_it_is(self, walk: Walk, code: str, kind: str) -> None:
        await walk.use(OAUTH2, switches={"denial": code})
        with pytest.raises(AuthorizationFailed) as caught:
            await walk.connect()
        assert caught.value.kind == kind
        assert "555" not in caught.value.message
        assert "<b>" not in caught.value.message

    async def test_fewer_scopes_than_asked_are_told(self, walk: Walk) -> None:
        await walk.use(OAUTH2, switches={"granted": ["read"]})
        with pytest.raises(AuthorizationFailed, match="write") as caught:
            await walk.connect()
        assert caught.value.kind == "missing_scopes"
        assert await walk.status() == "not-connected"


async def test_rejected_credentials_of_a_form_never_reach_the_database(walk: Walk) -> None:
    await walk.use(GRANT)
    with pytest.raises(CredentialRejected):
        await walk.connections.connect_with_fields(
            walk.project_id, "u1", "vendor", {**CLIENT, "secret": "planted-wrong"}
        )
    assert await walk.status() == "not-connected"
