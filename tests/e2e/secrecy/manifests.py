"""How an app of the story becomes manifests.

Each has four actions: `use`, which only the right credential passes; `refuse`, `deny` (401) and
`break` (500), whose errors repeat the credential.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ME = {"path": "/api/me"}


@dataclass(frozen=True)
class App:
    """`auth` and `use` as in a manifest, `URL` being the vendor's address; `more` is of the app."""

    key: str
    auth: dict[str, Any]
    use: dict[str, Any] = field(default_factory=lambda: dict(ME))
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def by_link(self) -> bool:
        """Whether the end user goes to the provider."""
        return self.auth["type"] in {"oauth2", "oauth1"}

    @property
    def secret_fields(self) -> list[str]:
        """The fields of the form that nobody may see again."""
        fields = self.auth.get("fields", [])
        return [f["name"] for f in fields if f.get("secret") or f.get("type") == "password"]

    @property
    def has_client(self) -> bool:
        """Whether the developer registers a client."""
        return self.by_link or "integration.client_secret" in json.dumps(self.auth)


def write_apps(apps: Iterable[App], folder: Path, url: str) -> None:
    """Writes each app as a folder of manifests (a JSON document is YAML, too)."""
    for app in apps:
        actions = folder / app.key / "actions"
        actions.mkdir(parents=True)
        manifest = {
            "key": app.key,
            "name": app.key.title(),
            "base_url": url,
            "auth": app.auth,
            **app.more,
        }
        _write(folder / app.key / "app.yaml", manifest, url)
        for name, request in {
            "use": app.use,
            "refuse": {
                "method": "POST",
                "path": "/gossip/refuse/{how}",
                "headers": {"X-Pin": "{{ base64.encode(inputs.pin) }}"},
                "query": {"pin": "{{ inputs.pin }}"},
            },
            "deny": {"path": "/gossip/deny"},
            "break": {"path": "/gossip/break"},
        }.items():
            action = {"name": name.title(), "input_schema": _schema(name), "request": request}
            _write(actions / f"{name}.yaml", action, url)


def _schema(name: str) -> dict[str, Any]:
    known = {"use": ["text"], "refuse": ["how", "pin"]}.get(name, [])
    properties: dict[str, Any] = {each: {"type": "string"} for each in known}
    if "pin" in properties:
        properties["pin"]["format"] = "password"
    return {"type": "object", "properties": properties}


def _write(file: Path, manifest: dict[str, Any], url: str) -> None:
    file.write_text(json.dumps(manifest).replace("URL/", f"{url}/"))
