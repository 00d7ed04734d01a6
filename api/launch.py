"""All that is checked before a run starts, in as few database queries as can be.

A run of a published version that was run before needs two: who calls what (`target_of_token`),
and whether the apps and accounts are there (`prepare`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, CompoundSelect, bindparam, literal_column, select, union_all

from api.auth import NO_SUCH_TOKEN, ProjectAccess, invalid_token
from api.called import Called, called_automations, published_version
from api.errors import ApiError, ErrorKind, invalid
from api.faults import checked_draft
from api.published import Compiled, Need, union_of
from api.state import State
from automations.definition import AppTrigger
from automations.messages import message_of
from connectors.failures import ComponentError
from connectors.triggers.subscribing import resolve_inputs
from store.bookings import credits_of, today
from store.models import (
    DEVELOPER,
    Account,
    ApiToken,
    Automation,
    Connection,
    CreditUsage,
    EndUser,
    Integration,
    Project,
    new_id,
)
from workflows.payloads import CalledAutomation, RunInput
from workflows.run_ids import run_id_of


@dataclass(frozen=True, slots=True)
class Target:
    """An automation that somebody may run."""

    project_id: str
    account_id: str
    daily_credits: int
    used_credits: int
    automation_id: str
    name: str
    published_version: int | None


@dataclass(frozen=True, slots=True)
class Launch:
    """A run that may start, and the id that it gets."""

    run_id: str
    run: RunInput

    def under(self, state: State, run_id: str) -> Launch:
        """The same run under another id."""
        url, key = state.callback_urls.make(self.run.project_id, run_id)
        changes = {"callback_url": url, "callback_key": key}
        return Launch(run_id, self.run.model_copy(update=changes))


_USAGE = (CreditUsage.account_id == Account.id) & (CreditUsage.day == bindparam("day"))
_TARGET = (
    Project.id,
    Project.account_id,
    Account.daily_credits,
    CreditUsage.app_executions,
    CreditUsage.free_executions,
    Automation.id,
    Automation.name,
    Automation.published_version,
)
_AUTOMATION = (Automation.id == bindparam("automation")) & (Automation.project_id == Project.id)
_BY_TOKEN = (
    select(ApiToken.id, ApiToken.last_used_at, *_TARGET)
    .select_from(ApiToken)
    .join(Project, Project.id == ApiToken.project_id)
    .join(Account, Account.id == Project.account_id)
    .outerjoin(CreditUsage, _USAGE)
    .outerjoin(Automation, _AUTOMATION)
    .where(ApiToken.token_hash == bindparam("token"), ApiToken.revoked_at.is_(None))
)
_BY_PROJECT = (
    select(*_TARGET)
    .select_from(Project)
    .join(Account, Account.id == Project.account_id)
    .outerjoin(CreditUsage, _USAGE)
    .outerjoin(Automation, _AUTOMATION)
    .where(Project.id == bindparam("project"))
)
_PROJECT: BindParameter[Any] = bindparam("project")
_APP_KEYS: BindParameter[Any] = bindparam("app_keys", expanding=True)
_ACCOUNTS: CompoundSelect[*tuple[Any, ...]] = union_all(
    select(
        literal_column("'integration'").label("kind"),
        Integration.app_key,
        literal_column("''").label("user_id"),
        literal_column("''").label("status"),
    ).where(Integration.project_id == _PROJECT, Integration.app_key.in_(_APP_KEYS)),
    select(
        literal_column("'connection'"), Connection.app_key, Connection.user_id, Connection.status
    ).where(
        Connection.project_id == _PROJECT,
        Connection.user_id.in_(bindparam("users", expanding=True)),
        Connection.app_key.in_(_APP_KEYS),
    ),
    select(
        literal_column("'user'"), literal_column("''"), EndUser.user_id, literal_column("''")
    ).where(EndUser.project_id == _PROJECT, EndUser.user_id == bindparam("user")),
)


async def target_of_token(state: State, token_hash: str, automation_id: str) -> Target:
    """The automation of a token's project; raises code 900 or 204."""
    async with state.engine.connect() as connection:
        row = (
            await connection.execute(
                _BY_TOKEN, {"token": token_hash, "automation": automation_id, "day": today()}
            )
        ).one_or_none()
    if row is None:
        raise invalid_token(NO_SUCH_TOKEN)
    state.token_use.note(row[0], row[1])
    return _target(row[2:], automation_id)


