"""The provider is as strict as its switches say: right clients get on, wrong ones do not."""

from __future__ import annotations

import base64
import hashlib
import secrets
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.provider.switches import JWT_BEARER, Switches, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.provider.state import Provider

CALLBACK = "http://127.0.0.1:1/back"
CLIENT = {"client_id": "shop", "client_secret": "planted-client-secret-5Jq"}
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())[:-1].decode()


async def ask(web: httpx.AsyncClient, **changes: str | None) -> httpx.Response:
    """An authorisation request; None leaves a parameter out."""
    asked: dict[str, str | None] = {
        "response_type": "code",
        "client_id": "shop",
        "redirect_uri": CALLBACK,
        "scope": "read write",
        "state": "s1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    params = {name: value for name, value in asked.items() if value is not None}
    return await web.get("/oauth2/authorize", params=params)


def told(response: httpx.Response) -> dict[str, str]:
    """The query with which the browser comes back."""
    assert response.is_redirect, response.text
    query = parse_qs(urlsplit(response.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


async def trade(web: httpx.AsyncClient, code: str, **changes: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **CLIENT,
    }
    return await web.post("/oauth2/token", data={**form, **changes})


async def renew(web: httpx.AsyncClient, token: str, **changes: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token, **CLIENT, **changes}
    return await web.post("/oauth2/token", data=form)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_authlib_connects_renews_and_revokes(quirky: Provider) -> None:
    async with AsyncOAuth2Client(
        **CLIENT,
        redirect_uri=CALLBACK,
        scope="read write",
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_post",
        revocation_endpoint_auth_method="client_secret_post",
    ) as client:
        url, state = client.create_authorization_url(
            f"{quirky.url}/oauth2/authorize", code_verifier=VERIFIER
        )
        back = (await httpx.AsyncClient().get(url)).headers["location"]
        token_url = f"{quirky.url}/oauth2/token"
        token = await client.fetch_token(
            token_url, authorization_response=back, state=state, code_verifier=VERIFIER
        )
        assert (await client.get(f"{quirky.url}/api/me")).json() == {
            "id": "acct-ada",
            "name": "Ada",
            "email": "ada@example.com",
        }
        again = await client.refresh_token(token_url, token["refresh_token"])
        assert again["access_token"] != token["access_token"]
        await client.revoke_token(f"{quirky.url}/oauth2/revoke", again["refresh_token"])
        assert (await client.get(f"{quirky.url}/api/me")).status_code == 401
    assert quirky.refusals == ["/api/me: the token is not valid"]
    assert quirky.revocations == [again["refresh_token"]]
    assert quirky.refreshes == 1


AUTHORIZE: list[tuple[dict[str, Any], dict[str, str | None], dict[str, str | None]]] = [
    ({}, {}, {"code_challenge": None}),
    ({}, {}, {"code_challenge_method": "plain"}),
    ({}, {}, {"code_challenge": "short"}),
    ({}, {}, {"state": None}),
    ({}, {}, {"client_id": "other"}),
    ({}, {}, {"prompt": "consent"}),
    ({"redirect_uris": [CALLBACK]}, {}, {"redirect_uri": f"{CALLBACK}/further"}),
    (
        {"pkce": "forbidden"},
        {"code_challenge": None, "code_challenge_method": None},
        {},
    ),
    ({"pkce": "plain"}, {"code_challenge": VERIFIER, "code_challenge_method": "plain"}, {}),
    ({"authorize_required": {"prompt": "consent"}}, {"prompt": "consent"}, {"prompt": "none"}),
    ({"authorize_forbidden": ["scope"]}, {"scope": None}, {}),
    ({"client_id_param": "app_id"}, {"client_id": None, "app_id": "shop"}, {}),
    ({"response_type": "forbidden"}, {"response_type": None}, {}),
    ({"scope_separator": ","}, {"scope": "read,write"}, {"scope": "read write"}),
    ({"scope_separator": "+"}, {"scope": "read+write"}, {"scope": "read write"}),
    ({"required_scopes": ["offline_access"]}, {"scope": "read offline_access"}, {}),
    ({"nonce": True}, {"nonce": "12345678"}, {"nonce": "short"}),
    ({"authorize_raw": {"scope": "read"}}, {"scope": "read"}, {}),
]


@pytest.mark.parametrize(("switches", "right", "wrong"), AUTHORIZE)
async def test_an_authorisation_request_is_as_the_switches_demand(
    quirky: Provider,
    web: httpx.AsyncClient,
    switches: dict[str, Any],
    right: dict[str, str | None],
    wrong: dict[str, str | None],
) -> None:
    quirky.switches = Switches(**switches)
    assert told(await ask(web, **right))["state"] == "s1"
    refused = await ask(web, **{**right, **wrong}) if wrong else await ask(web)
    assert refused.status_code == 400
    assert quirky.refusals


async def test_a_browser_sees_a_page_with_allow_and_deny(
    quirky: Provider, web: httpx.AsyncClient
) -> None:
    quirky.switches = Switches(auto=False, callback_extra={"realmId": "9"}, code_param="auth_code")
    page = await ask(web)
    assert page.status_code == 200
    assert '<label for="user">' in page.text
    allowed = await web.post(page.url, data={"user": "grace", "decision": "allow"})
    query = told(allowed)
    assert query.keys() == {"state", "auth_code", "realmId"}
    assert quirky.codes[query["auth_code"]].user == "grace"
    denied = told(await web.post(page.url, data={"user": "grace", "decision": "deny"}))
    assert (denied["error"], denied["state"]) == ("access_denied", "s1")
    assert (await web.post(page.url, data={"user": "grace"})).status_code == 400


async def test_the_state_may_be_tampered_with(quirky: Provider, web: httpx.AsyncClient) -> None:
    quirky.switches = Switches(state="other")
    assert told(await ask(web))["state"] != "s1"
    quirky.switches = Switches(state="none")
    assert "state" not in told(await ask(web))


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 50},
        {"redirect_uri": "http://127.0.0.1:1/other"},
        {"client_secret": "wrong"},
        {"code": "planted-code-of-nobody"},
        {"surplus": "1"},
        {"grant_type": "code"},
    ],
)
async def test_a_wrong_code_exchange_is_refused(
    web: httpx.AsyncClient, changes: dict[str, str]
) -> None:
    code = told(await ask(web))["code"]
    refused = await trade(web, **{"code": code, **changes})
    assert refused.status_code in {400, 401}
    assert "access_token" not in refused.text


