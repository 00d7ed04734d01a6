"""What Inlay promises of secret inputs: once saved they are shown to nobody, and none is lost."""

from __future__ import annotations

import html
import json
import secrets
from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from api.errors import MAX_TOLD
from connectors.catalogue import load_catalogue
from connectors.failures import hidden_forms, scrub
from connectors.masking import MASK, mask, mask_same, secrets_in
from connectors.secret_inputs import PLACEHOLDER, SecretElsewhere, SecretInputs
from store.encryption import KEY_BYTES, DecryptionError, Keyring
from store.models import Automation

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.database import Database
    from tests.api.conftest import Workshop

SECRET = "planted-signing-key"
KEY = {"type": "string", "format": "password"}
NO_AUTH = {"type": "none"}
OPENS = {
    "type": "object",
    "properties": {
        "key": KEY,
        "name": {"type": "string"},
        "parts": {"items": {"properties": {"pin": {"secret": True}}}},
    },
}


def hook(secret: Any, **more: Any) -> dict[str, Any]:
    inputs = {"secret": secret, "signatureHeader": "X-Signature", **more}
    return {"trigger": {"type": "app", "component": "webhook.received", "inputs": inputs}}


class Drafts:
    """The drafts of one project, as its developer reads and saves them."""

    def __init__(self, workshop: Workshop, database: Database) -> None:
        self.rest = workshop.developer
        self.path = f"{workshop.path}/automations"
        self.database = database

    async def make(self, definition: dict[str, Any]) -> dict[str, Any]:
        body = {"name": "Hook", "definition": {"steps": [], **definition}}
        made: dict[str, Any] = await self.rest.expect(201, "POST", self.path, body)
        return made

    async def save(self, made: dict[str, Any], definition: dict[str, Any]) -> dict[str, Any]:
        body = {"definition": {"steps": [], **definition}, "revision": made["revision"]}
        saved: dict[str, Any] = await self.rest.expect(
            200, "PATCH", f"{self.path}/{made['id']}", body
        )
        return saved

    async def stored(self, made: dict[str, Any]) -> Any:
        """The secret that a run of the draft would use."""
        async with self.database() as session:
            automation = await session.get_one(Automation, made["id"])
        return automation.draft["trigger"]["inputs"]["secret"]


@pytest.fixture
def drafts(workshop: Workshop, database: Database) -> Drafts:
    return Drafts(workshop, database)


def shown(made: dict[str, Any]) -> Any:
    return made["definition"]["trigger"]["inputs"]["secret"]


async def test_a_saved_secret_is_shown_by_no_route(drafts: Drafts) -> None:
    made = await drafts.make(hook(SECRET))
    path = f"{drafts.path}/{made['id']}"
    answers = [
        made,
        await drafts.rest.expect(201, "POST", f"{path}/publish"),
        await drafts.rest.expect(200, "GET", path),
        await drafts.rest.expect(200, "GET", f"{path}/versions/1"),
        await drafts.rest.expect(201, "POST", f"{path}/versions/1/rollback"),
        await drafts.save({**made, "revision": 2}, hook(SECRET)),
        await drafts.rest.expect(200, "GET", drafts.path),
        await drafts.rest.expect(200, "POST", f"{path}/validate"),
    ]
    assert SECRET not in json.dumps(answers)
    assert [shown(one) for one in answers[:6]] == [shown(made)] * 6
    assert shown(made).startswith(PLACEHOLDER)
    assert made["definition"]["trigger"]["inputs"]["signatureHeader"] == "X-Signature"


async def test_a_placeholder_that_is_saved_keeps_the_secret_and_anything_else_replaces_it(
    drafts: Drafts,
) -> None:
    made = await drafts.make(hook(SECRET))
    kept = await drafts.save(made, hook(shown(made), methods=["PUT"]))
    assert await drafts.stored(kept) == SECRET
    other = await drafts.save(kept, hook("planted-another-one"))
    assert await drafts.stored(other) == "planted-another-one"
    assert shown(other) != shown(made)
    # Undoing brings the one before back, which no draft holds any more.
    undone = await drafts.save(other, hook(shown(made)))
    assert await drafts.stored(undone) == SECRET


