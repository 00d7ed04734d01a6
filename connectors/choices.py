"""Asks an app what an input can be chosen from: one page of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automations.expressions import ExpressionError
from connectors.executor import ComponentError, calling
from connectors.failures import judge, scrub
from connectors.inputs import convert
from connectors.pagination import Pages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.client import AppClient
    from connectors.credential import Credential
    from connectors.http import OutgoingHttp
    from connectors.manifest import AppPart, ErrorKind
    from connectors.options import Options

TIMEOUT = 20.0
"""Seconds; a person waits."""
MAX_CHOICES = 1000
"""Of one page; what an app gives beyond is left out."""
MAX_TEXT = 300
"""Characters of a label or a description."""
MAX_EMPTY_PAGES = 5
"""So many pages in which nothing can be chosen are passed over."""


@dataclass(frozen=True)
class Choice:
    """A value that the input can have, and how it is told apart."""

    value: Any
    label: str
    description: str | None


@dataclass(frozen=True)
class Choices:
    """One page, and the `place` (JSON) at which the next one begins, if there is one."""

    items: list[Choice]
    place: dict[str, Any] | None


async def list_choices(
    part: AppPart,
    input_name: str,
    inputs: Mapping[str, Any],
    credential: Credential | None,
    http: OutgoingHttp,
    *,
    search: str = "",
    place: Mapping[str, Any] | None = None,
) -> Choices:
    """What the input of a component or a trigger can be chosen from.

    The app must tell it (`App.options_of`), and `inputs` must have all that it depends on; `place`
    is that of an earlier page of the same list. Raises `ComponentError`.
    """
    options = part.app.options_of(part, input_name)
    assert options is not None  # noqa: S101 - the caller asks only for what there is
    schemas = part.input_schema["properties"]
    known = {name: convert(schemas[name], inputs[name]) for name in options.depends_on}
    schema = schemas[input_name]
    asking = _Asking(options, known, schema.get("items", schema))

    def failed(kind: ErrorKind, what: str) -> ComponentError:
        return _failure(options, kind, what)

    async with calling(part.app, credential, http, TIMEOUT, failed) as client:
        return await asking.run(client, search, place)


@dataclass(frozen=True)
class _Asking:
    """One list that is asked for; `schema` is that of what is chosen."""

    options: Options
    inputs: Mapping[str, Any]
    schema: Any

    async def run(self, client: AppClient, search: str, place: Mapping[str, Any] | None) -> Choices:
        """Reads the page, and further ones while there is nothing in them."""
        rules = self.options.pagination
        pages = Pages(rules, self.inputs) if rules else None
        if pages is not None and place is not None:
            pages.resume(place)
        scope = {**client.scope, "inputs": self.inputs, "search": search or None}
        for _ in range(MAX_EMPTY_PAGES):
            response, seen = await client.exchange(
                self.options.request,
                scope,
                headers={},
                page=pages.query if pages else None,
                page_url=pages.url if pages else None,
            )
            if pages is not None and pages.is_over(seen["status"]):
                return Choices([], None)
            verdict = judge(self.options.app, (), seen, client.secrets)
            if verdict is not None:
                raise _failure(self.options, verdict.kind, verdict.what, verdict.retry_after)
            more = False
            if pages is not None:
                before = len(pages.records)
                more = pages.take(seen, response.url)
                seen = {**seen, "records": pages.records[before:]}
            try:
                items = self._choices(seen)
            except ExpressionError as error:
                what = f"the answer has not the form that is expected ({error})"
                raise _failure(self.options, "fatal", scrub(what, client.secrets)) from None
            if items or not more:
                break
        return Choices(items, pages.place if pages and more else None)

    def _choices(self, seen: Mapping[str, Any]) -> list[Choice]:
        expression = self.options.items
        found = seen["records"] if expression is None else expression.evaluate(seen)
        if not isinstance(found, list):
            raise ExpressionError("it holds no list")
        choices: dict[str, Choice] = {}
        for item in found[:MAX_CHOICES]:
            choice = self._choice(item)
            if choice is not None:
                # One value is one choice, however often the app tells it.
                choices.setdefault(json.dumps(choice.value, sort_keys=True), choice)
        return list(choices.values())

    def _choice(self, item: Any) -> Choice | None:
        scope = {"item": item, "inputs": self.inputs}
        value = convert(self.schema, self.options.value.resolve(scope))
        if value is None:
            return None
        told = self.options.description.resolve(scope) if self.options.description else None
        label = _text(self.options.label.resolve(scope)) or _text(value)
        return Choice(value, label, _text(told) or None)


def _text(value: Any) -> str:
    text = "" if value is None else str(convert({"type": "string"}, value))
    return text[:MAX_TEXT]


def _failure(
    options: Options, kind: ErrorKind, what: str, retry_after: float | None = None
) -> ComponentError:
    """The error with the app's and the list's name in front."""
    text = what.strip().rstrip(".")
    return ComponentError(kind, f"{options.app.name}, {options.name}: {text}.", retry_after)