async def test_a_code_works_once(web: httpx.AsyncClient) -> None:
    code = told(await ask(web))["code"]
    token = (await trade(web, code)).json()["access_token"]
    assert (await trade(web, code)).json()["error"] == "invalid_grant"
    assert (await web.get("/api/me", headers=bearer(token))).status_code == 401


async def test_the_second_use_of_a_refresh_token_revokes_its_family(
    web: httpx.AsyncClient,
) -> None:
    first = (await trade(web, told(await ask(web))["code"])).json()
    second = (await renew(web, first["refresh_token"])).json()
    assert (await web.get("/api/me", headers=bearer(second["access_token"]))).status_code == 200
    assert (await renew(web, first["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await renew(web, second["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await web.get("/api/me", headers=bearer(second["access_token"]))).status_code == 401


async def test_refresh_tokens_may_stay_or_not_be_given(
    quirky: Provider, web: httpx.AsyncClient
) -> None:
    quirky.switches = Switches(refresh="keep")
    first = (await trade(web, told(await ask(web))["code"])).json()
    assert "refresh_token" not in (await renew(web, first["refresh_token"])).json()
    assert (await renew(web, first["refresh_token"])).status_code == 200
    quirky.switches = Switches(refresh="none")
    assert "refresh_token" not in (await trade(web, told(await ask(web))["code"])).json()


ANSWERS: list[tuple[dict[str, Any], str]] = [
    ({"expires": "seconds"}, '"expires_in":3600'),
    ({"expires": "milliseconds"}, '"expires_in":3600000'),
    ({"expires": "string"}, '"expires_in":"3600"'),
    ({"expires": "zero"}, '"expires_in":0'),
    ({"expires": "epoch_seconds"}, '"expires_at":1'),
    ({"expires": "epoch_milliseconds"}, '"expires_at":1'),
    ({"expires": "iso8601"}, '"expires_at":"20'),
    ({"answer": "nested"}, '{"data":{"auth":{"access_token":"planted-'),
    ({"answer": "form"}, "access_token=planted-"),
    ({"extra": {"team": {"id": "T1"}}}, '{"team":{"id":"T1"},"access_token":"planted-'),
    ({"answer_names": {"access_token": "token"}}, '{"token":"planted-'),
    ({"granted": ["read"]}, '"scope":"read"'),
    ({"fault": "html"}, "<h1>"),
    ({"fault": "ok_false"}, '{"ok":false,"error":"invalid_code"'),
    ({"fault": "not_string"}, '"access_token":{"value":"planted-'),
    ({"fault": "oversized"}, "x" * 100_000),
]


@pytest.mark.parametrize(("switches", "piece"), ANSWERS)
async def test_a_token_answer_has_the_shape_of_the_switches(
    quirky: Provider, web: httpx.AsyncClient, switches: dict[str, Any], piece: str
) -> None:
    code = told(await ask(web))["code"]
    quirky.switches = Switches(**switches)
    assert piece in (await trade(web, code)).text


async def test_a_token_may_be_in_a_header(quirky: Provider, web: httpx.AsyncClient) -> None:
    quirky.switches = Switches(answer="header")
    answer = await trade(web, told(await ask(web))["code"])
    assert answer.headers["x-access-token"] in quirky.tokens
    assert "access_token" not in answer.json()


@pytest.mark.parametrize(
    ("fault", "status"),
    [("html_500", 500), ("empty", 200), ("rate_limited", 429), ("unavailable", 503)],
)
async def test_a_fault_may_pass(
    quirky: Provider, web: httpx.AsyncClient, fault: Any, status: int
) -> None:
    quirky.switches = Switches(fault=fault, fault_times=1)
    code = told(await ask(web))["code"]
    assert (await trade(web, code)).status_code == status
    assert (await trade(web, code)).json()["access_token"] in quirky.tokens


@pytest.mark.parametrize("fault", ["hang", "lost"])
async def test_an_answer_may_never_come(
    quirky: Provider, web: httpx.AsyncClient, fault: Any
) -> None:
    first = (await trade(web, told(await ask(web))["code"])).json()
    quirky.switches = Switches(fault=fault)
    with pytest.raises(httpx.ReadTimeout):
        await web.post(
            "/oauth2/token",
            data={
                "grant_type": "refresh_token",
                "refresh_token": first["refresh_token"],
                **CLIENT,
            },
            timeout=0.2,
        )
    # What is lost has happened; what hangs has not.
    assert quirky.refreshes == (1 if fault == "lost" else 0)


async def test_clients_prove_themselves_in_one_way(
    quirky: Provider, web: httpx.AsyncClient, rsa_pair: tuple[str, str]
) -> None:
    url, grant = "/oauth2/token", {"grant_type": "client_credentials"}
    by_basic = httpx.BasicAuth(*CLIENT.values())
    assert (await web.post(url, data={**grant, **CLIENT})).status_code == 200
    assert (await web.post(url, data=grant, auth=by_basic)).status_code == 401
    quirky.switches = Switches(client_auth="basic")
    assert (await web.post(url, data=grant, auth=by_basic)).status_code == 200
    assert (await web.post(url, data={**grant, **CLIENT}, auth=by_basic)).status_code == 401
    quirky.switches = Switches(client_auth="none")
    assert (await web.post(url, data={**grant, "client_id": "shop"})).status_code == 200
    assert (await web.post(url, data={**grant, **CLIENT})).status_code == 401
    quirky.switches = Switches(client_auth="private_key_jwt", public_key=rsa_pair[1])
    proof = {
        **grant,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": made(rsa_pair[0], iss="shop", sub="shop", aud=quirky.url + url),
    }
    assert (await web.post(url, data=proof)).status_code == 200
    # The same assertion again.
    assert (await web.post(url, data=proof)).status_code == 401
    proof["client_assertion"] = made(rsa_pair[0], iss="shop", sub="shop", aud=quirky.url)
    assert (await web.post(url, data=proof)).status_code == 401


def made(private: str, **claims: Any) -> str:
    now = int(time.time())
    claims = {"iat": now, "exp": now + 60, "jti": secrets.token_hex(8), **claims}
    return jwt.encode({"alg": "RS256", "typ": "JWT"}, claims, RSAKey.import_key(private))


async def test_token_requests_have_the_form_that_is_demanded(
    quirky: Provider, web: httpx.AsyncClient
) -> None:
    values, url = {"grant_type": "client_credentials", **CLIENT}, "/oauth2/token"
    ways: dict[str, dict[str, Any]] = {
        "form": {"method": "POST", "data": values},
        "json": {"method": "POST", "json": values},
        "query": {"method": "POST", "params": values},
        "get": {"method": "GET", "params": values},
    }
    for demanded in ways:
        method = "GET" if demanded == "get" else "POST"
        encoding = "form" if demanded == "get" else demanded
        quirky.switches = Switches().changed({"token_method": method, "token_encoding": encoding})
        for way, request in ways.items():
            status = (await web.request(url=url, **request)).status_code
            assert (status == 200) == (way == demanded), (demanded, way)


async def test_further_parameters_headers_and_a_refresh_url_are_demanded(
    quirky: Provider, web: httpx.AsyncClient
) -> None:
    quirky.switches = Switches(
        token_required={"audience": "api"},
        token_headers={"X-Vendor": "1"},
        token_forbidden=["redirect_uri"],
        separate_refresh_url=True,
        refresh_required={"type": "renewal"},
        refresh_headers={"X-Renew": "1"},
    )
    code = told(await ask(web))["code"]
    assert (await trade(web, code, audience="api")).status_code == 400
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER, **CLIENT}
    headers = {"X-Vendor": "1"}
    assert (await web.post("/oauth2/token", data=form, headers=headers)).status_code == 400
    form["audience"] = "api"
    first = (await web.post("/oauth2/token", data=form, headers=headers)).json()
    assert (await renew(web, first["refresh_token"], type="renewal")).status_code == 400
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], **CLIENT}
    headers["X-Renew"] = "1"
    assert (await web.post("/oauth2/refresh", data=form, headers=headers)).status_code == 400
    form["type"] = "renewal"
    assert (await web.post("/oauth2/token", data=form, headers=headers)).status_code == 400
    assert (await web.post("/oauth2/refresh", data=form, headers=headers)).status_code == 200