async def test_a_duplicate_in_the_project_keeps_the_secret(drafts: Drafts) -> None:
    made = await drafts.make(hook(SECRET))
    assert await drafts.stored(await drafts.make(made["definition"])) == SECRET


async def test_what_a_placeholder_cannot_stand_for_is_refused_with_its_place(
    drafts: Drafts, other_workshop: Workshop
) -> None:
    made = await drafts.make(hook(SECRET))
    path = f"{other_workshop.path}/automations"
    body = {"name": "Stolen", "definition": made["definition"]}
    error = await other_workshop.developer.refused(1, "POST", path, body)
    assert error["details"][0]["path"] == "trigger.inputs.secret"
    assert "Enter the secret itself" in error["message"]
    assert await drafts.rest.expect(200, "GET", f"{drafts.path}/{made['id']}") == made


async def test_of_many_placeholders_that_stand_for_nothing_some_are_told(drafts: Drafts) -> None:
    made = await drafts.make(hook(SECRET))
    body = {"definition": {"steps": [PLACEHOLDER] * 5_000}, "revision": 1}
    answer = await drafts.rest.refused(1, "PATCH", f"{drafts.path}/{made['id']}", body)
    assert 0 < len(answer["details"]) <= MAX_TOLD


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> SecretInputs:
    """Of a catalogue with an app whose action takes a secret key."""
    folder = tmp_path_factory.mktemp("apps") / "vault"
    (folder / "actions").mkdir(parents=True)
    app = {"key": "vault", "name": "Vault", "base_url": "https://vault.example", "auth": NO_AUTH}
    (folder / "app.yaml").write_text(json.dumps(app))
    action = {"name": "Open", "input_schema": OPENS, "request": {"path": "/"}}
    (folder / "actions" / "open.yaml").write_text(json.dumps(action))
    keyring = Keyring([secrets.token_bytes(KEY_BYTES)])
    return SecretInputs(load_catalogue([folder.parent]), keyring)


def opening(key: Any, *, component: str = "vault.open", **more: Any) -> dict[str, Any]:
    given = {"id": "open", "type": "app", "component": component, "inputs": {"key": key, **more}}
    return {"steps": [given]}


def key_in(definition: dict[str, Any]) -> Any:
    return definition["steps"][0]["inputs"]["key"]


def test_a_step_is_copied_moved_and_renamed_with_its_secrets(inputs: SecretInputs) -> None:
    parts = [{"name": "a", "pin": SECRET}, {"name": "b", "pin": 4711}]
    kept = opening(SECRET, parts=parts, name="{{ data.name }}")
    [seen] = inputs.for_people("p", kept)["steps"]
    assert SECRET not in json.dumps(seen)
    assert "4711" not in json.dumps(seen)
    seen["inputs"]["parts"].reverse()
    copy = {**seen, "id": "again", "name": "Another name"}
    loop = {"id": "loop", "type": "for-each", "items": "[1]", "steps": [copy]}
    [moved, first] = inputs.of_people("p", {"steps": [loop, seen]})["steps"]
    assert moved["steps"][0]["inputs"] == first["inputs"]
    assert first["inputs"] == {**kept["steps"][0]["inputs"], "parts": parts[::-1]}


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"component": "http.request", "inputs": {"url": "{}"}},
        {"component": "http.request", "inputs": {"body": {"key": "{}"}}},
        {"component": "http.request", "inputs": {"key": "{}"}},
        {"component": "webhook.received", "inputs": {"secret": "{}"}},
        {"component": "vault.open", "inputs": {"name": "{}"}},
        {"component": "vault.open", "inputs": {"parts": [{"pin": "{}"}]}},
        {"component": "lost.app", "inputs": {"key": "{}"}},
        {"values": {"key": "{}"}},
        {"name": "{}"},
    ],
)
def test_a_placeholder_gives_its_secret_to_no_other_input(
    inputs: SecretInputs, elsewhere: dict[str, Any]
) -> None:
    placeholder = key_in(inputs.for_people("p", opening(SECRET)))
    step = json.loads(json.dumps(elsewhere).replace("{}", placeholder))
    with pytest.raises(SecretElsewhere) as refused:
        inputs.of_people("p", {"steps": [step]})
    assert refused.value.places[0].startswith("steps[0].")
    with pytest.raises(SecretElsewhere):
        inputs.of_people("another project", opening(placeholder))


