"""What an app's error answer is shown as, whatever its shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.failures import MAX_MESSAGE, judge
from connectors.manifest import App
from connectors.wording import words_of

if TYPE_CHECKING:
    from connectors.failures import Verdict

SHOP = App.model_validate({"key": "shop", "name": "Shop"})
SECRET = "sk_live_0123456789"


def verdict(status: int, body: Any, **of_app: Any) -> Verdict | None:
    app = App.model_validate({"key": "shop", "name": "Shop", **of_app})
    return judge(app, (), {"status": status, "headers": {}, "body": body, "inputs": {}}, [SECRET])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        # Rails, Django REST framework, FastAPI, JSON:API, RFC 9457, GitHub, GraphQL, SOAP, S3.
        ({"errors": {"name": ["too short"]}}, "name: too short"),
        ({"name": ["too short", "taken"]}, "name: too short; taken"),
        (
            {"detail": [{"loc": ["body", "age"], "msg": "field required", "type": "missing"}]},
            "body.age: field required",
        ),
        (
            {
                "errors": [
                    {"source": {"pointer": "/data/name"}, "title": "Invalid", "status": "422"}
                ]
            },
            "/data/name: Invalid",
        ),
        (
            {
                "title": "Bad input",
                "detail": "Two faults",
                "errors": [{"field": "a", "message": "x"}],
            },
            "Two faults: a: x",
        ),
        (
            {"message": "Validation Failed", "errors": [{"field": "title", "code": "missing"}]},
            "Validation Failed: field: title; code: missing",
        ),
        ({"errors": [{"message": "Unknown field", "path": ["me", 0]}]}, "me.0: Unknown field"),
        ({"Fault": {"faultstring": "no such method"}}, "no such method"),
        (
            "<?xml version='1.0'?><Error><Code>NoSuchBucket</Code>"
            "<Message><![CDATA[none]]></Message></Error>",
            "NoSuchBucket none",
        ),
        # What no convention names.
        ({"errors": 7}, "errors: 7"),
        ({"error": {"code": 12}}, "code: 12"),
        ({"errors": "all wrong"}, "errors: all wrong"),
        ({"error": True, "message": {"en": "no", "tr": "olmaz"}}, "en: no; tr: olmaz"),
        ({"ErrorMessage": "no"}, "no"),
        (["first", {"message": "second"}, None, 3, 1.5], "first; second; 3; 1.5"),
        ([[["deep"]]], "deep"),
        ("  two\n lines ", "two lines"),
        (
            "<!doctype html><html><head><title>502 Bad Gateway</title><style>p{}</style><body>"
            "<h1>502 Bad Gateway</h1><script>var a;</script><p>nginx",
            "502 Bad Gateway",
        ),
        ("<html><body><h1>Not here</h1><p>Go away", "Not here Go away"),
        (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
            "<faultcode>s:Client</faultcode><faultstring>No such order</faultstring>"
            "<detail><trace>at a.b.c(X.java:1)</trace></detail></s:Fault></s:Body></s:Envelope>",
            "No such order",
        ),
        (
            "<env:Fault><env:Code><env:Value>env:Sender</env:Value></env:Code><env:Reason>"
            '<env:Text xml:lang="en">No such order</env:Text></env:Reason></env:Fault>',
            "No such order",
        ),
        (
            {"title": "Not valid.", "invalid-params": [{"name": "age", "reason": "not positive"}]},
            "Not valid: age: not positive",
        ),
        ({"errorMessages": ["No such issue"], "errors": {}}, "No such issue"),
        ({"data": None, "errors": [{"message": "Unknown field"}]}, "Unknown field"),
        (
            {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": ["too short"]}}}}}}}},
            "a: b: c: d: e: f: too short",
        ),
        ({"contentType": "image/png", "base64": "AAAA"}, ""),
        ({}, ""),
        ([], ""),
        ("", ""),
        (None, ""),
        (False, ""),
        (12345678901234567890123, "12345678901234567890123"),
    ],
)
def test_the_vendors_words_are_found_whatever_the_shape(body: Any, words: str) -> None:
    assert words_of(body) == words


def test_words_are_found_however_deep_they_lie_and_however_long_the_names_around_them() -> None:
    body: Any = {"message": "too short"}
    for _ in range(60):
        body = {"x" * 200: [body]}
    assert words_of(body)[:MAX_MESSAGE].endswith(": too short")
    # What branches without end is not read to its end.
    for _ in range(60):
        body = [body, 1]
    wide: Any = "x"
    for _ in range(60):
        wide = [wide] * 10
    assert words_of(wide) == "x"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((400, "invalid_input"), (404, "not_found"), (409, "conflict"), (418, "fatal")),
        *((422, "invalid_input"), (423, "conflict"), (451, "fatal"), (499, "fatal")),
        *((408, "transient"), (425, "transient"), (429, "rate_limited"), (503, "transient")),
    ],
)
def test_the_status_says_whether_it_is_tried_again(status: int, kind: str) -> None:
    found = verdict(status, {"errors": {"name": ["too short"]}})
    assert found is not None
    assert (found.kind, found.what) == (kind, f"answered {status}: name: too short")


def test_a_message_that_a_manifest_takes_from_an_answer_is_words_too() -> None:
    found = verdict(422, {"why": {"name": ["too short"]}}, error_message="body.why")
    assert found is not None
    assert found.what == "answered 422: name: too short"
    rules = [{"statuses": [422], "kind": "conflict", "message": "{{ body.why }}"}]
    ruled = verdict(422, {"why": [None, True, {"a": 1.0}]}, errors=rules)
    assert ruled is not None
    assert ruled.what == "answered 422: a: 1"


@pytest.mark.parametrize(
    "body",
    [
        " " * 19_990 + SECRET,
        {"errors": {"name": [" " * 19_990 + SECRET]}},
        "<p>" + " " * 19_987 + SECRET,
    ],
)
def test_a_secret_is_not_cut_in_two_and_shown(body: Any) -> None:
    found = verdict(400, body)
    assert found is not None
    assert "sk_" not in found.what


_TEXTS = st.text() | st.text("<![-?/>CDATA a&;\"'=").map("<!".__add__)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("errors"), inner),
)


@given(_VALUES)
@settings(max_examples=200, deadline=None)
def test_no_answer_makes_reading_it_fail(body: Any) -> None:
    found = verdict(422, body)
    assert found is not None
    assert found.kind == "invalid_input"
    assert len(found.what) <= MAX_MESSAGE + len("answered 422: ")
