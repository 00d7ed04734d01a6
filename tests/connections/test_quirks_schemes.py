"""Accounts that are no OAuth 2.0: signed tokens, exchanges in steps, OAuth 1.0a.

The ids are those of the list of quirks in docs/: T of the token.
"""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connections.errors import AuthorizationFailed, ConnectionInvalid
from store.models import now_ms
from tests.connections.quirks import Walk, light_walk_of_test, walk_of_test
from tests.provider.switches import Switches

__all__ = ["light_walk_of_test", "walk_of_test"]


PASSWORD = Switches().password


class TestSignedTokens:
    @pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
    async def test_t16_a_jwt_by_a_private_key(
        self, walk: Walk, rsa_pair: tuple[str, str], algorithm: str
    ) -> None:
        private, public = rsa_pair if algorithm == "RS256" else elliptic_pair()
        auth = {
            "type": "jwt",
            "fields": [
                {"name": "issuer"},
                {"name": "key", "type": "textarea", "secret": True},
            ],
            "jwt": {
                "algorithm": algorithm,
                "key": "{{ fields.key }}",
                "header": {"kid": "k1"},
                "claims": {
                    "iss": "{{ fields.issuer }}",
                    "aud": "vendor-api",
                    "jti": "{{ nonce }}",
                    "scope": ["read"],
                },
                "lifetime": 120,
            },
            "verify": {"path": "/signed/jwt"},
        }
        await walk.use(
            auth,
            switches={
                "jwt_algorithm": algorithm,
                "jwt_audience": "vendor-api",
                "jwt_issuer": "shop",
                "jwt_longest": 120,
                "public_key": public,
                "key_id": "k1",
            },
            request={"path": "/signed/jwt"},
        )
        await walk.connect({"issuer": "shop", "key": private})
        answer = await walk.call()
        assert (answer["id"], answer["claims"]["scope"]) == ("acct-ada", ["read"])
        assert (await walk.call())["claims"]["jti"] != answer["claims"]["jti"]
        assert walk.provider.refusals == []
        with pytest.raises(AuthorizationFailed) as caught:
            await walk.connect({"issuer": "shop", "key": "no key"})
        assert caught.value.kind == "rejected"


