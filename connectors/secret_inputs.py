"""Secret inputs of definitions: once saved, they are never shown again.

Whoever reads a definition gets `inlay-secret:…` in place of each constant in an input that its
manifest marks as secret. Sent back, the placeholder means the value that was saved. It does so in
that input of that component alone, in all automations of the project: a step may be copied, moved
and renamed, an older draft saved and a version restored, and no secret is lost or led astray.
Histories of runs hold placeholders, too; the activity that calls the app reads them.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from automations.constants import has_expression
from automations.messages import Message
from connectors.masking import Path, replace_secrets
from store.encryption import DecryptionError
from store.sealed import SealedJson

if TYPE_CHECKING:
    from connectors.catalogue import Catalogue
    from connectors.manifest import Component
    from store.encryption import Keyring

PLACEHOLDER = "inlay-secret:"
"""How all placeholders begin."""

_ANY_INPUT = {"additionalProperties": {"secret": True}}
_JSON = SealedJson("")
_EXPRESSION = re.compile(
    r"\s*((Bearer|Basic|Token|Digest|ApiKey) )?\{\{((?!\{\{|\}\}).)*\}\}\s*",
    re.DOTALL | re.IGNORECASE,
)
_MEDIA_TYPE = re.compile(
    r"(application|audio|image|multipart|text|video|\*)/[\w.+*-]{1,60}(; ?charset=[\w-]{1,20})?"
)
_FIELD = re.compile(r"""\[\s*(["'])[\w .-]{1,64}\1\s*\]""")


class SecretElsewhere(ValueError):
    """Placeholders that stand for nothing where they are; `places` says where that is."""

    def __init__(self, places: list[str]) -> None:
        self.message = Message("secret-elsewhere")
        super().__init__(self.message)
        self.places = places


class SecretInputs:
    """Takes secrets out of definitions and puts them in again."""

    def __init__(self, catalogue: Catalogue, keyring: Keyring) -> None:
        self.catalogue = catalogue
        self._keyring = keyring

    def for_people(self, project_id: str, definition: Any) -> Any:
        """A copy of a stored definition with placeholders for its secrets.

        All inputs of a component that is not here count as secret. An expression that only reads is
        shown: it says where a secret is, and not which. So are the fields of maps.
        """

        def of_inputs(key: str, _place: str, inputs: Any) -> Any:
            schema, bound = self._described(key)

            def replace(path: Path, value: Any) -> Any:
                if _is_open(value):
                    return value
                return self._placeholder(_context(project_id, bound, path), value)

            return _with_secrets(schema, inputs, replace)

        return _copy(definition, "", of_inputs, lambda _place, text: text)

    def for_history(self, project_id: str, definition: Any) -> Any:
        """A copy of a stored definition that a run can carry: what is computed stays as it is."""

        def of_inputs(key: str, _place: str, inputs: Any) -> Any:
            schema, bound = self._described(key)

            def replace(path: Path, value: Any) -> Any:
                if _is_open(value) or has_expression(value):
                    return value
                return self._placeholder(_context(project_id, bound, path), value)

            return _with_secrets(schema if bound else {}, inputs, replace)

        return _copy(definition, "", of_inputs, lambda _place, text: text)

    def of_call(self, project_id: str, component: Component, inputs: Any) -> Any:
        """The inputs of one call with its secrets.

        Raises:
            DecryptionError: a secret was saved elsewhere, or its key is gone.
        """

        def replace(path: Path, value: Any) -> Any:
            if not _is_placeholder(value):
                return value
            return self._secret(_context(project_id, component.key, path), value)

        return _with_secrets(component.input_schema, inputs, replace)

    def of_people(self, project_id: str, definition: Any) -> Any:
        """A copy of a definition that people sent, with the saved secrets for its placeholders.

        Raises:
            SecretElsewhere: some stand for nothing.
        """
        places: list[str] = []

        def refuse(place: str, text: str) -> Any:
            if _is_placeholder(text):
                places.append(place)
            return text

        def of_inputs(key: str, place: str, inputs: Any) -> Any:
            def restore(path: Path, value: Any) -> Any:
                if not _is_placeholder(value):
                    return value
                # An app that was unknown when it was read may be known by now.
                for bound in (key, ""):
                    try:
                        return self._secret(_context(project_id, bound, path), value)
                    except DecryptionError:
                        continue
                return refuse(".".join((place, *path)), value)

            return _with_values(inputs, (), restore)

        found = _copy(definition, "", of_inputs, refuse)
        if places:
            raise SecretElsewhere(places)
        return found

    def _described(self, key: str) -> tuple[Any, str]:
        """The schema of a component's inputs, and what its placeholders are bound to.

        Those of one that is not here must be good when it is back, or its name is mended.
        """
        found = self.catalogue.component(key) or self.catalogue.trigger(key)
        return (found.input_schema, key) if found else (_ANY_INPUT, "")

    def _placeholder(self, context: bytes, value: Any) -> str:
        token = self._keyring.token(_JSON.dump(value), context)
        return PLACEHOLDER + base64.urlsafe_b64encode(token).decode()

    def _secret(self, context: bytes, placeholder: str) -> Any:
        try:
            token = base64.urlsafe_b64decode(placeholder.removeprefix(PLACEHOLDER))
        except (binascii.Error, ValueError):
            raise DecryptionError("This is no placeholder.") from None
        return _JSON.load(self._keyring.read_token(token, context))


def _is_placeholder(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(PLACEHOLDER)


def _is_open(value: Any) -> bool:
    """Whether a value of a secret input holds no secret.

    That is nothing, a media type, or one expression without a text but for names of fields, maybe
    behind the name of a scheme.
    """
    if value is None or value == "" or isinstance(value, bool):
        return True
    if not isinstance(value, str):
        return False
    if _MEDIA_TYPE.fullmatch(value):
        return True
    return _EXPRESSION.fullmatch(value) is not None and not {'"', "'"} & set(_FIELD.sub("", value))


def _context(project_id: str, component: str, path: Path) -> bytes:
    return json.dumps(["secret input", project_id, component, *path]).encode()


def _copy(
    value: Any,
    place: str,
    of_inputs: Callable[[str, str, Any], Any],
    of_text: Callable[[str, str], Any],
) -> Any:
    """A copy of a definition, whole or not, with other inputs of components, and other texts."""
    if isinstance(value, dict):
        component, inputs = value.get("component"), value.get("inputs")
        key = component if isinstance(component, str) else ""
        is_component = "component" in value and isinstance(inputs, dict)
        return {
            name: of_inputs(key, inner, item)
            if is_component and name == "inputs"
            else _copy(item, inner, of_inputs, of_text)
            for name, item in value.items()
            for inner in [f"{place}.{name}".lstrip(".")]
        }
    if isinstance(value, list):
        return [
            _copy(item, f"{place}[{index}]", of_inputs, of_text) for index, item in enumerate(value)
        ]
    return of_text(place, value) if isinstance(value, str) else value


def _with_secrets(schema: Any, inputs: Any, change: Callable[[Path, Any], Any]) -> Any:
    """A copy of inputs with other texts and numbers where they are secret; their fields stay."""
    return replace_secrets(schema, inputs, lambda path, value: _with_values(value, path, change))


def _with_values(value: Any, path: Path, change: Callable[[Path, Any], Any]) -> Any:
    """A copy of a value with others in all its fields, by the path of `replace_secrets`."""
    if isinstance(value, dict):
        return {name: _with_values(item, (*path, name), change) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_values(item, path, change) for item in value]
    return change(path, value)
