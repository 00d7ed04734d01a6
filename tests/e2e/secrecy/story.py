"""The life of a project with an app of each kind, told through the real API.

Every credential begins with `planted-`, but for the private key and what Inlay makes itself.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.e2e.secrecy.apps import APPS
from tests.e2e.secrecy.callers import Callers
from tests.e2e.secrecy.gossip import WAYS
from tests.e2e.secrecy.manifests import App
from tests.e2e.secrecy.planted import (
    DEVELOPER_PASSWORD,
    MACHINE,
    PIN,
    SWITCHES,
    USER,
    fields_of,
    integration_of,
)
from tests.e2e.secrecy.search import Secret
from tests.provider.state import Client, OAuth1Token, planted

if TYPE_CHECKING:
    from tests.e2e.deployment import Deployment
    from tests.e2e.secrecy.gossip import Gossip
    from tests.provider.switches import Switches
    from tests.workflows.receiver import Receiver

RENEWED = [app for app in APPS if app.auth["type"] in {"oauth2", "oauth2_grant", "token_exchange"}]
"""Apps whose tokens are asked for anew when they have ended."""


@dataclass
class Story(Callers):
    """Plays the developer, their product, and the end users with their browsers."""

    inlay: Deployment
    vendor: Gossip
    webhook: Receiver
    private_key: str
    made: list[Secret] = field(default_factory=list)
    """Secrets that Inlay made, with the answers that may show them."""
    witness: str = field(default_factory=lambda: f"witness-{secrets.token_hex(12)}")
    """No secret: data of an end user, which must be found where data are."""
    project: str = ""
    automations: dict[str, str] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)
    """The answers of route 6, in order."""

    def __post_init__(self) -> None:
        super().__init__(self.inlay.settings.public_url)

    async def begin(self) -> None:
        """An account, a project, its token and its integrations."""
        account = {"email": "dev@example.com", "password": DEVELOPER_PASSWORD}
        await self.post("/api/v1/accounts", {**account, "name": "Dev"})
        session = (await self.post("/api/v1/sessions", account))["token"]
        self._made("session", session, "POST /api/v1/sessions")
        self.developer.headers["authorization"] = f"Bearer {session}"
        await self.ask("PATCH", "/api/v1/account", {"developerMode": True})
        body = {"name": "Shop", "webhookUrl": f"{self.webhook.url}/hook"}
        self.project = f"/api/v1/projects/{(await self.post('/api/v1/projects', body))['id']}"
        token = (await self.post(f"{self.project}/tokens", {"name": "server"}))["token"]
        self._made("API token", token, f"POST {self.project}/tokens")
        self.product.headers["authorization"] = f"Bearer {token}"
        for method in ("GET", "POST"):
            answer = await self.ask(method, f"{self.project}/webhook/secret")
            shown = f"(GET|POST) {self.project}/webhook/secret"
            self._made("webhook secret", answer["secret"], shown)
        for app in APPS:
            await self.post(f"{self.project}/integrations", integration_of(app))

    @property
    def switches(self) -> Switches:
        return self.vendor.provider.switches

    def switch(self, **changes: Any) -> None:
        """Has the provider behave otherwise."""
        self.vendor.provider.switches = self.switches.changed(changes)

    async def connect_all(self) -> None:
        """The end user connects each app on its page; the developer one by the API."""
        machine = Client(*MACHINE, auth="body")
        self.vendor.provider.clients[machine.client_id] = machine
        for app in APPS:
            page = await self.walk(app)
            assert page.status_code == 200, (app.key, page.text)
        keyed = APPS[0]
        path = f"{self.project}/developer/connections/{keyed.key}"
        await self.ask("POST", path, {"connectionFields": fields_of(keyed, self.private_key)})

    async def walk(self, app: App, changes: dict[str, str] | None = None) -> httpx.Response:
        """From a link through its page, and the provider's, to the last page."""
        path = f"/api/v1/ipaas/users/{USER}/connections/{app.key}/link"
        link = (await self.call(self.product, "POST", path)).json()["url"]
        pages = "(GET|POST) /connect/.*|GET /api/v1/oauth/callback"
        self._made("connect link", link.rpartition("/")[2], f"POST {path}|{pages}")
        page = await self.browser.get(link)
        assert page.status_code == 200, page.text
        page = await self.browser.post(
            link, data={**fields_of(app, self.private_key), **(changes or {})}
        )
        for answer in [*page.history, page]:
            query = parse_qs(urlsplit(answer.headers.get("location", "")).query)
            for state in query.get("state", []):
                self._made("state", state, "POST /connect/.*")
        return page

    async def fail_to_connect(self) -> None:
        """Wrong credentials, and a provider that repeats what it got."""
        for app in APPS:
            fields = {
                **fields_of(app, self.private_key),
                **{name: planted("wrong") for name in app.secret_fields},
            }
            if fields:
                page = await self.walk(app, fields)
                assert page.status_code >= 400, (app.key, page.text)
                path = f"/api/v1/ipaas/users/{USER}/connections/{app.key}"
                answer = await self.call(self.product, "POST", path, {"connectionFields": fields})
                assert answer.status_code >= 400, (app.key, answer.text)
        by_link = [app for app in APPS if app.auth["type"] == "oauth2"]
        faults = ["html", "html_500", "ok_false", "invalid_grant", "invalid_client", "unavailable"]
        for fault in [*faults, "rate_limited", "oversized", "not_string"]:
            self.switch(fault=fault, fault_on="code")
            page = await self.walk(by_link[0])
            assert page.status_code >= 400, (fault, page.text)
        self.switch(fault="")
        self.switch(denial="access_denied")
        assert (await self.walk(by_link[0])).status_code == 400
        self.switch(denial="")
        self.switch(user="grace")
        assert (await self.walk(by_link[0])).status_code >= 400
        self.switch(user="ada")

    async def import_tokens(self) -> None:
        """Tokens that another user's account got elsewhere; and some that the app refuses."""
        provider = self.vendor.provider
        issued = provider.issue("grace", ["read"], "shop", "imported", renewable=True)
        assert issued.refresh is not None
        value, secret = planted("oauth1"), planted("oauth1")
        provider.oauth1[value] = OAuth1Token(value, secret, "", "grace", access=True)
        oauth2 = {"accessToken": issued.access.value, "refreshToken": issued.refresh.value}
        oauth1 = {"accessToken": value, "oauth1Token": value, "accessTokenSecret": secret}
        for app_key, tokens in (("oauth2", oauth2), ("oauth1", oauth1)):
            body = {"userId": "grace", "appKey": app_key, "scopes": ["read"], **tokens}
            answer = await self.call(
                self.product, "POST", "/api/v1/ipaas/users/connections/import", body
            )
            assert answer.status_code == 204, answer.text
            wrong = {name: planted("unknown") for name in tokens}
            answer = await self.call(
                self.product,
                "POST",
                "/api/v1/ipaas/users/connections/import",
                {**body, **wrong, "userId": "nobody"},
            )
            assert answer.status_code == 400, answer.text

    async def publish(self) -> None:
        """An automation that does all with every app, and two for each app alone."""
        steps: list[dict[str, Any]] = []
        for app in APPS:
            name = app.key.replace("-", "_")
            told = {"how": "{{ how }}", "pin": PIN}
            refuse = _step(f"refuse_{name}", f"{app.key}.refuse", told)
            loop = {"type": "for-each", "items": str(list(WAYS)), "itemName": "how"}
            # A second try takes the server a second, so one of the apps has it.
            tries = 2 if app is APPS[0] else 1
            steps += [
                _step(f"use_{name}", f"{app.key}.use", {"text": "{{ data.witness }}"}),
                {"id": f"each_{name}", **loop, "steps": [refuse]},
                _step(f"break_{name}", f"{app.key}.break", {}, tries=tries),
            ]
        result = {step["id"]: f"{{{{ steps.{step['id']} }}}}" for step in steps}
        await self._publish("all", steps, result)
        for app in APPS:
            await self._publish(
                f"use {app.key}", [_step("used", f"{app.key}.use", {})], "{{ steps.used }}"
            )
            await self._publish(f"deny {app.key}", [_step("denied", f"{app.key}.deny", {})])

    async def receive(self) -> None:
        """Requests start runs when they know a secret, which is an input of a trigger."""
        secret = f"of-the-trigger-{secrets.token_hex(12)}"
        self.made.append(Secret("trigger's secret", secret))
        trigger = {"type": "app", "component": "webhook.received", "inputs": {"secret": secret}}
        steps: list[dict[str, Any]] = [
            {"id": "ask", "type": "approval", "message": "{{ event.body.witness }}?"},
            {"id": "keep", "type": "set", "values": {"text": "{{ event.body.witness }}"}},
        ]
        await self._publish("receive", steps, "{{ vars.text }}", trigger)
        path = f"/api/v1/ipaas/automations/{self.automations['receive']}/register"
        answer = await self.call(
            self.product, "POST", path, {"userId": USER, "data": {"witness": self.witness}}
        )
        assert answer.is_success, answer.text
        [registration] = (await self.ask("GET", f"{self.project}/registrations"))["items"]
        one = f"{self.project}/registrations/{registration['id']}"
        hook = (await self.ask("GET", one))["hookUrl"]
        headers = {"x-webhook-secret": secret}
        answer = await self.browser.post(hook, json={"witness": self.witness}, headers=headers)
        assert answer.is_success, answer.text
        async with asyncio.timeout(60):
            while not (await self.ask("GET", f"{self.project}/runs?status=paused"))["items"]:
                await asyncio.sleep(0.2)
        [run] = (await self.ask("GET", f"{self.project}/runs?status=paused"))["items"]
        body = {"approved": True, "comment": self.witness}
        answer = await self.call(
            self.developer, "POST", f"{self.project}/runs/{run['id']}/resume", body
        )
        assert answer.is_success, answer.text

    async def _publish(
        self,
        name: str,
        steps: list[dict[str, Any]],
        result: Any = None,
        trigger: dict[str, Any] | None = None,
    ) -> None:
        trigger = trigger or {"type": "manual", "input": {"type": "object"}}
        definition = {"trigger": trigger, "steps": steps, "result": result}
        made = await self.post(f"{self.project}/automations", {"name": name})
        path = f"{self.project}/automations/{made['id']}"
        draft = await self.ask("GET", path)
        body = {"definition": definition, "revision": draft["revision"]}
        draft = await self.ask("PATCH", path, body)
        faults = (await self.ask("POST", f"{path}/validate"))["faults"]
        assert faults == [], faults
        await self.ask("POST", f"{path}/publish", {"revision": draft["revision"]})
        self.automations[name] = made["id"]

    async def run(self, name: str, user: str = USER, **data: Any) -> dict[str, Any]:
        """The answer of route 6."""
        path = f"/api/v1/ipaas/automations/{self.automations[name]}/run"
        body = {"userId": user, "data": {"witness": self.witness, **data}}
        answer = await self.call(self.product, "POST", path, body)
        assert answer.status_code == 200, answer.text
        run: dict[str, Any] = answer.json()
        self.runs.append(run)
        return run

    async def steps(self, run: dict[str, Any]) -> list[dict[str, Any]]:
        """All steps of a run."""
        path, found, cursor = f"{self.project}/runs/{run['runId']}/steps", [], ""
        while cursor is not None:
            query = f"?cursor={cursor}" if cursor else ""
            page = await self.ask("GET", path + query)
            found += page["items"]
            cursor = page["nextCursor"]
        return found

    async def run_all(self) -> None:
        """All with every app, and data that are too large for a history."""
        assert (await self.run("all"))["status"] == "completed"
        large = await self.run("use oauth2", large=self.witness * 5000)
        assert large["status"] == "completed"

    async def renew(self) -> None:
        """Tokens end: they are renewed; then they cannot be, and at last they must not be."""
        provider = self.vendor.provider
        for app in RENEWED:
            provider.expire_tokens()
            assert (await self.run(f"use {app.key}"))["status"] == "completed"
        for fault in ("unavailable", "html_500", "html", "oversized", "invalid_client"):
            provider.expire_tokens()
            self.switch(fault=fault, fault_on="any")
            run = await self.run("use oauth2")
            assert "could not be renewed" in run["result"]["error"]["message"], run
        self.switch(fault="invalid_grant", password="planted-password-of-today")
        for app in RENEWED:
            provider.expire_tokens()
            run = await self.run(f"use {app.key}")
            assert run["status"] == "paused", (app.key, await self.steps(run))
        self.switch(fault="", password=SWITCHES["password"])
        for app in RENEWED:
            assert (await self.walk(app)).status_code == 200

    async def deny(self) -> None:
        """Each app takes its credential no more: renewal where there is one, then the end."""
        for app in APPS:
            run = await self.run(f"deny {app.key}")
            assert run["status"] == "paused", (app.key, run)
        for run in self.runs:
            if run["status"] == "paused":
                path = f"{self.project}/runs/{run['runId']}/cancel"
                await self.call(self.developer, "POST", path)

    async def delete(self) -> None:
        """The ends of connections: some apps can be told, one breaks."""
        for user, app_key in [("grace", "oauth2"), ("grace", "oauth1")] + [
            (USER, app.key) for app in APPS
        ]:
            path = f"/api/v1/ipaas/users/{user}/connections/{app_key}"
            answer = await self.call(self.product, "DELETE", path)
            assert answer.status_code == 200, answer.text

    async def until_told(self, seconds: float = 30) -> None:
        """Until nothing is left to tell the developer."""
        async with asyncio.timeout(seconds):
            while (await self.ask("GET", f"{self.project}/webhook"))["pending"]:
                await asyncio.sleep(0.1)

    def _made(self, name: str, value: str, allowed: str) -> None:
        self.made.append(Secret(name, value, allowed))


def _step(
    step_id: str, component: str, inputs: dict[str, Any], *, tries: int = 1
) -> dict[str, Any]:
    retry = {"maxAttempts": tries, "initialInterval": 0.02}
    return {
        "id": step_id,
        "type": "app",
        "component": component,
        "inputs": inputs,
        "onError": {"action": "continue", "retry": retry},
    }
