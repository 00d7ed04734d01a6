"""Tells the story of the demonstration in the terminal, and in a file for scripts."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import httpx
from rich.text import Text

from examples.demo import developer
from examples.demo.browser import connect_account
from examples.demo.developer import Project, RefusedError, Rest
from examples.demo.stage import APPLICATION, CLIENT_ID, Stage, stage
from examples.tracker.state import Config
from settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from dev.supervisor import Log

APP_KEY = "tracker"
COMPANY_ACCOUNT = "acme"
"""The developer's own account at Tracker."""
POLL_INTERVAL = 0.1
EVENT_TIMEOUT = 60.0
"""Seconds within which an event's run must have ended."""
MARKS = {"completed": ("✓", "green"), "error": ("✗", "red"), "waiting": ("…", "yellow")}


@dataclass(frozen=True)
class EndUser:
    """A user of the developer's product, and what they ask."""

    id: str
    account: str
    """The name of their account at Tracker."""
    data: dict[str, Any]


END_USERS = (
    EndUser(
        "customer-17",
        "ada",
        {
            "customer": "Ada",
            "subject": "The engine stands still",
            "priority": "high",
            "questions": ["Who can restart it?", "Is any data lost?", "When does it run again?"],
        },
    ),
    EndUser(
        "customer-42",
        "grace",
        {
            "customer": "Grace",
            "subject": "How do I export my reports?",
            "priority": "normal",
            "questions": ["As a table?", "Every month by itself?"],
        },
    ),
)


async def run_demo(console: Console, *, once: bool, info: Path | None) -> int:
    """Runs the demonstration; gives the exit status.

    `once` ends it after the runs; else it stays up until it is cancelled. `info` names the file
    that says what was made. Raises `DevError` and `DevServerError` when nothing can be shown.
    """
    with _files(info) as log_file:
        _say(console, "Starting Temporal, the API, a worker, and Tracker, a third-party app")
        _tell(console, f"their messages go to {log_file.name}")
        async with stage(get_settings(), _log(console, log_file)) as ready:
            _tell(console, f"API {ready.base_url}, Temporal UI {ready.temporal_ui_url}")
            try:
                succeeded = await _show(console, ready, info)
            except RefusedError as error:
                console.print(Text(str(error), style="red"), soft_wrap=True)
                return 1
            if not once:
                _say(console, "All of this stays up until Ctrl-C")
                await ready.supervisor.failed.wait()
                return 1
    return 0 if succeeded else 1


async def _show(console: Console, ready: Stage, info: Path | None) -> bool:
    async with Rest(ready.base_url) as api:
        email, password = await developer.sign_up(api)
        _say(console, f"A developer signs up as {email} and turns developer mode on")
        project = await _prepare(console, ready, api)
        async with Rest(ready.base_url, project.token) as application:
            await _connect(console, ready, api, application, project)
            runs = [await _run(console, ready, application, project, user) for user in END_USERS]
            triggered = await _listen(console, api, application, project)
            events = [
                await _happen(console, ready, application, triggered, user) for user in END_USERS
            ]
        await developer.until_told(api, project)
    runs_url = ready.base_url + developer.runs_path(project)
    if info is not None:
        _write(
            info,
            {
                "baseUrl": ready.base_url,
                "email": email,
                "password": password,
                "projectId": project.id,
                "token": project.token,
                "automationId": project.automation_id,
                "userIds": [user.id for user in END_USERS],
                "appKeys": [APP_KEY],
                "runs": runs,
                "runsUrl": runs_url,
                "triggerAutomationId": triggered.automation_id,
                "emitUrl": f"{ready.tracker_url}/emit",
                "triggerRunsUrl": ready.base_url + developer.runs_path(triggered),
                "temporalUiUrl": ready.temporal_ui_url,
            },
        )
    _say(console, "Look around")
    _tell(console, f"console             {ready.base_url}/projects/{project.id}")
    _tell(console, f"  sign in as        {email}, {password}")
    _tell(console, f"API documentation   {ready.base_url}/docs")
    for run in [*runs, *events]:
        link = f"{ready.temporal_ui_url}/namespaces/default/workflows/{run['runId']}"
        _tell(console, f"run of {run['userId']}  {link}")
    _tell(console, f"Tracker             {ready.tracker_url}")
    for person in Config(CLIENT_ID, "", "").users:
        _tell(console, f"  sign in as        {person.id}, {person.password}")
    return all(run["status"] == "completed" for run in [*runs, *events])


async def _prepare(console: Console, ready: Stage, api: Rest) -> Project:
    project = await developer.make_project(api, ready.webhook_url)
    _say(console, "They make the project “Acme Helpdesk” and an API token for their application")
    await ready.start_application(await developer.webhook_secret(api, project))
    _say(console, "Their application runs, and will hear from Inlay by signed notifications")
    await developer.add_integration(api, project, APP_KEY, CLIENT_ID, ready.client_secret)
    _say(console, "They add Tracker as an integration, with the client that Tracker gave them")
    definition = json.loads((Path(__file__).parent / "automation.json").read_text())
    version = await developer.publish(api, project, definition)
    _say(console, f"They build an automation, have it validated, and publish version {version}")
    return project


