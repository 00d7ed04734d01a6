"""OAuth 1.0a, keys, exchanges and signatures: right callers get on, wrong ones do not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httpx
import pytest
from authlib.integrations.httpx_client import AsyncOAuth1Client
from joserfc import jwt
from joserfc.jwk import OctKey
from oauthlib.oauth1 import Client as OAuth1Client  # type: ignore[import-untyped]

from tests.provider.signed import hex_key
from tests.provider.switches import Switches
from tests.provider.test_provider import CALLBACK, CLIENT, bearer, told

if TYPE_CHECKING:
    from tests.provider.state import Provider


async def oauth1(
    web: httpx.AsyncClient, client: OAuth1Client, path: str, **request: Any
) -> httpx.Response:
    url, headers, body = client.sign(f"{web.base_url}".rstrip("/") + path, "POST", **request)
    return await web.post(url, headers=headers, content=body)


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT", "RSA-SHA1"])
async def test_oauth_1(
    quirky: Provider, web: httpx.AsyncClient, rsa_pair: tuple[str, str], method: Any
) -> None:
    quirky.switches = Switches(signature_method=method, public_key=rsa_pair[1])
    if method == "RSA-SHA1":
        # oauthlib cannot sign with RSA here: what Authlib signs, the provider must accept.
        client = AsyncOAuth1Client(
            "shop", rsa_key=rsa_pair[0], signature_method=method, redirect_uri=CALLBACK
        )
        token = await client.fetch_request_token(f"{quirky.url}/oauth1/request_token")
        assert token["oauth_token"] in quirky.oauth1
        other = AsyncOAuth1Client("shop", "x", signature_method="HMAC-SHA1", redirect_uri=CALLBACK)
        with pytest.raises(Exception, match="signature_method"):
            await other.fetch_request_token(f"{quirky.url}/oauth1/request_token")
        return
    args: dict[str, Any] = {"client_secret": CLIENT["client_secret"], "signature_method": method}
    first = OAuth1Client("shop", callback_uri=CALLBACK, **args)
    token = parsed_form(await oauth1(web, first, "/oauth1/request_token"))
    back = await web.get("/oauth1/authorize", params={"oauth_token": token["oauth_token"]})
    query = told(back)
    owner = {
        "resource_owner_key": token["oauth_token"],
        "resource_owner_secret": token["oauth_token_secret"],
    }
    unverified = OAuth1Client("shop", **args, **owner)
    assert (await oauth1(web, unverified, "/oauth1/access_token")).status_code == 400
    second = OAuth1Client("shop", verifier=query["oauth_verifier"], **args, **owner)
    access = parsed_form(await oauth1(web, second, "/oauth1/access_token"))
    assert access["user_id"] == "acct-ada"
    assert (await oauth1(web, second, "/oauth1/access_token")).status_code == 401
    owner = {
        "resource_owner_key": access["oauth_token"],
        "resource_owner_secret": access["oauth_token_secret"],
    }
    user = OAuth1Client("shop", **args, **owner)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    path = "/oauth1/resource?a=b%20c"
    good = await oauth1(web, user, path, body="x=1&y=%C3%BC", headers=form)
    assert good.json()["id"] == "acct-ada"
    url, headers, body = user.sign(quirky.url + path, "POST", "x=1", form)
    if method != "PLAINTEXT":
        assert (await web.post(url, headers=headers, content="x=2")).status_code == 401
        assert (await web.post(f"{url}&z=1", headers=headers, content=body)).status_code == 401
    first_time = await web.post(url, headers=headers, content=body)
    # A wrong signature has used the nonce up, as at a provider that guards before it computes.
    assert first_time.status_code == (200 if method == "PLAINTEXT" else 401)
    assert (await web.post(url, headers=headers, content=body)).status_code == 401
    stale = OAuth1Client("shop", timestamp=str(int(time.time()) - 9000), **args, **owner)
    assert (await oauth1(web, stale, "/oauth1/resource")).status_code == 401


def parsed_form(response: httpx.Response) -> dict[str, str]:
    assert response.status_code == 200, response.text
    return {name: values[0] for name, values in parse_qs(response.text).items()}


async def test_oauth_1_denials_come_back_without_a_verifier(
    quirky: Provider, web: httpx.AsyncClient
) -> None:
    client = OAuth1Client("shop", CLIENT["client_secret"], callback_uri=CALLBACK)
    token = parsed_form(await oauth1(web, client, "/oauth1/request_token"))["oauth_token"]
    quirky.switches = Switches(auto=False)
    params = {"oauth_token": token}
    page = await web.get("/oauth1/authorize", params=params)
    assert ">Deny</button>" in page.text
    denied = await web.post(page.url, data={"user": "ada", "decision": "deny"})
    assert told(denied) == {"denied": token}


KEY, SECOND = Switches().key, Switches().second_key
KEYS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("header", {}, {"headers": {"X-Api-Key": KEY}}),
    (
        "header",
        {"key_header": "Authorization", "key_scheme": "Token token="},
        {"headers": {"Authorization": f"Token token={KEY}"}},
    ),
    ("pair", {}, {"headers": {"X-App-Id": KEY, "X-App-Key": SECOND}}),
    ("query", {}, {"params": {"api_key": KEY}}),
    ("body", {}, {"json": {"api_key": KEY}}),
    ("basic", {}, {"auth": ("ada", Switches().basic_password)}),
    ("cookie", {}, {"headers": {"Cookie": f"api_key={KEY}"}}),
    ("botKEY/getMe".replace("KEY", KEY), {}, {}),
    (
        "header",
        {"required_headers": {"X-Version": "2"}, "user_agent": "shop/"},
        {"headers": {"X-Api-Key": KEY, "X-Version": "2", "User-Agent": "shop/1"}},
    ),
]


@pytest.mark.parametrize(("place", "switches", "request_"), KEYS)
async def test_a_key_is_in_its_place(
    quirky: Provider,
    web: httpx.AsyncClient,
    place: str,
    switches: dict[str, Any],
    request_: dict[str, Any],
) -> None:
    quirky.switches = Switches(**switches)
    assert (await web.post(f"/keys/{place}", **request_)).status_code == 200
    wrong = json.loads(json.dumps(request_).replace("planted", "planned"))
    if "auth" in wrong:
        wrong["auth"] = tuple(wrong["auth"])
    wrong_place = place.replace("planted", "planned")
    assert (await web.post(f"/keys/{wrong_place}", **wrong)).status_code == 401
    assert (await web.post(f"/keys/{place.replace(KEY, '')}")).status_code >= 400
    if place in {"header", "cookie", "body"}:
        twice = {**request_, "params": {"api_key": KEY}}
        assert (await web.post(f"/keys/{place}", **twice)).status_code == 400


@pytest.mark.parametrize("compression", ["gzip", "deflate"])
async def test_answers_may_be_compressed_unasked(
    quirky: Provider, web: httpx.AsyncClient, compression: Any
) -> None:
    quirky.switches = Switches(compression=compression)
    headers = {"X-Api-Key": KEY, "Accept-Encoding": "identity"}
    answer = await web.get("/keys/header", headers=headers)
    assert answer.headers["content-encoding"] == compression
    assert answer.json()["id"] == "acct-ada"


async def test_tokens_are_given_in_exchange(quirky: Provider, web: httpx.AsyncClient) -> None:
    login = {"username": "ada", "password": quirky.switches.password}
    assert (await web.post("/exchange/token", data=login)).status_code == 400
    result = (await web.post("/exchange/token", json=login)).json()["result"]
    body = {"refreshToken": result["refreshToken"]}
    assert (await web.post("/exchange/refresh", json=body)).status_code == 200
    assert (await web.post("/exchange/refresh", json=body)).status_code == 401
    quirky.switches = Switches(exchange_token_in="header")
    challenge = (await web.post("/exchange/login", json=login)).json()["data"]["challenge"]
    company = {"company": "acme"}
    assert (await web.post("/exchange/session", data=company)).status_code == 401
    headers = {"X-Challenge": challenge}
    session = (await web.post("/exchange/session", data=company, headers=headers)).json()
    body = {"session": session["session"]["id"], "challenge": challenge}
    assert (await web.post("/exchange/grant", json={**body, "challenge": "x"})).status_code == 401
    session = (await web.post("/exchange/session", data=company, headers=headers)).json()
    body["session"] = session["session"]["id"]
    token = (await web.post("/exchange/grant", json=body)).headers["x-access-token"]
    assert (await web.get("/api/me", headers=bearer(token))).status_code == 200


async def test_a_signed_jwt_is_checked(quirky: Provider, web: httpx.AsyncClient) -> None:
    quirky.switches = Switches(key_id="k1")
    key = OctKey.import_key(bytes.fromhex(hex_key(quirky)))
    now = int(time.time())
    header = {"alg": "HS256", "typ": "JWT", "kid": "k1"}
    claims = {"aud": "/admin/", "iat": now, "exp": now + 300}
    wrongs: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"kid": "k2"}, {}),
        ({"typ": "at+jwt"}, {}),
        ({"alg": "HS512"}, {}),
        ({}, {"aud": "/content/"}),
        ({}, {"exp": now - 100}),
        ({}, {"exp": now + 9000}),
        ({}, {"iat": now - 900}),
    ]
    for more_header, more in wrongs:
        value = jwt.encode(
            {**header, **more_header}, {**claims, **more}, key, algorithms=["HS256", "HS512"]
        )
        assert (await web.get("/signed/jwt", headers=bearer(value))).status_code == 401
    value = jwt.encode(header, claims, key)
    assert (await web.get("/signed/jwt", headers=bearer(value))).json()["kid"] == "k1"


async def test_signed_requests_are_checked(quirky: Provider, web: httpx.AsyncClient) -> None:
    secret = quirky.switches.signing_secret.encode()

    def headers(stamp: str, nonce: str, body: str = "hello", query: str = "b=2&a=1") -> Any:
        lines = ["POST", "/signed/hmac-sha256", query, stamp, nonce, body]
        mac = hmac.new(secret, "\n".join(lines).encode(), hashlib.sha256).hexdigest()
        return {"X-Key": KEY, "X-Timestamp": stamp, "X-Nonce": nonce, "X-Signature": mac}

    now = str(int(time.time()))
    url = "/signed/hmac-sha256?b=2&a=1"
    good = headers(now, "12345678")
    for wrong in (
        headers("1", "12345679"),
        headers(now, "short"),
        headers(now, "12345680", body="other"),
        headers(now, "12345681", query="a=1&b=2"),
        {**headers(now, "12345682"), "X-Key": "other"},
    ):
        assert (await web.post(url, headers=wrong, content="hello")).status_code == 401
    assert (await web.post(url, headers=good, content="hello")).status_code == 200
    assert (await web.post(url, headers=good, content="hello")).status_code == 401

    stamp = str(int(time.time() * 1000))
    text = f"GET/signed/hmac-sha1?q=1{stamp}"
    mac = base64.b64encode(hmac.new(secret, text.encode(), hashlib.sha1).digest()).decode()
    signed = {"X-Timestamp": stamp, "Authorization": f"HMAC {KEY}:{mac}"}
    assert (await web.get("/signed/hmac-sha1?q=2", headers=signed)).status_code == 401
    assert (await web.get("/signed/hmac-sha1?q=1", headers=signed)).status_code == 200
    assert (await web.get("/signed/hmac-sha1?q=1", headers=signed)).status_code == 401


@pytest.mark.parametrize(
    ("limit", "header"),
    [
        ("retry_after_seconds", "retry-after"),
        ("retry_after_date", "retry-after"),
        ("reset_seconds", "x-ratelimit-reset"),
        ("reset_epoch_seconds", "x-ratelimit-reset"),
        ("reset_epoch_milliseconds", "x-ratelimit-reset"),
        ("body_seconds", ""),
    ],
)
async def test_the_api_turns_calls_away(
    quirky: Provider, web: httpx.AsyncClient, limit: Any, header: str
) -> None:
    form = {"grant_type": "client_credentials", **CLIENT}
    token = (await web.post("/oauth2/token", data=form)).json()["access_token"]
    quirky.switches = Switches(api_limit=limit)
    first = await web.get("/api/me", headers=bearer(token))
    assert first.status_code == 429
    assert first.headers[header] if header else first.json()["retry_after"] == 1
    assert (await web.get("/api/me", headers=bearer(token))).status_code == 200


async def test_tokens_end(quirky: Provider, web: httpx.AsyncClient) -> None:
    form = {"grant_type": "client_credentials", **CLIENT}
    headers = bearer((await web.post("/oauth2/token", data=form)).json()["access_token"])
    body = {"ä": [1]}
    echo = (await web.post("/api/echo?x=1", json=body, headers=headers)).json()
    assert (echo["query"], echo["body"]) == ({"x": "1"}, body)
    quirky.switches = Switches(api_denies=True)
    assert (await web.get("/api/me", headers=headers)).status_code == 401
    quirky.switches = Switches(api_ok_false="token_revoked")
    assert (await web.get("/api/me", headers=headers)).json()["error"] == "token_revoked"
    quirky.expire_tokens()
    assert (await web.get("/api/me", headers=headers)).status_code == 401
