"""What a response means: error rules, default rules, when to try again, and a message to show."""

from __future__ import annotations

import base64
import html
import json
import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, quote_plus

import orjson

from automations.expressions import ExpressionError
from automations.values import json_text
from connectors.masking import MASK
from connectors.wording import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connectors.credential import Credential
    from connectors.manifest import App, Component, ErrorKind, ErrorRule, RetryAfter

MAX_MESSAGE = 500
MAX_SHOWN = 50_000
"""Characters of an answer that a step failed by."""
MAX_WAIT = 86_400.0
"""Seconds: longer waits asked for by a vendor are cut to a day."""

_PERCENT = re.compile("%[0-9A-F]{2}")
_ADVICE: Mapping[str, str] = {
    "rate_limited": "The app allows no more calls for now.",
    "transient": "This may pass by itself.",
    "reauth": "The connection is no longer accepted: connect the account again.",
    "invalid_input": "Check this step's inputs.",
    "not_permitted": "The connected account may not do this: grant it the right or the scope.",
    "not_found": "Check the ids in this step's inputs.",
    "conflict": "It exists already or was changed meanwhile.",
    "unknown_outcome": "It is not known whether the app has done it: look there, and retry the run "
    "only if it has not.",
    "plan_limit": "The account's plan at the app does not allow this.",
    "fatal": "",
}


_DEEDS = ("answered ", "did not ")
"""What begins so is told of the app itself."""


class ComponentError(Exception):
    """A component call failed. `message` says which app, what happened and what to do.

    `retry_after` is in seconds, where the app told it; `answer` is what it failed by, for people:
    `{status, body}`, null where there was none. Never holds a secret.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        retry_after: float | None = None,
        answer: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.kind: ErrorKind = kind
        self.message = message
        self.retry_after = retry_after
        self.answer = answer


def failure(
    component: Component,
    kind: ErrorKind,
    what: str,
    retry_after: float | None = None,
    answer: Mapping[str, Any] | None = None,
) -> ComponentError:
    """The error as a sentence that begins with the app's name, and what to do behind it."""
    advice = _ADVICE[kind]
    text = what.strip().rstrip(".")
    link = " " if text.startswith(_DEEDS) else ": "
    message = f"{component.app.name}{link}{text}. {advice}".strip()
    return ComponentError(kind, message, retry_after, answer)


def shown(seen: Mapping[str, Any], secrets: Sequence[str]) -> dict[str, Any]:
    """The status and the body of an answer, without secrets; of a large body how it begins."""
    body = seen["body"]
    if body is None:
        return {"status": seen["status"], "body": None}
    text = scrub(body if isinstance(body, str) else json_text(body), secrets)
    if len(text) > MAX_SHOWN:
        body = f"{text[:MAX_SHOWN]}…"
    elif isinstance(body, str):
        body = text
    else:
        try:
            body = orjson.loads(text)
        except orjson.JSONDecodeError:  # a secret of digits was a number
            body = text
    return {"status": seen["status"], "body": body}


@dataclass(frozen=True)
class Verdict:
    """What a response that is an error means; `what` is safe to show."""

    kind: ErrorKind
    what: str
    retry_after: float | None


def judge(
    app: App,
    rules: Sequence[ErrorRule],
    scope: Mapping[str, Any],
    secrets: Sequence[str],
    *,
    once: bool = False,
) -> Verdict | None:
    """The error that a response is: by `rules`, the app's, then the defaults; None: a success.

    `scope` has status, headers (lower-case names), body and inputs. `once`: what the app may have
    done must not be asked for again.
    """
    status = int(scope["status"])
    for rule in (*rules, *app.errors):
        if _applies(rule, scope):
            if rule.kind == "ok":
                return None
            kind, message = rule.kind, _rule_message(rule, scope)
            break
    else:
        default = default_kind(status)
        if default is None:
            return None
        kind, message, rule = default, None, None
    if message is None:
        message = _vendor_message(app, scope, secrets)
    if kind == "reauth" and app.auth.type == "none":
        kind = "not_permitted"
    what = f"answered {status}"
    if message:
        what += f": {scrub(message, secrets)[:MAX_MESSAGE]}"
    after = None
    if kind in {"rate_limited", "transient"}:
        own = [rule.retry_after] if rule and rule.retry_after else []
        after = retry_after([*own, *app.retry_after], scope)
    if once and rule is None and status >= 500 and kind == "transient" and status != 503:
        # Who "is currently unable to handle the request" has done nothing (RFC 9110, 15.6.4: 503);
        # a gateway does not know what became of the request behind it.
        kind = "unknown_outcome"
    return Verdict(kind, what, after)