async def _connect(
    console: Console, ready: Stage, api: Rest, application: Rest, project: Project
) -> None:
    people = Config(CLIENT_ID, "", "")
    link = await developer.own_connection_link(api, project, APP_KEY)
    await _walk(link, people, COMPANY_ACCOUNT)
    _say(console, "They connect the company's own account at Tracker")
    for user in END_USERS:
        link = await application.call(
            "POST", f"/api/v1/ipaas/users/{user.id}/connections/{APP_KEY}"
        )
        await _walk(link, people, user.account)
        status = await application.call(
            "GET", f"/api/v1/ipaas/users/{user.id}/connections/status", appKeys=APP_KEY
        )
        _say(
            console,
            f"The end user {user.id} connects the account “{user.account}”: {status[APP_KEY]}",
        )


async def _walk(link: str, people: Config, account: str) -> None:
    person = people.user(account)
    if person is None:
        raise LookupError(account)
    await connect_account(link, person.id, person.password)


async def _run(
    console: Console, ready: Stage, application: Rest, project: Project, user: EndUser
) -> dict[str, Any]:
    _say(console, f"The application runs the automation for {user.id}")
    answer = asyncio.create_task(
        application.call(
            "POST",
            f"/api/v1/ipaas/automations/{project.automation_id}/run",
            {"userId": user.id, "data": user.data},
        )
    )
    shown: set[tuple[str, str]] = set()
    while True:
        done = answer.done()
        # Each user has one run here: the latest is the one that was just started.
        run_so_far = await developer.latest_run(application, project, user.id)
        for step in run_so_far["steps"] if run_so_far else ():
            for line in _news(step, user, shown):
                console.print(line, soft_wrap=True)
        if done:
            break
        await asyncio.wait({answer}, timeout=POLL_INTERVAL)
    run: dict[str, Any] = await answer
    told = json.dumps(run["result"], indent=2) if "result" in run else run.get("message", "")
    style = "green" if run["status"] == "completed" else "red"
    console.print(Text(f"  {run['status']}  {told}", style=style), soft_wrap=True)
    return {
        "runId": run["runId"],
        "userId": user.id,
        "status": run["status"],
        "result": run.get("result"),
    }


async def _listen(console: Console, api: Rest, application: Rest, project: Project) -> Project:
    """A second automation, and both users registered to its trigger."""
    definition = json.loads((Path(__file__).parent / "trigger_automation.json").read_text())
    triggered = await developer.add_automation(api, project, "A ticket is closed", definition)
    _say(console, "They publish a second automation, which Tracker's events start")
    for user in END_USERS:
        await application.call(
            "POST",
            f"/api/v1/ipaas/automations/{triggered.automation_id}/register",
            {"userId": user.id, "data": {"greeting": "Good news,"}},
        )
        _say(console, f"The application registers {user.id}: Tracker will tell")
    return triggered


async def _happen(
    console: Console, ready: Stage, application: Rest, triggered: Project, user: EndUser
) -> dict[str, Any]:
    """Has Tracker close a ticket of the user's, and waits for the run that comes of it."""
    event_id = f"event-{secrets.token_hex(4)}"
    async with httpx.AsyncClient() as watcher:
        emission = {"userId": user.id, "eventId": event_id}
        answer = await watcher.post(f"{ready.tracker_url}/emit", json=emission)
    if not answer.is_success:
        raise RefusedError(f"Tracker answered {answer.status_code}: {answer.text}")
    _say(console, f"In Tracker, a ticket of {user.account} is closed")
    async with asyncio.timeout(EVENT_TIMEOUT):
        while True:
            run = await developer.latest_run(application, triggered, user.id)
            if run is not None and run["status"] not in {"running", "paused"}:
                break
            await asyncio.sleep(POLL_INTERVAL)
    told = json.dumps(run["result"]) if "result" in run else run.get("message", "")
    style = "green" if run["status"] == "completed" else "red"
    console.print(Text(f"  {run['status']}  {told}", style=style), soft_wrap=True)
    return {"runId": run["id"], "userId": user.id, "status": run["status"]}


def _news(step: dict[str, Any], user: EndUser, shown: set[tuple[str, str]]) -> Iterator[Text]:
    """A line for a step that ended since the last look."""
    key = (step["stepId"], step["iteration"])
    if step["status"] not in MARKS or key in shown:
        return
    shown.add(key)
    mark, style = MARKS[step["status"]]
    line = Text.assemble("  ", (mark, style), f" {step['name']}")
    if step["component"]:
        whose = f"as {user.id}" if step["connectionUserId"] else "as the developer"
        line.append(f"  {step['component']} {whose}", "dim")
    yield line


@contextmanager
def _files(info: Path | None) -> Iterator[TextIO]:
    """Opens the log of the processes, and makes room for the file of scripts."""
    if info is not None:
        # Who waits for the file must not read that of an earlier run.
        info.unlink(missing_ok=True)
        info.absolute().parent.mkdir(parents=True, exist_ok=True)
    folder = get_settings().data_dir.absolute() / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "processes.log").open("w", buffering=1) as log_file:
        yield log_file


def _log(console: Console, file: TextIO) -> Log:
    """Everything goes to the file; what Inlay and the application say, also to the terminal."""

    def log(name: str, line: str) -> None:
        file.write(f"{name} | {line}\n")
        if name in {"inlay", APPLICATION} or "started again" in line or "giving up" in line:
            _tell(console, line if name == "inlay" else f"{name} {line}")

    return log


def _say(console: Console, text: str) -> None:
    console.print(Text.assemble(("● ", "blue"), text), soft_wrap=True)


def _tell(console: Console, text: str) -> None:
    console.print(Text(f"  {text}", "dim"), soft_wrap=True)


def _write(path: Path, content: dict[str, Any]) -> None:
    """All of it at once: a script that waits for the file never reads a half."""
    path = path.absolute()
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    os.replace(file.name, path)
