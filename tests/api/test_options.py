"""What inputs can be chosen from: asked of Tracker, and of a shop that a test tells its answers."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from examples.tracker.app import create_app as create_tracker
from examples.tracker.state import Config
from store.models import DEVELOPER, Connection, Notification
from temporal.server import free_port
from tests.api.conftest import make_workshop, serving
from tests.connections.person import Person, query_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI

    from settings import Settings
    from store.database import Database
    from tests.api.conftest import Workshop

CONNECTOR = Path(__file__).parents[2] / "examples" / "tracker" / "connector" / "tracker"
KEY = "planted-key-0815"
SHOP = """
key: shop
name: Shop
base_url: {url}
auth:
  type: api_key
  fields:
    - {{name: apiKey, label: Key, type: password, secret: true}}
  apply:
    - {{in: header, name: X-Key, template: "{{{{ fields.apiKey }}}}"}}
"""
ACTION = """
name: Act
input_schema:
  type: object
  properties:
    site: {type: string, default: north}
    shelf: {type: string}
    note: {type: string}
options: {shelf: shelves, site: sites}
request: {path: /act}
"""
SITES = """
name: Sites
scopes: [sites.read]
request: {path: /sites}
items: body
value: "{{ item }}"
label: "{{ item }}"
"""
SHELVES = """
name: Shelves
depends_on: [site]
request: {path: "/sites/{site}/shelves"}
pagination: {type: link, records: body.items, next: body.next}
value: "{{ item }}"
label: "Shelf {{ item }}"
"""


@dataclass
class Shop:
    """An app that gives `answer` to everything."""

    answer: tuple[int, Any] = (200, [])
    headers: dict[str, str] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)

    async def respond(self, request: Request) -> Response:
        self.paths.append(f"{request.url.path}?{request.url.query}".rstrip("?"))
        status, body = self.answer
        return JSONResponse(body, status, self.headers)


@asynccontextmanager
async def served(web: Any, port: int) -> AsyncIterator[None]:
    config = uvicorn.Config(web, port=port, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    serving_task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    yield
    server.should_exit = True
    await serving_task


@dataclass
class Stage:
    """A project with both apps, a Tracker in which tickets can be made, and the shop."""

    workshop: Workshop
    app: FastAPI
    tracker: str
    shop: Shop

    async def options(self, component: str, name: str, /, **body: Any) -> Any:
        return await self.workshop.developer.expect(
            200, "POST", f"{self.workshop.path}/options", asked(component, name, body)
        )

    async def refused(self, code: int, component: str, name: str, /, **body: Any) -> Any:
        return await self.workshop.developer.refused(
            code, "POST", f"{self.workshop.path}/options", asked(component, name, body)
        )

    async def integrate(self, app_key: str, **body: Any) -> None:
        path = f"{self.workshop.path}/integrations"
        await self.workshop.developer.expect(201, "POST", path, {"appKey": app_key, **body})

    async def connect_shop(self) -> None:
        await self.integrate("shop")
        path = f"{self.workshop.path}/developer/connections/shop"
        await self.workshop.developer.expect(
            200, "POST", path, {"connectionFields": {"apiKey": KEY}}
        )

    async def connect_tracker(self) -> None:
        """The developer signs in at Tracker and agrees, as in a browser."""
        await self.integrate("tracker", clientId="inlay", clientSecret="client-secret")
        person = Person.of(self.app.state.inlay.connections)
        url = await person.begin(self.workshop.project_id, DEVELOPER, "tracker")
        query = urlsplit(url).query
        async with httpx.AsyncClient(base_url=self.tracker, follow_redirects=True) as browser:
            await browser.get(url)
            page = await browser.post(
                f"/oauth/sign-in?{query}", data={"user": "ada", "password": "analytical-engine"}
            )
            form_token = page.text.split('name="form_token" value="')[1].split('"')[0]
            answer = await browser.post(
                f"/oauth/authorize?{query}",
                data={"decision": "allow", "form_token": form_token},
                follow_redirects=False,
            )
        await person.complete(query_of(answer.headers["location"]))

    async def make_tickets(self, *titles: str) -> None:
        state = self.app.state.inlay
        owner = (self.workshop.project_id, DEVELOPER, "tracker")
        token = (await state.connections.credential(*owner)).access_token
        async with httpx.AsyncClient(base_url=self.tracker) as http:
            for title in titles:
                answer = await http.post(
                    "/api/tickets",
                    json={"title": title},
                    headers={"authorization": f"Bearer {token}"},
                )
                assert answer.status_code == 201


def asked(component: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"component": component, "input": name, **body}


@pytest.fixture
def token_lifetime() -> int:
    return 3600


@dataclass
class Place:
    """Both apps' connectors in `folder`, and the ports at which they are expected."""

    folder: Path
    tracker: int
    shop: int


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    # One folder for all tests, since reading a catalogue takes its time.
    place = Place(tmp_path_factory.mktemp("connectors"), free_port(), free_port())
    shutil.copytree(CONNECTOR, place.folder / "tracker")
    manifest = place.folder / "tracker" / "app.yaml"
    manifest.write_text(manifest.read_text().replace("127.0.0.1:8400", at(place.tracker)))
    files = {
        "app.yaml": SHOP.format(url=f"http://{at(place.shop)}"),
        "actions/act.yaml": ACTION,
        "options/sites.yaml": SITES,
        "options/shelves.yaml": SHELVES,
    }
    for name, text in files.items():
        path = place.folder / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return place


