"""The manifest of an app: everything Inlay knows of it, as data.

An app is one folder, `connectors/apps/<app-key>/`: `app.yaml` with the app itself,
`actions/<name>.yaml` with one component each, and likewise `triggers/` and `options/`.
docs/connectors.md explains each key.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from automations.schema_bounds import bound_schema
from connectors.auth import (
    ApiKeyAuth,
    Auth,
    BasicAuth,
    CredentialField,
    NoAuth,
    OAuth2Auth,
)
from connectors.auth.places import check_places, sends_secrets
from connectors.headers import HeaderName
from connectors.options import Options, check_options
from connectors.pages import Pagination
from connectors.request import METHODS, Part, Request
from connectors.templates import Expression, Template, compiled_parts
from connectors.triggers import Source, requests_of
from connectors.urls import places, without_places

__all__ = [
    "ApiKeyAuth",
    "App",
    "AppPart",
    "Auth",
    "BasicAuth",
    "Component",
    "CredentialField",
    "ErrorKind",
    "NoAuth",
    "OAuth2Auth",
    "Options",
    "Trigger",
    "manifest_schema",
]

KEY = r"^[a-z0-9]+(-[a-z0-9]+)*$"

NAMES = (
    *("inputs", "fields", "captured", "integration", "values", "credential", "account"),
    *("status", "headers", "body", "response", "records", "truncated", "idempotency", "search"),
    *("request", "event", "fetched", "item", "cursor", "hook", "subscription", "registration"),
    *("now", "nonce"),
)
"""What templates and expressions of actions, triggers and options may name, each in its place."""

ErrorKind = Literal[
    "rate_limited",
    "transient",
    "reauth",
    "invalid_input",
    "not_permitted",
    "not_found",
    "conflict",
    "plan_limit",
    "unknown_outcome",
    "fatal",
]
"""What an error means for the run: only `rate_limited` and `transient` may pass by themselves;
`reauth` and `plan_limit` need a person, as does `unknown_outcome`, where the app may have done what
must not be done twice; the others need another input or another automation."""


IDEMPOTENT_METHODS = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}
IDEMPOTENCY_KEY = "idempotency-key"
"""The header by which apps tell a repeated call (draft-ietf-httpapi-idempotency-key-header)."""


class RateLimit(Part):
    """What the vendor allows one account, as the vendor tells it. Polling keeps to it."""

    requests: int = Field(gt=0)
    seconds: float = Field(gt=0)


class RetryAfter(Part):
    """Where a response tells when to try again."""

    header: str | None = None
    body: Expression | None = None
    """An expression over `body`."""
    unit: Literal["auto", "seconds", "milliseconds", "epoch_seconds", "epoch_ms", "http_date"] = (
        "auto"
    )
    """`auto` is what RFC 9110 (10.2.3) says of Retry-After: seconds or an HTTP date."""

    @model_validator(mode="after")
    def _one_place(self) -> RetryAfter:
        if (self.header is None) == (self.body is None):
            raise ValueError("give either `header` or `body`")
        return self


class ErrorRule(Part):
    """What a response means, if it applies. Scope of expressions: status, headers, body, inputs."""

    statuses: list[int] | None = None
    when: Expression | None = None
    """Does not apply where it cannot be evaluated (a key that is not there)."""
    kind: Literal[ErrorKind, "ok"]
    message: Template | None = None
    """Instead of the vendor's message."""
    retry_after: RetryAfter | None = None

    @model_validator(mode="after")
    def _has_condition(self) -> ErrorRule:
        if self.statuses is None and self.when is None:
            raise ValueError("give `statuses`, `when`, or both")
        return self


class AlreadyDone(Part):
    """An answer that says that an earlier try of this very call succeeded; then this is asked."""

    when: Expression
    request: Request


