"""What people read of an app in other languages: `<language>.yaml` beside its `app.yaml`.

A translation has the keys of the manifest's files down to the texts, and nothing but texts:
`description`, `auth` with the fields of its forms by name, `actions` and `triggers` by the names of
their files. What it leaves out stays as the manifest has it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.auth import CredentialField
    from connectors.manifest import App, AppPart

Place = tuple[str, ...]
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
"""A language as files are called after it: a tag of BCP 47."""


class Unfit(Exception):
    """Something in a translation does not belong there; `place` leads to it."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


def translated(app: App, document: Mapping[str, Any]) -> App:
    """The app with the texts of a translation; raises `Unfit`."""
    texts = dict(_leaves(document, ()))
    reading = _Translation(texts)
    found = reading.app(app)
    for place in texts:
        if place not in reading.known:
            raise Unfit(place, "the app has no such text")
    return found


def texts_of(app: App) -> dict[Place, str]:
    """All texts of an app that can be translated, by their places."""
    reading = _Translation({})
    reading.app(app)
    return reading.known


def _leaves(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _leaves(part, (*place, str(name)))
    elif isinstance(value, str) and value.strip():
        yield place, value
    else:
        raise Unfit(place, "this must be a text")


class _Translation:
    """Goes through the texts of an app, and puts others in their places."""

    def __init__(self, texts: Mapping[Place, str]) -> None:
        self._texts = texts
        self.known: dict[Place, str] = {}

    def app(self, app: App) -> App:
        auth = self._model(app.auth, ("auth",), ("desc",))
        forms = {
            form: [self._field(field, ("auth", form, field.name)) for field in getattr(auth, form)]
            for form in ("fields", "integration_fields")
        }
        found: App = self._model(app, (), ("description",))
        return found.model_copy(
            update={
                "auth": auth.model_copy(update=forms),
                "components": self._parts(app.components, "actions"),
                "triggers": self._parts(app.triggers, "triggers"),
            }
        )

    def _model(self, model: Any, place: Place, names: Sequence[str]) -> Any:
        """A model with other texts in some of its fields."""
        texts = {name: self._text((*place, name), getattr(model, name)) for name in names}
        return model.model_copy(update=texts)

    def _text(self, place: Place, text: str) -> str:
        if text:
            self.known[place] = text
        return self._texts.get(place, text)

    def _field(self, field: CredentialField, place: Place) -> CredentialField:
        found: CredentialField = self._model(field, place, ("label", "desc"))
        if not field.options:
            return found
        options = [
            option.model_copy(
                update={"label": self._text((*place, "options", option.value), option.label)}
            )
            for option in field.options
        ]
        return found.model_copy(update={"options": options})

    def _parts(self, parts: Sequence[AppPart], folder: str) -> list[AppPart]:
        return [self._part(part, (folder, part.key.partition(".")[2])) for part in parts]

    def _part(self, part: AppPart, place: Place) -> AppPart:
        found: AppPart = self._model(part, place, ("name", "description"))
        schemas = {
            name: self._schema(getattr(part, name), (*place, name))
            for name in ("input_schema", "output_schema")
        }
        return found.model_copy(update=schemas)

    def _schema(self, schema: Any, place: Place) -> Any:
        if not isinstance(schema, dict):
            return schema
        found = dict(schema)
        for name in ("title", "description"):
            if isinstance(schema.get(name), str):
                found[name] = self._text((*place, name), schema[name])
        for name in ("items", "additionalProperties"):
            if name in schema:
                found[name] = self._schema(schema[name], (*place, name))
        for name in ("properties", "$defs"):
            if isinstance(parts := schema.get(name), dict):
                found[name] = {
                    key: self._schema(part, (*place, name, key)) for key, part in parts.items()
                }
        for name in ("allOf", "anyOf", "oneOf"):
            if isinstance(choices := schema.get(name), list):
                found[name] = [
                    self._schema(choice, (*place, name, str(number)))
                    for number, choice in enumerate(choices)
                ]
        return found
