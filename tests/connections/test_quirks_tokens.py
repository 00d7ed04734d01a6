"""How real apps give and end tokens: each is said by a manifest alone.

The ids are those of the list of quirks in docs/: T of the token, R of the request.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from connections.errors import (
    AuthorizationFailed,
    ConnectionInvalid,
    ConnectionMissing,
    CredentialRejected,
)
from connectors.executor import ComponentError
from store.models import now_ms
from tests.connections.quirks import (
    OAUTH2,
    Walk,
    light_walk_of_test,
    merged,
    walk_of_test,
)

__all__ = ["light_walk_of_test", "walk_of_test"]


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
        self, light_walk: Walk, expires: str, response: dict[str, Any], skew: int
    ) -> None:
        """Also where the app's clock is half an hour ahead."""
        await light_walk.use(
            merged(OAUTH2, {"token": {"response": response}}),
            switches={"expires": expires, "skew": skew},
        )
        await light_walk.connect()
        end = await light_walk.expires_at()
        assert end is not None
        assert abs(end - now_ms() - 3_600_000) < 10_000

    @pytest.mark.parametrize("expires", ["missing", "zero"])
    async def test_t12_no_end_is_no_end(self, light_walk: Walk, expires: str) -> None:
        await light_walk.use(OAUTH2, switches={"expires": expires})
        await light_walk.connect()
        assert await light_walk.expires_at() is None
        assert (await light_walk.call())["id"] == "acct-ada"

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


async def test_rejected_credentials_of_a_form_never_reach_the_database(walk: Walk) -> None:
    await walk.use(GRANT)
    with pytest.raises(CredentialRejected):
        await walk.connections.connect_with_fields(
            walk.project_id, "u1", "vendor", {**CLIENT, "secret": "planted-wrong"}
        )
    assert await walk.status() == "not-connected"
