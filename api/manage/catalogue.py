"""The apps that this installation knows, and the schemas of what developers write."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from api.accounts import OAUTH
from api.auth import DECLARE_ANY, known_caller
from api.documentation import SIGNED_IN, errors
from api.errors import ErrorKind, not_found
from api.languages import AppLanguage
from api.manage.integrations import all_scopes, needs_client
from api.schemas import AppKey, Model
from api.state import StateDep
from api.used_apps import scopes_of
from automations.definition import Definition
from automations.functions import LIBRARY
from connections.forms import CredentialInfoField, field_infos
from connections.integrations import redirect_uri
from connectors.auth import ClientAuth
from connectors.manifest import App, AppPart

router = APIRouter(
    tags=["catalogue"],
    dependencies=[*DECLARE_ANY, Depends(known_caller)],
    responses=SIGNED_IN,
)


class AppSummary(Model):
    """An app."""

    key: str
    name: str
    description: str
    categories: list[str]
    auth_type: str = Field(description="`oauth2`, `api_key`, `basic`, `none` …")
    logo: str | None = Field(description="SVG source.")
    component_count: int
    trigger_count: int


class InputOptions(Model):
    """An input whose values can be asked for: see `POST …/options`."""

    depends_on: list[str] = Field(description="Inputs that must be entered before.")
    is_searched: bool = Field(description="The app searches; else `search` has no effect.")
    scopes: list[str] = Field(
        description="OAuth scopes that the developer's own connection needs to be asked."
    )


Options = Annotated[
    dict[str, InputOptions], Field(description="By input: what can be asked of the app.")
]


class ComponentView(Model):
    """One action of an app."""

    key: str
    name: str
    description: str
    input_schema: dict[str, Any] = Field(description="JSON Schema of the step's inputs.")
    output_schema: dict[str, Any] = Field(description="JSON Schema of what to expect.")
    scopes: list[str] = Field(description="OAuth scopes that it needs.")
    options: Options


class TriggerView(Model):
    """One trigger of an app."""

    key: str
    name: str
    description: str
    kind: str = Field(
        description="`webhook`, `app_webhook`, `poll`, `schedule` or `inbound`: where its events "
        "come from."
    )
    input_schema: dict[str, Any] = Field(description="JSON Schema of the trigger's inputs.")
    output_schema: dict[str, Any] = Field(description="JSON Schema of `event`.")
    sample: Any = Field(description="An `event` as a run gets it.")
    scopes: list[str] = Field(description="OAuth scopes that it needs.")
    options: Options


class AppView(AppSummary):
    """An app with its components, and what it asks of developers and end users."""

    needs_client: bool = Field(
        description="The developer registers an OAuth client at the app (the additional form)."
    )
    redirect_uri: str | None = Field(
        description="To be registered at an OAuth app, exactly so; null for other apps."
    )
    register_url: str | None = Field(
        description="The page of the app on which developers register a client, if it is known."
    )
    scopes: list[str] = Field(
        description="What all actions and triggers need: the integration's `scopes` unless others "
        "are chosen."
    )
    option_scopes: list[str] = Field(
        description="What the developer's own connection needs so that inputs can be chosen in an "
        "editor; no run and no end user needs it."
    )
    integration_fields: list[CredentialInfoField] = Field(
        description="What the developer enters when adding the app: `settings` of the integration."
    )
    fields: list[CredentialInfoField] = Field(
        description="What the end user enters; with an OAuth app, before the redirect."
    )
    components: list[ComponentView]
    triggers: list[TriggerView]


class FaultyApp(Model):
    """An app of an operator's folder that is missing because its manifest is faulty."""

    key: str
    fault: str = Field(
        description="What is wrong, and where: the file in the app's folder, and the line.",
        examples=["app.yaml:3: name: this is needed"],
    )


class Apps(Model):
    """All apps."""

    items: list[AppSummary]
    faulty: list[FaultyApp] = Field(description="One for each fault of a manifest.")


class FunctionView(Model):
    """A function of the expression language."""

    name: str
    section: str = Field(description="What it is for, such as `Text`.")
    calls: list[str] = Field(description="How it is written: `split(string, string)`.")
    summary: str
    example: str = Field(description="An expression that needs no data.")


class Functions(Model):
    """All functions that Inlay adds to CEL."""

    items: list[FunctionView]


_SCHEMA = Definition.model_json_schema(by_alias=True)


@router.get("/apps", summary="List the apps")
async def list_apps(state: StateDep, language: AppLanguage) -> Apps:
    """All apps of this installation, by name, and why others are missing."""
    apps = sorted(state.catalogue.apps.values(), key=lambda app: app.name.lower())
    return Apps(
        items=[AppSummary(**_summary(app.in_language(language))) for app in apps],
        faulty=[FaultyApp(key=key, fault=fault) for key, fault in state.catalogue.faulty],
    )


@router.get(
    "/apps/{appKey}",
    summary="Show an app",
    responses=errors(ErrorKind.NOT_FOUND, ErrorKind.INVALID_PARAMETER),
)
async def get_app(app_key: AppKey, state: StateDep, language: AppLanguage) -> AppView:
    """One app with its components and their schemas."""
    app = state.catalogue.app(app_key)
    if app is None:
        raise not_found("app")
    app = app.in_language(language)
    return AppView(
        **_summary(app),
        needs_client=needs_client(app),
        redirect_uri=redirect_uri(state.settings) if app.auth.type in OAUTH else None,
        register_url=app.auth.register_url if isinstance(app.auth, ClientAuth) else None,
        scopes=all_scopes(app),
        option_scopes=scopes_of(app.options),
        integration_fields=field_infos(app.auth.integration_fields),
        fields=field_infos(app.auth.fields),
        components=[
            ComponentView(
                key=component.key,
                name=component.name,
                description=component.description,
                input_schema=component.input_schema,
                output_schema=component.output_schema,
                scopes=component.scopes,
                options=_options(component),
            )
            for component in app.components
        ],
        triggers=[
            TriggerView(
                key=trigger.key,
                name=trigger.name,
                description=trigger.description,
                kind=trigger.source.type,
                input_schema=trigger.input_schema,
                output_schema=trigger.output_schema,
                sample=trigger.sample,
                scopes=trigger.scopes,
                options=_options(trigger),
            )
            for trigger in app.triggers
        ],
    )


@router.get("/functions", summary="List the functions of expressions")
async def list_functions() -> Functions:
    """What expressions can call beside CEL's own functions, section by section."""
    return Functions(
        items=[
            FunctionView(
                name=function.name,
                section=function.section,
                calls=function.calls,
                summary=function.summary,
                example=function.example,
            )
            for function in LIBRARY.values()
        ]
    )


@router.get("/schemas/automation", summary="Show the schema of automations")
async def get_automation_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of an automation's definition, for editors."""
    return _SCHEMA


def _options(part: AppPart) -> dict[str, InputOptions]:
    found = {name: part.app.options_of(part, name) for name in part.options}
    return {
        name: InputOptions(
            depends_on=options.depends_on,
            is_searched=options.is_searched,
            scopes=options.scopes,
        )
        for name, options in found.items()
        if options is not None
    }


def _summary(app: App) -> dict[str, Any]:
    return {
        "key": app.key,
        "name": app.name,
        "description": app.description,
        "categories": app.categories,
        "auth_type": app.auth.type,
        "logo": app.logo,
        "component_count": len(app.components),
        "trigger_count": len(app.triggers),
    }