def default_kind(status: int) -> ErrorKind | None:
    """What a status means where no rule says otherwise (RFC 9110, 15; RFC 6585); None: success."""
    if 200 <= status < 300:
        return None
    known = {
        400: "invalid_input",
        401: "reauth",
        402: "plan_limit",
        403: "not_permitted",
        404: "not_found",
        408: "transient",
        409: "conflict",
        410: "not_found",
        412: "conflict",
        413: "invalid_input",
        415: "invalid_input",
        422: "invalid_input",
        423: "conflict",
        425: "transient",
        429: "rate_limited",
        501: "fatal",
        505: "fatal",
    }
    return cast("ErrorKind", known.get(status, "transient" if status >= 500 else "fatal"))


def _applies(rule: ErrorRule, scope: Mapping[str, Any]) -> bool:
    if rule.statuses is not None and scope["status"] not in rule.statuses:
        return False
    return rule.when is None or rule.when.find(scope) is True


def _rule_message(rule: ErrorRule, scope: Mapping[str, Any]) -> str | None:
    if rule.message is None:
        return None
    try:
        return words_of(rule.message.resolve(scope)) or None
    except ExpressionError:
        return None


def _vendor_message(app: App, scope: Mapping[str, Any], secrets: Sequence[str]) -> str:
    """What the vendor says is wrong: by the manifest, else where vendors usually say it."""

    def hide(text: str) -> str:
        return scrub(text, secrets)

    told = app.error_message.find(scope) if app.error_message is not None else None
    return words_of(told, hide) or words_of(scope["body"], hide)


def retry_after(readings: Iterable[RetryAfter], scope: Mapping[str, Any]) -> float | None:
    """Seconds until the next try, by the first reading that the response answers."""
    for reading in readings:
        if reading.header is not None:
            value = scope["headers"].get(reading.header.lower())
        else:
            value = reading.body.find(scope) if reading.body else None
        seconds = _seconds(value, reading.unit)
        if seconds is not None:
            return min(max(seconds, 0.0), MAX_WAIT)
    return None


def _seconds(value: Any, unit: str) -> float | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        if unit not in {"auto", "http_date"}:
            return None
        try:
            return parsedate_to_datetime(str(value)).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    if number != number or number in {float("inf"), float("-inf")}:
        return None
    # Vendors disagree with their own documentation: a moment is known by its size.
    if number > 1e12:
        return number / 1000 - time.time()
    if number > 1e9:
        return number - time.time()
    return number / 1000 if unit in {"milliseconds", "epoch_ms"} else number


def secrets_of(app: App, credential: Credential | None) -> list[str]:
    """What must not appear in a message: tokens, secret fields, and their usual encodings."""
    if credential is None:
        return []
    auth = app.auth
    hidden = {field.name for field in auth.fields if field.is_secret}
    of_developer = {"client_secret"}
    of_developer |= {field.name for field in auth.integration_fields if field.is_secret}
    plain = [credential.access_token, credential.refresh_token, credential.token_secret]
    plain += [value for name, value in credential.fields.items() if name in hidden]
    plain += [value for name, value in credential.integration.items() if name in of_developer]
    plain += [(credential.client or {}).get("client_secret")]
    return hidden_forms(value for value in plain if value)


def hidden_forms(values: Iterable[str]) -> list[str]:
    """Secrets as vendors write them, the longest first; what is shorter than 4 is no secret.

    As they are, escaped for JSON (also twice), HTML or a URL, in hexadecimal, or anywhere in
    base64; also with the blanks drawn together.
    """
    forms: set[str] = set()
    for value in values:
        if len(value) >= 4:
            forms |= _written(value)
    forms |= {" ".join(form.split()) for form in forms}
    return sorted((form for form in forms if len(form) >= 4), key=len, reverse=True)


def _written(text: str) -> set[str]:
    data = text.encode("utf-8", "surrogatepass")
    escaped = json.dumps(text)[1:-1]
    forms = {text, escaped, json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(escaped)[1:-1]}
    forms |= {html.escape(form) for form in forms}
    # An answer is looked through as JSON, too, in which a page's text is escaped once more.
    forms |= {json.dumps(form, ensure_ascii=pure)[1:-1] for form in forms for pure in (True, False)}
    in_urls = {quote(data, safe=""), quote(data), quote_plus(data)}
    forms |= in_urls | {_PERCENT.sub(lambda part: part[0].lower(), form) for form in in_urls}
    forms |= {data.hex(), data.hex().upper()}
    # Beside other bytes its base64 is another one, by how many thirds of a group are before it.
    # What its first and last character say of the others' bytes is left out.
    for before in range(3):
        start, end = (before * 8 + 5) // 6, (before + len(data)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            forms.add(encode(bytes(before) + data).decode()[start:end])
    return forms


def scrub(text: str, secrets: Iterable[str]) -> str:
    """The text with each secret replaced by the mask."""
    # The longest first: of one that begins with another, the rest would stay.
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text