@pytest.mark.parametrize("forged", ["", "AAAA", "é", "A", "Aw" + "A" * 40, "\ud800"])
def test_what_stands_for_nothing_is_refused_and_never_kept_as_text(
    inputs: SecretInputs, forged: str
) -> None:
    with pytest.raises(SecretElsewhere, match="Enter the secret itself"):
        inputs.of_people("p", opening(PLACEHOLDER + forged))


@pytest.mark.parametrize(
    "value",
    [
        "{{ data.key }}",
        '{{ data["a key"] }}',
        " {{ steps.a.output.key }} ",
        "Bearer {{ data.key }}",
        "application/json; charset=utf-8",
        "*/*",
        "",
        None,
        True,
    ],
)
def test_an_expression_says_where_a_secret_is_and_is_shown(
    inputs: SecretInputs, value: Any
) -> None:
    assert inputs.for_people("p", opening(value)) == opening(value)
    assert inputs.for_history("p", opening(value)) == opening(value)


@pytest.mark.parametrize(
    "value",
    [
        f"{SECRET}-{{{{ data.id }}}}",
        f'{{{{ default(data.key, "{SECRET}") }}}}',
        f"{{{{ data.a }}}}{SECRET}{{{{ data.b }}}}",
        f"{SECRET} {{{{ data.b }}}}",
        f"text/{SECRET}/more",
        4711,
        "\ud800",
    ],
)
def test_a_secret_beside_or_inside_an_expression_is_hidden_with_it(
    inputs: SecretInputs, value: Any
) -> None:
    seen = inputs.for_people("p", opening(value))
    assert key_in(seen).startswith(PLACEHOLDER)
    assert inputs.of_people("p", seen) == opening(value)


@pytest.mark.parametrize("component", ["valt.open", "vault.opne", "vault.", "vault", "", None])
def test_inputs_of_what_is_not_here_are_hidden_and_come_back_with_it(
    inputs: SecretInputs, component: Any
) -> None:
    seen = inputs.for_people("p", opening(SECRET, component=component, name="Main"))
    assert SECRET not in json.dumps(seen)
    assert "Main" not in json.dumps(seen)
    seen["steps"][0]["component"] = "vault.open"
    assert inputs.of_people("p", seen) == opening(SECRET, name="Main")


def test_of_a_secret_map_the_names_are_shown(inputs: SecretInputs) -> None:
    headers = {"Authorization": f"Bearer {SECRET}", "Accept": "text/csv", "X-Of": "{{ data.of }}"}
    seen = inputs.for_people("p", opening(headers))
    assert key_in(seen) == {**headers, "Authorization": key_in(seen)["Authorization"]}
    assert SECRET not in json.dumps(seen)
    key_in(seen)["X-Trace"] = "new"
    assert inputs.of_people("p", seen) == opening({**headers, "X-Trace": "new"})
    key_in(seen)["X-Leaked"] = key_in(seen).pop("Authorization")
    with pytest.raises(SecretElsewhere):
        inputs.of_people("p", seen)