def elliptic_pair() -> tuple[str, str]:
    """A private and a public key of P-256 in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


LOGIN = {"username": "{{ fields.user }}", "password": "{{ fields.password }}"}
ONE_STEP: dict[str, Any] = {
    "type": "token_exchange",
    "fields": [{"name": "user"}, {"name": "password", "type": "password"}],
    "steps": [{"name": "login", "method": "POST", "url": "URL/exchange/token", "json": LOGIN}],
    "token": {"access_token": "body.result.token", "expires": "body.result.expires_in"},
}
THREE_STEPS: dict[str, Any] = {
    "type": "token_exchange",
    "fields": [*ONE_STEP["fields"], {"name": "company"}],
    "steps": [
        {"name": "login", "method": "POST", "url": "URL/exchange/login", "json": LOGIN},
        {
            "name": "session",
            "method": "POST",
            "url": "URL/exchange/session",
            "headers": {"X-Challenge": "{{ steps.login.body.data.challenge }}"},
            "form": {"company": "{{ fields.company }}"},
        },
        {
            "name": "grant",
            "method": "POST",
            "url": "URL/exchange/grant",
            "json": {
                "session": "{{ steps.session.body.session.id }}",
                "challenge": "{{ steps.login.body.data.challenge }}",
            },
        },
    ],
    "token": {"access_token": 'headers["x-access-token"]', "expires": "body.result.expires_in"},
}
FIELDS = {"user": "ada", "password": PASSWORD}


class TestTokenExchange:
    @pytest.mark.parametrize("encoding", ["json", "form"])
    async def test_t11_one_step(self, walk: Walk, encoding: str) -> None:
        step = {"name": "login", "method": "POST", "url": "URL/exchange/token", encoding: LOGIN}
        await walk.use(
            {**ONE_STEP, "steps": [step]}, switches={"exchange_encoding": encoding, "skew": 900}
        )
        await walk.connect(FIELDS)
        end = await walk.expires_at()
        assert end is not None
        assert abs(end - now_ms() - 3_600_000) < 10_000
        before = await walk.credential()
        assert (await walk.renew()).access_token != before.access_token
        assert (await walk.call())["id"] == "acct-ada"
        assert walk.provider.refusals == []

    async def test_t15_three_steps_that_build_on_each_other(self, walk: Walk) -> None:
        await walk.use(THREE_STEPS, switches={"exchange_token_in": "header"})
        await walk.connect({**FIELDS, "company": "acme"})
        assert (await walk.call())["id"] == "acct-ada"
        await walk.renew()
        assert (await walk.call())["id"] == "acct-ada"
        assert walk.provider.refusals == []

    async def test_t15_a_step_that_fails_says_so_and_stores_nothing(self, walk: Walk) -> None:
        await walk.use(THREE_STEPS)
        with pytest.raises(AuthorizationFailed) as caught:
            await walk.connect({**FIELDS, "company": "acme", "password": "planted-wrong"})
        assert caught.value.kind == "rejected"
        assert "planted" not in caught.value.message
        assert await walk.status() == "not-connected"
        assert walk.provider.at("/exchange/session") == []

    async def test_t8_a_password_that_changed_ends_the_connection(self, walk: Walk) -> None:
        await walk.use(ONE_STEP)
        await walk.connect(FIELDS)
        walk.provider.switches.password = "planted-password-of-today"
        with pytest.raises(ConnectionInvalid):
            await walk.renew()
        assert await walk.status() == "invalid"


OAUTH1: dict[str, Any] = {
    "type": "oauth1",
    "endpoints": {
        "request_token": "URL/oauth1/request_token",
        "authorize": "URL/oauth1/authorize",
        "access_token": "URL/oauth1/access_token",
    },
}
RESOURCES: list[dict[str, Any]] = [
    {"path": "/oauth1/resource"},
    {"path": "/oauth1/resource", "query": {"q": "a b+c&ü", "list": [1, 2]}},
    {"method": "POST", "path": "/oauth1/resource", "form": {"text": "a b+c~é", "n": 1}},
    {"method": "PUT", "path": "/oauth1/resource", "json": {"text": "é"}},
]


class TestOAuth1:
    @pytest.mark.parametrize("signature", ["HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "PLAINTEXT"])
    @pytest.mark.parametrize("method", ["POST", "GET"])
    async def test_an_account_is_connected_and_requests_are_signed(
        self, light_walk: Walk, rsa_pair: tuple[str, str], signature: str, method: str
    ) -> None:
        auth = {**OAUTH1, "signature": signature, "method": method}
        secret = rsa_pair[0] if signature == "RSA-SHA1" else "planted-client-secret-5Jq"
        await light_walk.use(
            {
                **auth,
                "captured": {"user_id": "body.user_id"},
                "verify": {"path": "/oauth1/resource", "account": {"id": "body.id"}},
            },
            switches={"signature_method": signature, "public_key": rsa_pair[1]},
            request=RESOURCES[2],
            client=("shop", secret),
        )
        await light_walk.connect()
        assert (await light_walk.call())["id"] == "acct-ada"
        assert (await light_walk.credential()).captured == {"user_id": "acct-ada"}
        assert light_walk.provider.refusals == []

    @pytest.mark.parametrize("request_", RESOURCES, ids=["bare", "query", "form", "json"])
    async def test_query_and_form_are_part_of_the_signature(
        self, light_walk: Walk, request_: dict[str, Any]
    ) -> None:
        await light_walk.use(OAUTH1, request=request_)
        await light_walk.connect()
        assert (await light_walk.call())["id"] == "acct-ada"
        assert light_walk.provider.refusals == []

    @pytest.mark.parametrize("denial", ["denied", "error"])
    async def test_a_denial_is_one(self, light_walk: Walk, denial: str) -> None:
        await light_walk.use(OAUTH1, switches={"denial": "access_denied", "oauth1_denial": denial})
        with pytest.raises(AuthorizationFailed) as caught:
            await light_walk.connect()
        assert caught.value.kind == "denied"
        assert await light_walk.status() == "not-connected"

    async def test_a_wrong_consumer_secret_is_the_developers_to_correct(self, walk: Walk) -> None:
        await walk.use(OAUTH1, client=("shop", "planted-wrong"))
        with pytest.raises(AuthorizationFailed) as caught:
            await walk.connect()
        assert caught.value.kind == "misconfigured"
        assert "planted" not in caught.value.message

    async def test_a_token_of_another_request_is_not_taken(self, walk: Walk) -> None:
        await walk.use(OAUTH1)
        there = await walk.go()
        assert there is not None
        back = await walk.visit(there)
        with pytest.raises(AuthorizationFailed):
            await walk.links.complete(
                {**back, "oauth_token": "planted-other"}, "the-browser-of-the-user"
            )
        assert walk.provider.at("/oauth1/access_token") == []
