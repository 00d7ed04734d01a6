"""What inputs can be chosen from: faults of manifests, and what is asked of an app and shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from connectors.catalogue import ManifestError, check_manifests, load_app, load_catalogue
from connectors.choices import MAX_EMPTY_PAGES, Choice, Choices, list_choices
from connectors.credential import Credential
from connectors.failures import ComponentError
from connectors.manifest import App
from tests.connectors.vendor import Answer, Arrived, Vendor, built_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from connectors.http import OutgoingHttp

TOKEN = "planted-token-4711"
KEY = Credential("api_key", {"apiKey": TOKEN})
SHOP: dict[str, Any] = {
    "key": "shop",
    "name": "Shop",
    "base_url": "https://shop.example",
    "auth": {
        "type": "api_key",
        "fields": [{"name": "apiKey", "label": "Key", "type": "password", "secret": True}],
        "apply": [{"in": "header", "name": "X-Key", "template": "{{ fields.apiKey }}"}],
    },
}
ACTION: dict[str, Any] = {
    "name": "Act",
    "input_schema": {
        "type": "object",
        "properties": {
            "site": {"type": "string"},
            "shelf": {"type": "string"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "pin": {"type": "string", "secret": True},
        },
    },
    "options": {"shelf": "shelves"},
    "request": {"path": "/act"},
}
SHELVES: dict[str, Any] = {
    "name": "Shelves",
    "depends_on": ["site"],
    "request": {"path": "/sites/{site}/shelves"},
    "items": "body.shelves",
    "value": "{{ item.id }}",
    "label": "{{ item.name }}",
}


def shop(vendor: Vendor, chosen: dict[str, str] | None = None, **options: Any) -> App:
    """The shop with one list, at the vendor of a test."""
    listed = {"shelves": {**SHELVES, **options}}
    return App.model_validate(
        {
            **SHOP,
            "base_url": vendor.url,
            "components": [
                {**ACTION, "key": "shop.act", "options": chosen or {"shelf": "shelves"}}
            ],
            "options": [{**part, "key": f"shop.{name}"} for name, part in listed.items()],
        }
    )


@pytest.fixture
def choose(http: OutgoingHttp) -> Callable[..., Any]:
    async def choose(app: App, name: str = "shelf", /, **arguments: Any) -> Choices:
        arguments.setdefault("inputs", {"site": "north"})
        inputs = arguments.pop("inputs")
        return await list_choices(app.components[0], name, inputs, KEY, http, **arguments)

    return choose


def changed(part: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**part, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("action", "options", "told"),
    [
        ({"options": {"shelv": "shelves"}}, {}, "act.yaml: options: no input is named 'shelv'"),
        ({"options": {"shelf": "racks"}}, {}, "shelf: there is no options/racks.yaml"),
        ({}, {"value": "{{ inputs.house }}"}, "shelves.yaml: reads the input 'house': name it in"),
        ({}, {"request": {"path": "/a/{house}"}}, "`depends_on` does not name 'house'"),
        (
            {},
            {"depends_on": ["site", "house"]},
            "shelf: shelves depends on 'house', which is no input",
        ),
        ({"options": {"site": "shelves"}}, {}, "site: depends on itself"),
        ({"options": {"pin": "shelves"}}, {}, "pin: the input 'pin' is secret"),
        ({}, {"depends_on": ["site", "pin"]}, "shelf: the input 'pin' is secret"),
        ({}, {"items": None}, "shelves.yaml: give `items`, `pagination`, or both"),
        ({}, {"label": None}, "shelves.yaml: label: This is needed"),
        ({}, {"label": "{{ item. }}"}, "shelves.yaml: label: "),
        ({}, {"vlaue": "x"}, "shelves.yaml: vlaue: There is no field `vlaue` here"),
    ],
)
def test_faults_name_what_is_wrong(
    tmp_path: Path, action: dict[str, Any], options: dict[str, Any], told: str
) -> None:
    write(tmp_path, changed(ACTION, **action), changed(SHELVES, **options))
    with pytest.raises(ManifestError) as caught:
        load_app(tmp_path / "shop")
    assert told in re.sub(r"\.yaml:\d+: ", ".yaml: ", str(caught.value))
    assert str(tmp_path / "shop") in str(caught.value)


def test_lists_may_not_wait_for_each_other(tmp_path: Path) -> None:
    action = changed(ACTION, options={"shelf": "shelves", "site": "sites"})
    sites = changed(SHELVES, depends_on=["shelf"], request={"path": "/sites"})
    write(tmp_path, action, SHELVES, sites=sites)
    with pytest.raises(ManifestError, match="depends on itself"):
        load_app(tmp_path / "shop")


def test_a_list_that_nobody_uses_is_doubtful(tmp_path: Path) -> None:
    write(tmp_path, changed(ACTION, options=None), SHELVES)
    doubts = check_manifests(load_catalogue([tmp_path]))
    assert "shop.shelves: no input is chosen from it" in doubts


def write(folder: Path, action: dict[str, Any], shelves: dict[str, Any], **more: Any) -> None:
    files = {"app": SHOP, "actions/act": action, "options/shelves": shelves}
    files |= {f"options/{name}": part for name, part in more.items()}
    for name, part in files.items():
        path = folder / "shop" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(part), "utf-8")


class TestOnePage:
    async def test_items_become_choices(self, vendor: Vendor, choose: Callable[..., Any]) -> None:
        items = [
            {"id": 7, "name": "Tea", "note": "left of the door"},
            {"id": 8, "name": None, "note": ""},
            {"id": None, "name": "A heading"},
            {"id": 7, "name": "Tea again", "note": None},
        ]
        vendor.answer(Answer(200, {"shelves": items}))
        app = shop(vendor, description="{{ has(item.note) ? item.note : null }}")
        found = await choose(app)
        # The input is a text, so the value is one, too.
        assert found == Choices(
            [Choice("7", "Tea", "left of the door"), Choice("8", "8", None)], None
        )
        assert (vendor.last.method, vendor.last.path) == ("GET", "/sites/north/shelves")
        assert vendor.last.headers["x-key"] == TOKEN

    async def test_a_value_becomes_one_part_of_the_address(
        self, vendor: Vendor, choose: Callable[..., Any]
    ) -> None:
        vendor.answer(Answer(200, {"shelves": []}))
        await choose(shop(vendor), inputs={"site": "a/../b?c"})
        assert vendor.last.path == "/sites/a%2F..%2Fb%3Fc/shelves"

    async def test_an_input_that_is_a_list_is_given_its_items(
        self, vendor: Vendor, choose: Callable[..., Any]
    ) -> None:
        vendor.answer(Answer(200, {"shelves": [{"id": 1, "name": "One"}]}))
        found = await choose(shop(vendor, {"tags": "shelves"}), "tags")
        assert found.items == [Choice("1", "One", None)]

    async def test_what_is_searched_for_is_asked_of_the_app(
        self, vendor: Vendor, choose: Callable[..., Any]
    ) -> None:
        vendor.answer(Answer(200, {"shelves": []}))
        request = {"path": "/sites/{site}/shelves", "query": {"q": "{{ search }}"}}
        app = shop(vendor, request=request)
        assert app.options[0].is_searched
        assert not shop(vendor).options[0].is_searched
        await choose(app, search="green tea")
        assert vendor.last.query == [("q", "green tea")]
        await choose(app)
        assert vendor.last.query == []


PAGES = {"type": "cursor", "records": "body.shelves", "next": "body.next", "param": "after"}


class TestPages:
    @staticmethod
    def page(*numbers: int, then: str | None = None) -> Answer:
        shelves = [{"id": str(number), "name": f"Shelf {number}"} for number in numbers]
        return Answer(200, {"shelves": shelves, "next": then})

    async def test_one_page_at_a_time(self, vendor: Vendor, choose: Callable[..., Any]) -> None:
        app = shop(vendor, items=None, pagination=PAGES)
        vendor.answer(self.page(1, 2, then="b"), self.page(3))
        first = await choose(app)
        assert [choice.value for choice in first.items] == ["1", "2"]
        assert len(vendor.arrived) == 1
        second = await choose(app, place=first.place)
        assert [choice.label for choice in second.items] == ["Shelf 3"]
        assert vendor.last.query == [("after", "b")]
        assert second.place is None

    async def test_offsets_count_what_was_read_before(
        self, vendor: Vendor, choose: Callable[..., Any]
    ) -> None:
        rules = {"type": "offset", "records": "body.shelves", "param": "skip", "page_size": 2}
        app = shop(vendor, items=None, pagination=rules)
        vendor.answer(self.page(1, 2), self.page(3, 4), self.page(5))
        place, found = None, []
        for _ in range(3):
            choices = await choose(app, place=place)
            place = choices.place
            found += [choice.value for choice in choices.items]
        assert found == ["1", "2", "3", "4", "5"]
        assert place is None
        assert [dict(arrived.query).get("skip") for arrived in vendor.arrived] == [None, "2", "4"]

    async def test_links_are_followed_on_the_same_host(
        self, vendor: Vendor, choose: Callable[..., Any]
    ) -> None:
        rules = {"type": "link", "records": "body.shelves", "next": "body.next"}
        app = shop(vendor, items=None, pagination=rules)
        vendor.answer(self.page(1, then="/sites/north/shelves?page=2"), self.page(2))
        first = await choose(app)
        second = await choose(app, place=first.place)
        assert second.items == [Choice("2", "Shelf 2", None)]
        assert vendor.last.query == [("page", "2")]
        vendor.answer(self.page(1, then="https://elsewhere.example/"))
        with pytest.raises(ComponentError, match="on another host"):
            await choose(app)

    async def test_pages_in_which_nothing_can_be_chosen_are_passed_over(
        self, vendor: Vendor, choose: Callable[..., Any]
    ) -> None:
        kept = 'records.filter(shelf, shelf.id == "3")'
        app = shop(vendor, items=kept, pagination=PAGES)
        vendor.answer(self.page(1, then="b"), self.page(2, then="c"), self.page(3, then="d"))
        found = await choose(app)
        assert found.items == [Choice("3", "Shelf 3", None)]
        assert [arrived.query for arrived in vendor.arrived] == [
            [],
            [("after", "b")],
            [("after", "c")],
        ]

    async def test_the_patience_with_empty_pages_ends(
        self, vendor: Vendor, choose: Callable[..., Any]
    ) -> None:
        def empty(_: Arrived) -> Answer:
            return self.page(then=f"page-{len(vendor.arrived)}")

        vendor.answer(empty)
        found = await choose(shop(vendor, items=None, pagination=PAGES))
        assert found.items == []
        assert found.place is not None
        assert len(vendor.arrived) == MAX_EMPTY_PAGES

    async def test_a_page_that_names_itself_is_not_asked_for_ever(
        self, vendor: Vendor, choose: Callable[..., Any]
    ) -> None:
        app = shop(vendor, items=None, pagination=PAGES)
        vendor.answer(self.page(1, then="b"))
        first = await choose(app)
        with pytest.raises(ComponentError, match="the same next page twice"):
            await choose(app, place=first.place)


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        (Answer(401, {"message": f"{TOKEN}?"}), "reauth", "Shop, Shelves: answered 401: ••••••?."),
        (Answer(404, {"message": "no site"}), "not_found", "answered 404: no site."),
        (Answer(403, {"message": "not yours"}), "not_permitted", "not yours"),
        (Answer(503, b"<h1>Oops</h1>"), "transient", "answered 503"),
        (Answer(200, {"racks": []}), "fatal", "has not the form that is expected"),
        (Answer(200, {"shelves": {"id": 1}}), "fatal", "it holds no list"),
        (Answer(200, {"shelves": [{"id": 1}]}), "fatal", "has not the form that is expected"),
    ],
)
async def test_a_failure_says_which_list_and_shows_no_secret(
    vendor: Vendor, choose: Callable[..., Any], answer: Answer, kind: str, told: str
) -> None:
    vendor.answer(answer)
    with pytest.raises(ComponentError) as caught:
        await choose(shop(vendor))
    assert caught.value.kind == kind
    assert told in caught.value.message
    assert TOKEN not in caught.value.message


class TestBuiltIn:
    """What arrives at the vendors is what their pages ask for."""

    async def ask(
        self, app: App, key: str, name: str, http: OutgoingHttp, **inputs: Any
    ) -> list[Choice]:
        listed = app.parts
        parts = {part.key: part for part in listed}
        credential = Credential(
            "oauth2", {"accountSid": "AC" + "0a" * 16, "authToken": "t"}, access_token="token"
        )
        search = inputs.pop("search", "")
        found = await list_choices(
            parts[f"{app.key}.{key}"], name, inputs, credential, http, search=search
        )
        return found.items

    async def test_google_calendars(self, vendor: Vendor, http: OutgoingHttp) -> None:
        app = built_in("google-calendar", vendor.url)
        own = {"id": "ada@a.example", "summary": "ada@a.example", "primary": True}
        named = {"id": "x@group.example", "summary": "X", "summaryOverride": "Our holidays"}
        vendor.answer(Answer(200, {"items": [own, named]}))
        assert await self.ask(app, "create-event", "calendarId", http) == [
            Choice("ada@a.example", "ada@a.example", "ada@a.example"),
            Choice("x@group.example", "Our holidays", "x@group.example"),
        ]
        assert vendor.last.path == "/users/me/calendarList"
        assert dict(vendor.last.query) == {"minAccessRole": "writer", "maxResults": "250"}
        await self.ask(app, "find-free-busy", "calendarIds", http)
        assert "minAccessRole" not in dict(vendor.last.query)

    async def test_slacks_channels(self, vendor: Vendor, http: OutgoingHttp) -> None:
        channels = [{"id": "C1", "name": "general", "purpose": {"value": "All"}}]
        vendor.answer(
            Answer(200, {"ok": True, "channels": [], "response_metadata": {"next_cursor": "b"}}),
            Answer(200, {"ok": True, "channels": channels}),
        )
        app = built_in("slack", vendor.url)
        found = await self.ask(app, "message", "channel", http)
        assert found == [Choice("C1", "#general", "All")]
        assert dict(vendor.last.query)["types"] == "public_channel"
        vendor.answer(Answer(200, {"ok": False, "error": "missing_scope"}))
        with pytest.raises(ComponentError) as caught:
            await self.ask(app, "message", "channel", http)
        assert caught.value.kind == "not_permitted"

    async def test_asanas_projects_of_a_workspace(self, vendor: Vendor, http: OutgoingHttp) -> None:
        app = built_in("asana", vendor.url)
        vendor.answer(Answer(200, {"data": [{"gid": "12", "name": "Launch"}]}))
        found = await self.ask(app, "task-changed", "project", http, workspace="1", search="La")
        assert found == [Choice("12", "Launch", None)]
        assert vendor.last.path == "/workspaces/1/typeahead"
        asked = {"resource_type": "project", "query": "La", "count": "100"}
        assert dict(vendor.last.query) == asked
        await self.ask(app, "create-task", "workspace", http)
        assert vendor.last.path == "/workspaces"

    async def test_githubs_repositories_labels_and_milestones(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        app = built_in("github", vendor.url)
        vendor.answer(Answer(200, [{"owner": {"login": "octo"}}, {"owner": {"login": "octo"}}]))
        assert await self.ask(app, "push", "owner", http) == [Choice("octo", "octo", None)]
        vendor.answer(Answer(200, {"items": [{"name": "shop", "description": None}]}))
        found = await self.ask(app, "push", "repo", http, owner="octo", search="sh")
        assert found == [Choice("shop", "shop", None)]
        assert dict(vendor.last.query)["q"] == "sh in:name user:octo fork:true"
        vendor.answer(Answer(200, [{"number": 3, "title": "First", "description": ""}]))
        found = await self.ask(app, "create-issue", "milestone", http, owner="octo", repo="shop")
        assert found == [Choice(3, "First", None)]
        assert vendor.last.path == "/repos/octo/shop/milestones"

    async def test_outlooks_folders_and_twilios_numbers(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        outlook = built_in("microsoft-outlook", vendor.url)
        vendor.answer(Answer(200, {"value": [{"id": "AAM=", "displayName": "Invoices"}]}))
        found = await self.ask(outlook, "mail-received", "folder", http)
        assert found == [Choice("AAM=", "Invoices", None)]
        assert dict(vendor.last.query) == {"$select": "id,displayName", "$top": "100"}
        twilio = built_in("twilio", vendor.url)
        sid = "PN" + "0b" * 16
        number = {"sid": sid, "phone_number": "+15551234567", "friendly_name": "Shop"}
        vendor.answer(Answer(200, {"incoming_phone_numbers": [number], "next_page_uri": None}))
        found = await self.ask(twilio, "send-message", "from", http)
        assert found == [Choice("+15551234567", "Shop", "+15551234567")]
        found = await self.ask(twilio, "incoming-message", "phoneNumberSid", http)
        assert found == [Choice(sid, "Shop", "+15551234567")]

    async def test_cubicls_clients(self, vendor: Vendor, http: OutgoingHttp) -> None:
        app = built_in("cubicl", vendor.url)
        credential = Credential("api_key", {"accessToken": "t"})
        vendor.answer(Answer(200, [{"_id": "c1", "name": "Acme"}]))
        part = next(one for one in app.components if one.key == "cubicl.list-tasks")
        found = await list_choices(part, "customer", {}, credential, http, search="ac")
        assert found.items == [Choice("c1", "Acme", None)]
        assert dict(vendor.last.query) == {"name": "ac", "limit": "100"}