@pytest.mark.parametrize("value", [SECRET, 4711, {"nested": [SECRET, "{{ data.id }}"]}])
def test_a_history_holds_placeholders_that_the_call_reads(inputs: SecretInputs, value: Any) -> None:
    carried = inputs.for_history("p", {**opening(value, name="Main"), **hook(SECRET)})
    assert SECRET not in json.dumps(carried)
    [step] = carried["steps"]
    component = inputs.catalogue.component("vault.open")
    assert component is not None
    called = inputs.of_call("p", component, step["inputs"])
    assert called == {"key": value, "name": "Main"}
    with pytest.raises(DecryptionError):
        inputs.of_call("another project", component, step["inputs"])


def test_a_vendor_that_repeats_a_secret_input_has_it_masked(inputs: SecretInputs) -> None:
    texts = secrets_in(OPENS, {"key": 'a "key"\n/+é', "parts": [{"pin": 4711}], "name": "Main"})
    assert sorted(texts) == ["4711", 'a "key"\n/+é']
    hidden = hidden_forms(texts)
    for told in WAYS_OF_WRITING:
        text = told('a "key"\n/+é')
        assert scrub(f"I know {text}.", hidden) != f"I know {text}.", text


WAYS_OF_WRITING: list[Callable[[str], str]] = [
    str,
    json.dumps,
    lambda text: json.dumps({"said": json.dumps(text)}),
    html.escape,
    lambda text: json.dumps(html.escape(text)),
    lambda text: quote(text, safe=""),
    lambda text: quote(text, safe="").lower(),
    lambda text: text.encode().hex(),
    *(
        lambda text, before=before: b64encode(f"{before}{text}:x".encode()).decode()
        for before in ("", "u:", "us:", "usr:")
    ),
]


def test_of_a_secret_that_holds_another_nothing_stays() -> None:
    client, token = "planted", f"planted-{SECRET}-planted"
    # As they are put together: those of the request, then those of the connection.
    hidden = [*hidden_forms([client]), *hidden_forms([token])]
    for text in (token, quote(token, safe=""), token.encode().hex()):
        assert scrub(f"the token {text} is {client}", hidden) == f"the token {MASK} is {MASK}"


def test_a_token_is_bound_to_its_context_and_outlives_a_rotation() -> None:
    old, new = (secrets.token_bytes(KEY_BYTES) for _ in range(2))
    before, after, other = Keyring([old]), Keyring([new, old]), Keyring([new])
    token = before.token(b"words\x00", b"here")
    assert token == before.token(b"words\x00", b"here")
    assert len(token) == len(before.token(b"w", b"here"))
    assert after.read_token(token, b"here") == b"words\x00"
    for ring, context, given in (
        (before, b"there", token),
        (other, b"here", token),
        (before, b"here", token[:-1]),
        (before, b"here", b""),
        (before, b"here", before.encrypt(b"words", b"here")),
    ):
        with pytest.raises(DecryptionError):
            ring.read_token(given, context)


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"key": KEY}},
        {"properties": {"key": {"$ref": "#/$defs/key"}}, "$defs": {"key": KEY}},
        {"allOf": [{"properties": {"other": {}}}, {"$ref": "#/$defs/a"}], "$defs": {"a": {
            "properties": {"key": KEY}}}},
        {"patternProperties": {"^k": KEY}},
        {"if": {}, "then": {"properties": {"key": KEY}}},
        {"$ref": "#", "additionalProperties": KEY},
    ],
)  # fmt: skip
def test_secrets_are_found_however_a_schema_says_it(schema: dict[str, Any]) -> None:
    assert mask(schema, {"key": "planted"}) == {"key": MASK}
    items = {"prefixItems": [schema], "items": False, "$defs": schema.get("$defs")}
    if schema.get("$ref") != "#":
        assert mask(items, [{"key": "planted"}, 1]) == [{"key": MASK}, 1]


def test_what_became_a_secret_input_is_masked_in_the_data_that_it_came_from() -> None:
    schema = {"properties": {"key": KEY}}
    data = {"tenant": {"keys": ["planted", "x"]}, "name": "Shop", "on": True, "none": None}
    assert mask_same(schema, {"key": "planted", "name": "Shop"}, data) == {
        **data,
        "tenant": {"keys": [MASK, "x"]},
    }