def _object_schema(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    try:
        # With its formats, of which one is that of a pattern.
        Draft202012Validator.check_schema(value, Draft202012Validator.FORMAT_CHECKER)
    except SchemaError as error:
        place = ".".join(str(part) for part in error.absolute_path)
        raise ValueError(
            f"no valid JSON Schema at {place or 'its root'}: {error.message}"
        ) from error
    try:
        bound_schema(value)
    except ValueError as error:
        raise ValueError(f"this JSON Schema is too much to check: {error}") from error
    return value


JsonSchema = Annotated[dict[str, Any], BeforeValidator(_object_schema)]


class AppPart(Part):
    """What a component and a trigger have in common. `key` is `<app-key>.<name>`."""

    key: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\.[a-z0-9]+(-[a-z0-9]+)*$")
    name: str = Field(min_length=1, max_length=100)
    description: str = ""
    input_schema: JsonSchema = Field(default_factory=lambda: {"type": "object", "properties": {}})
    output_schema: JsonSchema = Field(default_factory=dict)
    """Tells what to expect: a response that differs does not fail a run; `event`, of a trigger."""
    scopes: list[str] = Field(default_factory=list)
    """The OAuth scopes that a connection needs for it: the narrowest set that suffices."""
    options: dict[str, str] = Field(default_factory=dict)
    """Inputs by name, and which of the app's `options` each can be chosen from."""

    _app: App = PrivateAttr()

    @property
    def app(self) -> App:
        """The app that this belongs to."""
        return self._app

    @property
    def app_key(self) -> str:
        """The key of that app."""
        return self.key.partition(".")[0]

    @model_validator(mode="after")
    def _takes_an_object(self) -> Self:
        if self.input_schema.get("type") != "object":
            raise ValueError("input_schema: its type is object")
        return self


class Component(AppPart):
    """One action of an app."""

    type: Literal["action"] = "action"
    timeout: float = Field(30.0, gt=0, le=600)
    """Seconds for the whole call, all pages."""
    request: Request
    pagination: Pagination | None = None
    output: Template = Field(default_factory=lambda: Template("{{ response.body }}"))
    """Scope: response (status, headers, body), inputs; with pagination records and truncated."""
    errors: list[ErrorRule] = Field(default_factory=list)
    idempotency_header: HeaderName | None = None
    """The app's header that makes a repeated call happen once; filled with the call's key."""
    already_done: AlreadyDone | None = None
    idempotent: bool | None = None
    """Whether a second call does no harm where it is not known if the first arrived. Left out: by
    its method (RFC 9110, 9.2.2), or where it sends the call's key or knows `already_done`."""

    @model_validator(mode="after")
    def _requires_what_it_has(self) -> Self:
        properties = self.input_schema.get("properties", {})
        if unknown := [n for n in self.input_schema.get("required", []) if n not in properties]:
            raise ValueError(f"input_schema: required {unknown[0]!r} is no property")
        return self

    def may_be_repeated(self, method: str, headers: Iterable[str]) -> bool:
        """Whether it is tried again where it is not known if the app has done it already.

        `method` and the names of `headers` are those of the request that was sent.
        """
        if self.idempotent is not None:
            return self.idempotent
        if method in IDEMPOTENT_METHODS or self.already_done is not None:
            return True
        if self.idempotency_header is not None or IDEMPOTENCY_KEY in map(str.lower, headers):
            return True
        return any(
            path[0] == "idempotency"
            for part in compiled_parts(self.request)
            for path in part.references
        )


class Trigger(AppPart):
    """What starts an automation."""

    type: Literal["trigger"] = "trigger"
    sample: Any = None
    """An `event` as a run gets it: for tests and for the editor."""
    source: Source


class App(Part):
    """An app, its components and its triggers."""

    key: str = Field(pattern=KEY, max_length=64)
    name: str = Field(min_length=1, max_length=100)
    description: str = ""
    categories: list[str] = Field(default_factory=list)
    logo: str | None = None
    """SVG source, from `logo.svg` in the app's folder."""
    base_url: str | None = None
    """`{name}` is a field of a form, a captured or a computed value. Absent: each request has its
    own URL."""
    auth: Auth = NoAuth()
    headers: dict[HeaderName, Template] = Field(default_factory=dict)
    path_values: dict[str, Template] = Field(default_factory=dict)
    rate_limit: RateLimit | None = None
    retry_after: list[RetryAfter] = Field(
        default_factory=lambda: [RetryAfter(header="retry-after")]
    )
    error_message: Expression | None = None
    """The vendor's message in an error's `body`."""
    errors: list[ErrorRule] = Field(default_factory=list)
    """Looked at in order, after the component's and before the defaults; on 2xx, too."""
    components: list[Component] = Field(default_factory=list)
    triggers: list[Trigger] = Field(default_factory=list)
    options: list[Options] = Field(default_factory=list)

    _reads_integration: bool = PrivateAttr(default=False)
    _private_headers: frozenset[str] = PrivateAttr(default=frozenset())
    _translations: dict[str, App] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _fits(self) -> App:
        keys = [component.key for component in self.components]
        keys += [trigger.key for trigger in self.triggers]
        for trigger in self.triggers:
            if trigger.app_key != self.key:
                raise ValueError(f"{trigger.key} is not a trigger of {self.key}")
            if keys.count(trigger.key) > 1:
                raise ValueError(f"two parts have the key {trigger.key}")
        for component in self.components:
            if component.app_key != self.key:
                raise ValueError(f"{component.key} is not a component of {self.key}")
            if keys.count(component.key) > 1:
                raise ValueError(f"two components have the key {component.key}")
            for request in _requests(component):
                self._check_path(component, request)
        for trigger in self.triggers:
            for request in requests_of(trigger.source):
                self._check_path(trigger, request)
        named: list[AppPart | Options] = [*self.parts, *self.options]
        for part in named:
            for compiled in compiled_parts(part):
                _check_names(part, compiled)
        return self

    @model_validator(mode="after")
    def _options_fit(self) -> App:
        lists: dict[str, Options] = {}
        for options in self.options:
            app_key, _, name = options.key.partition(".")
            if app_key != self.key:
                raise ValueError(f"{options.key} is not of {self.key}")
            if name in lists:
                raise ValueError(f"two of its options have the key {options.key}")
            lists[name] = options
            self._check_path(options, options.request)
        for part in self.parts:
            try:
                check_options(part.options, part.input_schema, lists)
            except ValueError as error:
                raise ValueError(f"{part.key}: options: {error}") from None
        return self

    @model_validator(mode="after")
    def _base_url_fits(self) -> App:
        known = self.auth.known_places
        if missing := [name for name in places(self.base_url or "") if name not in known]:
            raise ValueError(f"base_url: no field is named {missing[0]!r}")
        if self.base_url is not None:
            told = known - {field.name for field in self.auth.fields} - set(self.auth.values)
            with_secret = sends_secrets(self.auth, self.auth.apply, self.headers)
            check_places(self.auth, [self.base_url], with_secret=with_secret, told=told)
        for step in (*self.auth.verify, *filter(None, [self.auth.on_delete])):
            filled = set(step.path_values) | set(self.path_values)
            if missing := [name for name in places(step.path or "") if name not in filled]:
                raise ValueError(f"auth: {step.path}: no path value is named {missing[0]!r}")
            if step.path is not None and self.base_url is None:
                raise ValueError(f"auth: {step.path}: a `path` needs the app's `base_url`")
        return self

    @property
    def languages(self) -> frozenset[str]:
        """The languages that there are beside the manifest's own English."""
        return frozenset(self._translations)

    def in_language(self, language: str) -> App:
        """The app as people read it in a language; in English where it has no translation."""
        return self._translations.get(language, self)

    def translate(self, language: str, app: App) -> None:
        """Takes note of the app as people read it in another language."""
        self._translations[language] = app

    @property
    def parts(self) -> list[AppPart]:
        """Its components and its triggers."""
        return [*self.components, *self.triggers]

    @property
    def private_headers(self) -> frozenset[str]:
        """Names of those of `headers` that tell something of the connection."""
        return self._private_headers

    @property
    def needs_integration(self) -> bool:
        """Whether a project must have added the app before it can be used."""
        return self.auth.type != "none" or self._reads_integration

    @property
    def reads_integration(self) -> bool:
        """Whether a request needs what the developer entered for the project."""
        return self._reads_integration

    def options_of(self, part: AppPart, input_name: str) -> Options | None:
        """What an input of a component or trigger of this app can be chosen from, if it can."""
        key = f"{self.key}.{part.options.get(input_name)}"
        return next((options for options in self.options if options.key == key), None)

    def _check_path(self, part: AppPart | Options, request: Request) -> None:
        _check_method(part, request)
        if request.path is None:
            return
        if self.base_url is None:
            raise ValueError(f"{part.key}: a `path` needs the app's `base_url`")
        if isinstance(part, Options):
            known, lack = set(part.depends_on), "`depends_on` does not name"
        else:
            known, lack = set(part.input_schema.get("properties", {})), "no input is named"
        known |= set(request.path_values) | set(self.path_values)
        if missing := [name for name in places(request.path) if name not in known]:
            raise ValueError(f"{part.key}: {request.path}: {lack} {missing[0]!r}")
        if "{" in without_places(request.path):
            raise ValueError(
                f"{part.key}: {request.path}: a place is written {{name}}, of letters and digits: "
                "the name of an input or of one of `path_values`, which takes templates"
            )

    def model_post_init(self, context: Any) -> None:
        """Ties the components to their app."""
        for part in self.parts:
            part._app = self
        for options in self.options:
            options._app = self
        of_connection = {"fields", "captured", "integration", "values", "credential"}
        self._private_headers = frozenset(
            name
            for name, part in self.headers.items()
            if of_connection & {path[0] for path in part.references}
        )
        of_developer = {field.name for field in self.auth.integration_fields}
        self._reads_integration = (
            self.auth.type == "oauth1"
            or not of_developer.isdisjoint(places(self.base_url or ""))
            or any(
                path[0] == "integration"
                for part in compiled_parts(self)
                for path in part.references
            )
        )


def _check_names(part: AppPart | Options, compiled: Template | Expression) -> None:
    """Raises ValueError for a name that nothing gives a value."""
    told = f"in {compiled.source!r}"[:200]
    for root, *rest in compiled.references:
        if root not in NAMES:
            near = get_close_matches(root, NAMES, 1)
            meant = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(NAMES)}"
            raise ValueError(f"{part.key}: there is no `{root}` {told}: {meant}")
        if root != "inputs" or isinstance(part, Options) or not rest:
            continue
        schema, name = part.input_schema, rest[0]
        known = schema.get("properties", {})
        if name not in known and "additionalProperties" not in schema:
            shown = ", ".join(sorted(known)) or "none"
            raise ValueError(f"{part.key}: there is no input {name!r} {told}; its inputs: {shown}")