def at(port: int) -> str:
    return f"127.0.0.1:{port}"


@pytest.fixture
async def stage(api_settings: Settings, place: Place, token_lifetime: int) -> AsyncIterator[Stage]:
    callback = api_settings.public_url.rstrip("/") + "/api/v1/oauth/callback"
    config = Config("inlay", "client-secret", callback, token_lifetime=token_lifetime)
    shop = Shop()
    web = Starlette(routes=[Route("/{rest:path}", shop.respond)])
    settings = api_settings.model_copy(update={"connector_dirs": str(place.folder)})
    async with (
        served(create_tracker(config), place.tracker),
        served(web, place.shop),
        serving(settings) as (app, http),
    ):
        yield Stage(await make_workshop(http), app, f"http://{at(place.tracker)}", shop)


async def test_what_trackers_inputs_can_be_chosen_from(stage: Stage) -> None:
    await stage.connect_tracker()
    app = await stage.workshop.developer.expect(200, "GET", "/api/v1/apps/tracker")
    options = {component["key"]: component["options"] for component in app["components"]}
    assert options["tracker.create-ticket"] == {
        "project": {"dependsOn": [], "isSearched": True, "scopes": ["tickets:read"]},
        "assignee": {"dependsOn": ["project"], "isSearched": False, "scopes": ["tickets:read"]},
    }
    assert options["tracker.list-tickets"] == {}

    found = await stage.options("tracker.create-ticket", "project")
    assert [item["label"] for item in found["items"]] == [
        "Engine",
        "Compiler",
        "Support",
        "Website",
    ]
    assert found["items"][0] == {
        "value": "ENG",
        "label": "Engine",
        "description": "The mill and the store",
    }
    assert found["nextCursor"] is None
    found = await stage.options("tracker.create-ticket", "project", search="web")
    assert [item["value"] for item in found["items"]] == ["WEB"]

    error = await stage.refused(1, "tracker.create-ticket", "assignee", inputs={"title": "T"})
    assert [fault["path"] for fault in error["details"]] == ["inputs.project"]
    found = await stage.options("tracker.create-ticket", "assignee", inputs={"project": "COM"})
    assert [item["label"] for item in found["items"]] == ["Ada Lovelace", "Grace Hopper"]
    error = await stage.refused(
        1, "tracker.create-ticket", "assignee", inputs={"project": "{{ data.project }}"}
    )
    assert "when the automation runs" in error["message"]
    error = await stage.refused(1, "tracker.create-ticket", "assignee", inputs={"project": "NONE"})
    assert (
        "Tracker, Members of the project: answered 404: there is no project NONE"
        in (error["message"])
    )
    assert [fault["path"] for fault in error["details"]] == ["inputs.project"]


async def test_the_second_page_and_the_cursor_that_leads_to_it(stage: Stage) -> None:
    await stage.connect_tracker()
    await stage.make_tickets(*(f"Ticket {number}" for number in range(1, 24)), "Broken wheel")
    first = await stage.options("tracker.add-comment", "ticketId")
    assert [item["value"] for item in first["items"]] == [f"TRK-{n}" for n in range(1, 21)]
    cursor = first["nextCursor"]
    second = await stage.options("tracker.add-comment", "ticketId", cursor=cursor)
    assert [item["label"] for item in second["items"]][-1] == "Broken wheel"
    assert second["nextCursor"] is None
    found = await stage.options("tracker.add-comment", "ticketId", search="wheel")
    assert [item["description"] for item in found["items"]] == ["TRK-24"]
    # It belongs to its question, and nobody else can write one.
    for wrong in ({"search": "wheel", "cursor": cursor}, {"cursor": cursor[:-8] + "AAAAAAAA"}):
        error = await stage.refused(1, "tracker.add-comment", "ticketId", **wrong)
        assert error["details"][0]["path"] == "cursor"
    other = await stage.refused(1, "tracker.create-ticket", "project", cursor=cursor)
    assert other["details"][0]["path"] == "cursor"
    await stage.refused(1, "tracker.add-comment", "ticketId", cursor="ö")