async def target_in_project(state: State, access: ProjectAccess, automation_id: str) -> Target:
    """An automation of a project that the caller may act in; raises code 204."""
    values = {"project": access.project_id, "automation": automation_id, "day": today()}
    async with state.engine.connect() as connection:
        row = (await connection.execute(_BY_PROJECT, values)).one()
    return _target(tuple(row), automation_id)


async def prepare(
    state: State, target: Target, user_id: str | None, data: dict[str, Any], *, draft: bool
) -> Launch:
    """Checks that this run can start now.

    Raises ApiError: 201 not published (or a called one is not), 211 no trigger, 210 no manual
    trigger, 1 the draft or the data is faulty, 429 no credits left, 216 missing integrations,
    1000 an unknown user, 217 missing or invalid connections.
    """
    if draft:
        compiled = await checked_draft(state, target.project_id, target.automation_id)
    elif target.published_version is None:
        raise ApiError(
            ErrorKind.AUTOMATION_NOT_DEPLOYED,
            f"The automation “{target.name}” has no published version: publish it, or send "
            '"development": "true" to run its draft.',
        )
    else:
        compiled = await published_version(state, target.automation_id, target.published_version)
    data = await checked_data(compiled, target.name, data)
    return await launch_of(state, target, compiled, user_id, data, draft=draft)


async def launch_of(
    state: State,
    target: Target,
    compiled: Compiled,
    user_id: str | None,
    data: dict[str, Any],
    *,
    draft: bool,
    **more: Any,
) -> Launch:
    """A run of this definition, whose data was checked; `more` is for its RunInput.

    Raises ApiError: 429, 204 or 201 (of called automations), 216, 1000, 217.
    """
    _check_credits(target)
    called = await _checked_apps(state, target, compiled, user_id)
    run_id = run_id_of(target.name, new_id())
    callback_url, callback_key = state.callback_urls.make(target.project_id, run_id)
    for_history = state.secret_inputs.for_history
    run = RunInput(
        project_id=target.project_id,
        account_id=target.account_id,
        automation_id=target.automation_id,
        automation_name=target.name,
        version=0 if draft else target.published_version or 0,
        user_id=user_id or DEVELOPER,
        definition=for_history(target.project_id, compiled.definition),
        called={
            automation_id: CalledAutomation(
                name=item.name,
                version=item.version,
                definition=for_history(target.project_id, item.compiled.definition),
            )
            for automation_id, item in called.items()
        },
        data=data,
        callback_url=callback_url,
        callback_key=callback_key,
        **more,
    )
    return Launch(run_id, run)


async def check_registration(
    state: State, target: Target, user_id: str | None, data: dict[str, Any]
) -> None:
    """Checks that this user can be registered to the published version's trigger now.

    Raises ApiError: 201 not published (or a called one is not), 211 no trigger to subscribe to,
    1 the data does not fit the trigger, 216 missing integrations, 1000 an unknown user, 217
    missing or invalid connections.
    """
    if target.published_version is None:
        raise ApiError(
            ErrorKind.AUTOMATION_NOT_DEPLOYED,
            f"The automation “{target.name}” has no published version: publish it.",
        )
    compiled = await published_version(state, target.automation_id, target.published_version)
    published = compiled.parsed.trigger
    trigger = None
    if isinstance(published, AppTrigger):
        trigger = state.catalogue.trigger(published.component)
    if trigger is None or not isinstance(published, AppTrigger):
        raise ApiError(
            ErrorKind.TRIGGER_NOT_FOUND,
            f"The automation “{target.name}” has no trigger to subscribe to: publish a version "
            "that is started by an app's events.",
        )
    try:
        await asyncio.to_thread(
            resolve_inputs, trigger, published.inputs, data, user_id or DEVELOPER
        )
    except ComponentError as error:
        raise invalid([("data", message_of(error.message))], error.message) from None
    await _checked_apps(state, target, compiled, user_id)


async def _checked_apps(
    state: State, target: Target, compiled: Compiled, user_id: str | None
) -> dict[str, Called]:
    """What is called; all apps and accounts that it all needs are there."""
    called = await _called(state, target.project_id, compiled) if compiled.calls else {}
    app_keys, needs = union_of([compiled, *(item.compiled for item in called.values())])
    if app_keys:
        await _check_accounts(state, target.project_id, user_id, app_keys, needs)
    return called


def _target(row: Sequence[Any], automation_id: str) -> Target:
    project_id, account_id, daily, app_executions, free_executions, found, name, version = row
    if found is None:
        raise ApiError(
            ErrorKind.AUTOMATION_NOT_FOUND,
            f"There is no automation {automation_id} in the project.",
        )
    used = credits_of(app_executions or 0, free_executions or 0)
    return Target(project_id, account_id, daily, used, found, name, version)


