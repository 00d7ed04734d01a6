"""What inputs can be chosen from, as the connected account has it, and how the app is asked for it.

`options/<name>.yaml` of an app is one such list; a component or a trigger names it at an input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field, PrivateAttr, model_validator

from connectors.masking import is_secret
from connectors.pages import Pagination
from connectors.request import Part, Request
from connectors.templates import Expression, Template, compiled_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors.manifest import App


class Options(Part):
    """One list: the channels of a workspace, the projects of an account. `key` is
    `<app-key>.<name>`."""

    key: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\.[a-z0-9]+(-[a-z0-9]+)*$")
    name: str = Field(min_length=1, max_length=100)
    scopes: list[str] = Field(default_factory=list)
    """The OAuth scopes that the connection needs for it."""
    depends_on: list[str] = Field(default_factory=list)
    """The inputs that must be entered before; only these are in scope."""
    request: Request
    """Scope: `inputs`; `search`, what the person looks for, null if nothing; the connection."""
    pagination: Pagination | None = None
    items: Expression | None = None
    """The list; scope: status, headers, body, inputs, and with pagination `records`, those of one
    page, which it is if left out."""
    value: Template
    """What the input becomes, or, where it is a list, an item of it; scope: item, inputs. An item
    whose value is null is left out."""
    label: Template
    """What people see; where it is null, the value."""
    description: Template | None = None
    """What tells two of one label apart."""

    _app: App = PrivateAttr()

    @property
    def app(self) -> App:
        """The app that is asked."""
        return self._app

    @property
    def is_searched(self) -> bool:
        """Whether the app is asked for what the person looks for."""
        return any(path[0] == "search" for path in _references(self.request))

    @model_validator(mode="after")
    def _fits(self) -> Options:
        if self.items is None and self.pagination is None:
            raise ValueError("give `items`, `pagination`, or both")
        read = {path[1] for path in _references(self) if path[0] == "inputs" and path[1:]}
        if missing := sorted(read - set(self.depends_on)):
            raise ValueError(f"reads the input {missing[0]!r}: name it in `depends_on`")
        return self


def check_options(
    chosen: Mapping[str, str], input_schema: Mapping[str, Any], lists: Mapping[str, Options]
) -> None:
    """Checks what the inputs of a component or a trigger are chosen from.

    `chosen` are its `options`; `lists` are those of the app, by name. Raises ValueError.
    """
    inputs = input_schema.get("properties", {})
    for name, listed in chosen.items():
        if name not in inputs:
            raise ValueError(f"no input is named {name!r}")
        if listed not in lists:
            raise ValueError(f"{name}: there is no options/{listed}.yaml")
        needed = lists[listed].depends_on
        if missing := [one for one in needed if one not in inputs]:
            raise ValueError(f"{name}: {listed} depends on {missing[0]!r}, which is no input")
        if secret := [one for one in (name, *needed) if is_secret(inputs[one])]:
            raise ValueError(f"{name}: the input {secret[0]!r} is secret")
        if name in _needed(name, chosen, lists):
            raise ValueError(f"{name}: depends on itself")


def _needed(name: str, chosen: Mapping[str, str], lists: Mapping[str, Options]) -> set[str]:
    """All inputs that must be entered before one, also those that these depend on."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        options = lists.get(chosen.get(waiting.pop(), ""))
        new = set(options.depends_on) - found if options else set()
        found |= new
        waiting += new
    return found


def _references(part: Part) -> Iterator[tuple[str, ...]]:
    for compiled in compiled_parts(part):
        yield from compiled.references