@pytest.mark.parametrize("token_lifetime", [1])
async def test_a_token_that_ends_is_renewed(stage: Stage, database: Database) -> None:
    await stage.connect_tracker()

    async def revision() -> int | None:
        async with database() as session:
            query = select(Connection.revision).where(Connection.app_key == "tracker")
            return await session.scalar(query)

    first = await revision()
    async with asyncio.timeout(20):
        while await revision() == first:
            assert (await stage.options("tracker.create-ticket", "project"))["items"]


async def test_what_must_be_there_first(stage: Stage) -> None:
    error = await stage.refused(1, "shop.nothing", "shelf")
    assert error["details"][0]["path"] == "component"
    for name in ("note", "nothing"):
        error = await stage.refused(1, "shop.act", name)
        assert error["details"][0]["path"] == "input"
    error = await stage.refused(600, "shop.act", "shelf")
    assert error["details"] == ["shop"]
    await stage.integrate("shop")
    error = await stage.refused(209, "shop.act", "shelf")
    assert "Connect your own Shop account" in error["message"]
    assert stage.shop.paths == []


async def test_a_default_counts_as_entered_and_links_stay_hidden(stage: Stage) -> None:
    await stage.connect_shop()
    stage.shop.answer = (200, {"items": ["a"], "next": "/sites/north/shelves?page=2"})
    first = await stage.options("shop.act", "shelf")
    assert first["items"] == [{"value": "a", "label": "Shelf a", "description": None}]
    assert "shelves" not in first["nextCursor"]
    stage.shop.answer = (200, {"items": ["b"]})
    second = await stage.options("shop.act", "shelf", cursor=first["nextCursor"])
    assert [item["value"] for item in second["items"]] == ["b"]
    assert stage.shop.paths == ["/sites/north/shelves", "/sites/north/shelves?page=2"]


async def test_the_apps_refusal_comes_in_its_own_words(stage: Stage) -> None:
    await stage.connect_shop()
    stage.shop.answer = (403, {"message": f"{KEY} may not"})
    error = await stage.refused(409, "shop.act", "site")
    assert error["details"] == {"kind": "not_permitted", "scopes": ["sites.read"]}
    assert "Shop, Sites: answered 403: •••••• may not" in error["message"]
    assert "needs sites.read" in error["message"]
    assert "scopes of Shop (Settings → Integrations)" in error["message"]
    stage.shop.answer = (402, {"message": "upgrade"})
    error = await stage.refused(409, "shop.act", "site")
    assert error["details"] == {"kind": "plan_limit"}
    stage.shop.answer = (200, {"no": "list"})
    error = await stage.refused(409, "shop.act", "site")
    assert error["details"] == {"kind": "fatal"}
    stage.shop.answer = (400, {"message": "what site?"})
    error = await stage.refused(1, "shop.act", "shelf", inputs={"site": "south"})
    assert [fault["path"] for fault in error["details"]] == ["inputs.site"]
    stage.shop.answer, stage.shop.headers = (429, {"message": "slowly"}), {"retry-after": "7"}
    answer = await stage.workshop.developer.call(
        "POST", f"{stage.workshop.path}/options", asked("shop.act", "site", {})
    )
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "7"
    assert "slowly. Try again." in answer.json()["message"]
    stage.shop.answer = (500, {"message": "oops"})
    error = await stage.refused(503, "shop.act", "site")
    assert "oops. Try again." in error["message"]


async def test_a_broken_connection_is_told_apart(stage: Stage, database: Database) -> None:
    await stage.connect_shop()
    stage.shop.answer = (401, {"message": "who are you?"})
    error = await stage.refused(217, "shop.act", "site")
    assert error["details"] == ["shop"]
    assert "connected again" in error["message"]
    path = f"{stage.workshop.path}/developer/connections/shop"
    assert (await stage.workshop.developer.expect(200, "GET", path))["status"] == "invalid"
    async with database() as session:
        told = list(await session.scalars(select(Notification.type)))
    assert told.count("connection.invalid") == 1
    asked_before = len(stage.shop.paths)
    await stage.refused(217, "shop.act", "site")
    assert len(stage.shop.paths) == asked_before


async def test_only_the_projects_own_people_may_ask(stage: Stage) -> None:
    stranger = await make_workshop(stage.workshop.developer.http, "bob@example.com")
    body = asked("shop.act", "site", {})
    await stranger.developer.refused(404, "POST", f"{stage.workshop.path}/options", body)
    await stranger.application.refused(900, "POST", f"{stage.workshop.path}/options", body)
    # The project's own token may, as far as there is something to ask.
    await stage.workshop.application.refused(600, "POST", f"{stage.workshop.path}/options", body)
