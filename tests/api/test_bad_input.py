"""Input that no honest program sends: a clear error, never a 5xx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from api.guard import MAX_BODY_BYTES
from automations.bounds import MAX_DEPTH
from tests.api.conftest import GREETING, Rest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from tests.api.conftest import Workshop


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """PostgreSQL alone: it refuses more than SQLite does."""
    return postgres_url


JSON = {"content-type": "application/json"}


async def post(workshop: Workshop, path: str, content: Any, **headers: str) -> httpx.Response:
    return await workshop.application.http.post(
        path,
        content=content,
        headers={"authorization": f"Bearer {workshop.application.bearer}", **JSON, **headers},
    )


def nested(levels: int) -> bytes:
    return b'{"data": ' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"data": NaN}',
        b'{"data": {"a": Infinity}}',
        b'{"data": {"a": "\xff"}}',
        b'{"data": {"a": "\\ud800"}}',
        b'{"data": {"a": "\\u0000"}}',
        b'{"data": {"\\u0000": 1}}',
        nested(MAX_DEPTH + 1),
        nested(100_000),
        b"null",
        b'"text"',
    ],
    ids=lambda content: repr(content[:30]),
)
async def test_what_is_no_proper_json_answers_1(workshop: Workshop, content: bytes) -> None:
    automation = await workshop.automation(GREETING)
    answer = await post(workshop, workshop.run_path(automation), content)
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == 1
    assert answer.json()["details"]


async def test_deep_but_allowed_nesting_and_escaped_backslashes_pass(workshop: Workshop) -> None:
    automation = await workshop.automation({"trigger": {"type": "manual"}, "steps": []})
    deep = b'{"data": {"a": ' + b"[" * (MAX_DEPTH - 2) + b"]" * (MAX_DEPTH - 2) + b"}}"
    for content in (deep, b'{"data": {"a": "\\\\u0000 {{{{ [[[["}}'):
        answer = await post(workshop, workshop.run_path(automation), content)
        assert answer.status_code == 503, answer.text


async def test_a_byte_order_mark_a_charset_and_a_long_number_pass(workshop: Workshop) -> None:
    automation = await workshop.automation({"trigger": {"type": "manual"}, "steps": []})
    path = workshop.run_path(automation)
    for content, kind in (
        (b'\xef\xbb\xbf{"data": {}}', "application/json"),
        ('{"data": {"a": "\u015f"}}'.encode("utf-16"), "application/json"),
        ('{"data": {"a": "\u015f"}}'.encode("cp1254"), "application/json; charset=windows-1254"),
        (b'{"data": {"a": ' + b"9" * 5000 + b"}}", "application/json"),
    ):
        answer = await post(workshop, path, content, **{"content-type": kind})
        assert answer.status_code == 503, answer.text


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_another_content_type_answers_1(workshop: Workshop, kind: str) -> None:
    automation = await workshop.automation(GREETING)
    path = workshop.run_path(automation)
    answer = await post(workshop, path, b'{"data": {"name": "Ada"}}', **{"content-type": kind})
    assert (answer.status_code, answer.json()["code"]) == (400, 1)


async def test_a_body_that_is_too_large_answers_413(workshop: Workshop) -> None:
    content = b'{"data": {"name": "' + b"x" * MAX_BODY_BYTES + b'"}}'

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 65_536):
            yield content[start : start + 65_536]

    automation = await workshop.automation(GREETING)
    for body in (content, chunks()):
        answer = await post(workshop, workshop.run_path(automation), body)
        assert (answer.status_code, answer.json()["code"]) == (413, 1)
        assert str(MAX_BODY_BYTES) in answer.json()["message"]
    answer = await workshop.application.http.post("/nowhere", content=content)
    assert (answer.status_code, answer.json()["code"]) == (413, 1)


async def test_numbers_beyond_64_bits_are_not_let_in_as_other_numbers(workshop: Workshop) -> None:
    path = f"{workshop.path}/runs"
    for limit in ("9" * 30, "-1", "0", "1.5", "x", "201"):
        await workshop.application.refused(1, "GET", path, limit=limit)
    number = "9" * 30
    await workshop.application.refused(1, "GET", f"{workshop.path}/automations/x/versions/{number}")


@pytest.mark.parametrize(
    ("path", "cursor"),
    [
        ("runs", "x"),
        ("runs", "99999999999999999999:a"),
        ("runs", "²:a"),
        ("automations/{automation}/versions", "x"),
        ("automations/{automation}/versions", "²"),
        ("runs/{run}/steps", "x"),
        ("runs/{run}/steps", "eyJhIjoxfQ"),
        ("runs/{run}/steps", "WzEsMiwzXQ"),
    ],
)
async def test_a_cursor_of_ones_own_making_answers_1(
    workshop: Workshop, run: str, path: str, cursor: str
) -> None:
    automation = await workshop.automation(GREETING)
    url = f"{workshop.path}/{path.format(automation=automation, run=run)}"
    error = await workshop.application.refused(1, "GET", url, cursor=cursor)
    assert error["details"][0]["path"] == "cursor"


async def test_nul_in_a_url_answers_1(workshop: Workshop) -> None:
    for path in ("automations/%00", "runs?search=%00", "users?cursor=a%00b"):
        await workshop.application.refused(1, "GET", f"{workshop.path}/{path}")


async def test_unknown_routes_and_methods_have_the_one_shape(visitor: Rest) -> None:
    await visitor.refused(404, "GET", "/nowhere")
    await visitor.refused(404, "GET", "/api/v1/nowhere")
    await visitor.refused(405, "DELETE", "/api/v1/accounts")
    answer = await visitor.call("PUT", "/api/v1/accounts")
    assert answer.headers["allow"] == "POST"


async def test_every_answer_carries_the_security_headers(visitor: Rest) -> None:
    for path in ("/healthz", "/readyz", "/nowhere", "/api/v1/account", "/openapi.json", "/docs"):
        headers = (await visitor.call("GET", path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("params", [{}, {"state": "x"}, {"state": "x", "code": "<script>"}])
async def test_an_authorization_that_was_not_begun_here_shows_a_page(
    visitor: Rest, params: dict[str, str]
) -> None:
    answer = await visitor.call("GET", "/api/v1/oauth/callback", **params)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script>" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_what_an_app_says_is_escaped_on_the_page(workshop: Workshop) -> None:
    await workshop.integrate("google-calendar")
    path = "/api/v1/ipaas/users/user-1/connections/google-calendar"
    link = await workshop.application.expect(200, "POST", path)
    answer = await workshop.application.call("POST", link)
    state = answer.headers["location"].partition("state=")[2].partition("&")[0]
    answer = await workshop.application.http.get(
        f"/api/v1/oauth/callback?state={state}&error=<img src=x onerror=alert(1)>"
    )
    assert answer.status_code == 400
    assert "<img" not in answer.text


@pytest.mark.parametrize("token", ["x", "A" * 200, "%F0%9F", "ä"])
async def test_a_made_up_callback_url_is_not_found(visitor: Rest, token: str) -> None:
    await visitor.refused(404, "POST", f"/api/v1/callbacks/{token}/step", {})
    await visitor.refused(404, "GET", f"/api/v1/callbacks/{token}/step/0")


async def test_a_refused_body_is_told_in_sentences_without_its_values(workshop: Workshop) -> None:
    body = {"name": ["hunter2"], "definition": "hunter2", "colour": "hunter2"}
    error = await workshop.developer.refused(1, "POST", f"{workshop.path}/automations", body)
    assert {fault["path"]: fault["message"] for fault in error["details"]} == {
        "name": "This must be text.",
        "definition": "This must be a map (an object of JSON).",
        "colour": "There is no field `colour` here.",
    }
    assert "hunter2" not in str(error)


async def test_a_key_without_end_is_told_by_its_beginning(workshop: Workshop) -> None:
    automation = await workshop.automation(GREETING)
    answer = await post(workshop, workshop.run_path(automation), b'{"%s": 1}' % (b"k" * 100_000))
    assert answer.status_code == 400
    assert len(answer.content) < 10_000