async def test_password_and_assertion_grants(
    quirky: Provider, web: httpx.AsyncClient, rsa_pair: tuple[str, str]
) -> None:
    url = "/oauth2/token"
    form = {"grant_type": "password", "username": "ada", "password": "x", **CLIENT}
    assert (await web.post(url, data=form)).json()["error"] == "invalid_grant"
    form["password"] = quirky.switches.password
    assert "refresh_token" in (await web.post(url, data=form)).json()
    quirky.switches = Switches(client_auth="none", public_key=rsa_pair[1])
    claims = {"iss": "service@shop.example", "aud": quirky.url + url, "sub": "grace"}
    bad = {"iss": "other"}, {"aud": "other"}, {"exp": 1}, {"exp": int(time.time()) + 9000}
    for wrong in bad:
        form = {"grant_type": JWT_BEARER}
        form["assertion"] = made(rsa_pair[0], **{**claims, **wrong})
        assert (await web.post(url, data=form)).status_code in {400, 401}, wrong
    form["assertion"] = made(rsa_pair[0], **claims)
    token = (await web.post(url, data=form)).json()["access_token"]
    assert (await web.get("/api/me", headers=bearer(token))).json()["id"] == "acct-grace"


async def test_clients_register_themselves(quirky: Provider, web: httpx.AsyncClient) -> None:
    found = (await web.get("/.well-known/oauth-authorization-server")).json()
    assert found["issuer"] == quirky.url
    quirky.switches = Switches(registration_required={"client_name": "Inlay"})
    body = {"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "client_secret_post"}
    url = found["registration_endpoint"]
    assert (await web.post(url, json=body)).status_code == 400
    answer = (await web.post(url, json={**body, "client_name": "Inlay"})).json()
    assert told(await ask(web, client_id=answer["client_id"]))["code"] in quirky.codes
    other = f"{CALLBACK}/other"
    refused = await ask(web, client_id=answer["client_id"], redirect_uri=other)
    assert refused.status_code == 400
    token = bearer(answer["registration_access_token"])
    assert (await web.delete(answer["registration_client_uri"])).status_code == 401
    gone = await web.delete(answer["registration_client_uri"], headers=token)
    assert (gone.status_code, quirky.clients) == (204, {})


async def test_tenants_are_kept_apart(quirky: Provider, web: httpx.AsyncClient) -> None:
    quirky.switches = Switches(tenant="acme", api_tenant="eu")
    form = {"grant_type": "client_credentials", **CLIENT}
    assert (await web.post("/oauth2/token", data=form)).status_code == 404
    assert (await web.post("/t/other/oauth2/token", data=form)).status_code == 404
    token = (await web.post("/t/acme/oauth2/token", data=form)).json()["access_token"]
    assert (await web.get("/t/acme/api/me", headers=bearer(token))).status_code == 404
    sites = (await web.get("/t/eu/api/sites", headers=bearer(token))).json()
    assert sites[0]["url"] == f"{quirky.url}/t/eu"


def test_switches_have_names_and_values() -> None:
    assert parsed(["auto=false", "user=grace", 'granted=["a"]']) == {
        "auto": False,
        "user": "grace",
        "granted": ["a"],
    }
    with pytest.raises(ValueError, match="colour"):
        Switches().changed({"colour": "red"})
    with pytest.raises(ValueError, match="S256"):
        Switches().changed({"pkce": "S512"})


@pytest.fixture
def program() -> Iterator[str]:
    """The URL of the provider as a program of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.provider", "--port", str(port), "--set", "pkce=plain"]
    process = subprocess.Popen(command)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


async def test_it_runs_as_a_program_with_a_control_route(program: str) -> None:
    async with httpx.AsyncClient(
        base_url=program, transport=httpx.AsyncHTTPTransport(retries=8)
    ) as web:
        assert (await web.get("/_control")).json()["switches"]["pkce"] == "plain"
        assert (await web.patch("/_control", json={"pkce": "never"})).status_code == 400
        await web.patch("/_control", json={"pkce": "S256"})
        assert told(await ask(web))["state"] == "s1"
        await trade(web, told(await ask(web))["code"])
        report = (await web.get("/_control")).json()
        assert [r["path"] for r in report["received"]][-1] == "/oauth2/token"
        assert len(report["tokens"]) == 1
        report = (await web.post("/_control/expire_tokens")).json()
        assert report["tokens"][0]["expires_at"] == 0
        assert (await web.delete("/_control")).json()["received"] == []
