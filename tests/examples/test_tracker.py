"""Tracker speaks OAuth 2.0 as a client that knows the standard expects it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from examples.tracker.app import create_app
from examples.tracker.state import Config
from temporal.server import free_port

CALLBACK = "http://127.0.0.1:9/callback"
VERIFIER = "v" * 64


@pytest.fixture
def token_lifetime() -> int:
    """Seconds that an access token lives."""
    return 3600


@pytest.fixture
async def base_url(token_lifetime: int) -> AsyncIterator[str]:
    port = free_port()
    config = Config("inlay", "client-secret", CALLBACK, token_lifetime=token_lifetime)
    server = uvicorn.Server(
        uvicorn.Config(create_app(config), port=port, log_level="warning", lifespan="off")
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


async def authorize(
    base_url: str, *, user: str, password: str, decision: str = "allow"
) -> dict[str, list[str]]:
    """Walks sign-in and consent as a browser; gives the query of the redirect to the client."""
    async with AsyncOAuth2Client("inlay", scope="tickets:read tickets:write") as client:
        url, _ = client.create_authorization_url(
            f"{base_url}/oauth/authorize",
            redirect_uri=CALLBACK,
            state="the-state",
            code_challenge=create_s256_code_challenge(VERIFIER),
            code_challenge_method="S256",
        )
    async with httpx.AsyncClient(base_url=base_url, follow_redirects=True) as browser:
        page = await browser.get(url)
        assert "Sign in" in page.text
        # Who tries it need not look for somebody to be.
        assert "<li>ada, analytical-engine</li>" in page.text
        query = urlsplit(url).query
        page = await browser.post(
            f"/oauth/sign-in?{query}", data={"user": user, "password": password}
        )
        page.raise_for_status()
        assert "Create tickets and comments" in page.text
        form_token = page.text.split('name="form_token" value="')[1].split('"')[0]
        answer = await browser.post(
            f"/oauth/authorize?{query}",
            data={"decision": decision, "form_token": form_token},
            follow_redirects=False,
        )
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(CALLBACK)
    return parse_qs(urlsplit(answer.headers["location"]).query)


@asynccontextmanager
async def connected(base_url: str) -> AsyncIterator[AsyncOAuth2Client]:
    answer = await authorize(base_url, user="ada", password="analytical-engine")
    assert answer["state"] == ["the-state"]
    async with AsyncOAuth2Client(
        "inlay", "client-secret", redirect_uri=CALLBACK, base_url=base_url, leeway=0
    ) as client:
        await client.fetch_token(
            f"{base_url}/oauth/token", code=answer["code"][0], code_verifier=VERIFIER
        )
        yield client


async def test_a_connected_client_acts_as_the_user(base_url: str) -> None:
    async with connected(base_url) as client:
        assert (await client.get("/api/me")).json()["id"] == "ada"
        created = await client.post("/api/tickets", json={"title": "The engine hums"})
        assert created.status_code == 201
        ticket = created.json()
        comment = await client.post(f"/api/tickets/{ticket['id']}/comments", json={"text": "Still"})
        assert comment.json()["author"] == "ada"
        listed = (await client.get("/api/tickets")).json()["tickets"]
        assert [item["title"] for item in listed] == ["The engine hums"]


async def test_a_ticket_belongs_to_a_project_and_one_of_its_members(base_url: str) -> None:
    async with connected(base_url) as client:
        found = (await client.get("/api/projects", params={"search": "comp"})).json()["projects"]
        assert [project["id"] for project in found] == ["COM"]
        members = (await client.get("/api/projects/COM/members")).json()["members"]
        assert [member["id"] for member in members] == ["ada", "grace"]
        new = {"title": "It does not compile", "project": "COM", "assignee": "grace"}
        ticket = (await client.post("/api/tickets", json=new)).json()
        assert (ticket["project"], ticket["assignee"]) == ("COM", "grace")
        for wrong in ({"project": "NONE"}, {"project": "ENG"}, {"project": None}):
            assert (await client.post("/api/tickets", json={**new, **wrong})).status_code == 422
        assert (await client.get("/api/projects/NONE/members")).status_code == 404


async def test_what_was_not_allowed_is_refused(base_url: str) -> None:
    async with connected(base_url) as client:
        answer = await client.post("/api/announcements", json={"text": "Hello"})
    assert answer.status_code == 403
    assert answer.json()["error"] == "insufficient_scope"


async def test_an_idempotency_key_creates_once(base_url: str) -> None:
    key = {"Idempotency-Key": "run/step"}
    async with connected(base_url) as client:
        answers = [
            await client.post("/api/tickets", json={"title": "Once"}, headers=key) for _ in range(2)
        ]
        assert answers[0].json() == answers[1].json()
        assert len((await client.get("/api/tickets")).json()["tickets"]) == 1
        other = await client.post("/api/tickets", json={"title": "Other"}, headers=key)
        assert other.status_code == 422


async def test_a_refresh_token_is_good_once(base_url: str) -> None:
    async with connected(base_url) as client:
        first = client.token["refresh_token"]
        await client.refresh_token(f"{base_url}/oauth/token")
        assert client.token["refresh_token"] != first
        with pytest.raises(OAuthError, match="invalid_grant"):
            await client.refresh_token(f"{base_url}/oauth/token", refresh_token=first)


@pytest.mark.parametrize("token_lifetime", [2])
async def test_an_access_token_expires(base_url: str) -> None:
    async with connected(base_url) as client:
        token = client.token["access_token"]
        await asyncio.sleep(2.1)
        async with httpx.AsyncClient(base_url=base_url) as plain:
            answer = await plain.get("/api/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_token"


async def test_pkce_is_checked(base_url: str) -> None:
    answer = await authorize(base_url, user="ada", password="analytical-engine")
    async with AsyncOAuth2Client("inlay", "client-secret", redirect_uri=CALLBACK) as client:
        with pytest.raises(OAuthError, match="invalid_grant"):
            await client.fetch_token(
                f"{base_url}/oauth/token", code=answer["code"][0], code_verifier="w" * 64
            )


async def test_a_user_can_deny(base_url: str) -> None:
    answer = await authorize(base_url, user="grace", password="first-compiler", decision="deny")
    assert answer["error"] == ["access_denied"]
    assert answer["state"] == ["the-state"]


async def test_a_foreign_redirect_uri_is_not_followed(base_url: str) -> None:
    async with httpx.AsyncClient(base_url=base_url) as browser:
        answer = await browser.get(
            "/oauth/authorize",
            params={
                "client_id": "inlay",
                "response_type": "code",
                "redirect_uri": "http://evil.example/",
            },
        )
    assert answer.status_code == 400