def _check_method(part: AppPart | Options, request: Request) -> None:
    """Raises ValueError for a method that a run could fill with anything."""
    if request.method.source in METHODS:
        return
    schema = {} if isinstance(part, Options) else part.input_schema.get("properties", {})
    for path in request.method.references:
        choices = schema.get(path[1], {}).get("enum") if path[0] == "inputs" and path[1:] else None
        if not choices or not set(choices) <= set(METHODS):
            raise ValueError(
                f"{part.key}: request: the `method` {request.method.source!r} must be an input "
                f"whose `enum` has only {', '.join(METHODS)}"
            )


def _requests(component: Component) -> list[Request]:
    again = component.already_done
    return [component.request, again.request] if again else [component.request]


def manifest_schema() -> dict[str, Any]:
    """JSON Schemas for editors: `app` of an app.yaml, `action` of an actions/*.yaml, `trigger` of a
    triggers/*.yaml, `options` of an options/*.yaml."""
    app = App.model_json_schema()
    action = Component.model_json_schema()
    trigger = Trigger.model_json_schema()
    options = Options.model_json_schema()
    named = (
        (app, ("components", "triggers", "options", "logo")),
        (action, ("key",)),
        (trigger, ("key",)),
        (options, ("key",)),
    )
    for schema, named_by_folder in named:
        for name in named_by_folder:
            schema["properties"].pop(name, None)
        schema["required"] = [n for n in schema.get("required", ()) if n not in named_by_folder]
    return {"app": app, "action": action, "trigger": trigger, "options": options}