async def checked_data(compiled: Compiled, name: str, data: dict[str, Any]) -> dict[str, Any]:
    """The data of a run by call, with defaults; raises ApiError: 211, 210, 1."""
    if compiled.trigger is None:
        raise ApiError(
            ErrorKind.TRIGGER_NOT_FOUND,
            f"The automation “{name}” has no trigger: give it a manual trigger to run it by call.",
        )
    if compiled.trigger != "manual":
        raise ApiError(
            ErrorKind.INVALID_NODE_TYPE,
            f"The automation “{name}” is started by an app's events and cannot be run by call: "
            "register end users for it, or give it a manual trigger.",
        )
    # Other requests need not wait for what the schema says of large data.
    data, faults = await asyncio.to_thread(compiled.check, data)
    if faults:
        raise invalid(faults)
    return data


def _check_credits(target: Target) -> None:
    if target.used_credits < target.daily_credits:
        return
    renewal = renews_at()
    raise ApiError(
        ErrorKind.CREDIT_LIMIT_EXCEEDED,
        f"All {target.daily_credits} credits of the day are used. They renew at {renewal}.",
        {
            "renewsAt": renewal,
            "dailyCredits": target.daily_credits,
            "usedDailyCredits": target.used_credits,
        },
    )


def renews_at() -> str:
    """When the day's credits renew: the next midnight in UTC, RFC 3339."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    return f"{tomorrow.isoformat()}T00:00:00Z"


async def _called(state: State, project_id: str, compiled: Compiled) -> dict[str, Called]:
    found = await called_automations(state, project_id, compiled.calls)
    called: dict[str, Called] = {}
    for automation_id, item in found.items():
        if item is None:
            raise ApiError(
                ErrorKind.AUTOMATION_NOT_DEPLOYED,
                f"The called automation {automation_id} has no published version: publish it.",
            )
        called[automation_id] = item
    wanted = compiled.calls.union(*(item.compiled.calls for item in called.values()))
    if missing := sorted(wanted - called.keys()):
        raise ApiError(
            ErrorKind.AUTOMATION_NOT_FOUND,
            f"The called automation {missing[0]} is not in the project: correct the step that "
            "calls it.",
        )
    return called


async def _check_accounts(
    state: State,
    project_id: str,
    user_id: str | None,
    app_keys: frozenset[str],
    needs: frozenset[Need],
) -> None:
    user = user_id or DEVELOPER
    keys = list(app_keys)
    values = {"project": project_id, "app_keys": keys, "users": [user, DEVELOPER], "user": user}
    async with state.engine.connect() as connection:
        rows = (await connection.execute(_ACCOUNTS, values)).all()
    integrations = {row[1] for row in rows if row[0] == "integration"}
    statuses = {(row[2], row[1]): row[3] for row in rows if row[0] == "connection"}
    if missing := sorted(app_keys - integrations):
        raise ApiError(
            ErrorKind.MISSING_PROJECT_INTEGRATION,
            "Add these integrations in the project's settings first: "
            f"{', '.join(_name(state, key) for key in missing)}.",
            missing,
        )
    owners = {need: user if need.of_end_user else DEVELOPER for need in needs}
    lacking = [need for need in needs if statuses.get((owners[need], need.app_key)) != "connected"]
    if not lacking:
        return
    details = sorted({need.app_key for need in lacking})
    known = user == DEVELOPER or any(row[0] == "user" for row in rows)
    if not known and any(need.of_end_user for need in lacking):
        raise ApiError(
            ErrorKind.USER_NOT_FOUND,
            f"There is no record of the user “{user}”: connect the user's accounts first "
            f"({', '.join(_name(state, key) for key in details)}).",
            details,
        )
    # In a test the developer stands for the end user, too: one account may lack for two reasons.
    accounts = sorted({(need.app_key, owners[need]) for need in lacking})
    sentences = [
        _sentence(owner, _name(state, key), statuses.get((owner, key))) for key, owner in accounts
    ]
    raise ApiError(ErrorKind.END_USER_NOT_CONNECTED, " ".join(sentences), details)


def _name(state: State, app_key: str) -> str:
    app = state.catalogue.app(app_key)
    return app.name if app else app_key


def _sentence(owner: str, app: str, status: str | None) -> str:
    whose = f"The user “{owner}” has" if owner else "The developer has"
    if status is None:
        return f"{whose} not connected {app}: connect it."
    return f"{whose} an invalid connection to {app}: connect it again."
