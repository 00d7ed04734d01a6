"""One app for each kind of authentication, at the vendor of tests/e2e/gossip.py.

Each has three actions: `use`, which only the right credential passes; `refuse`, whose error
repeats the credential; `deny`, which takes none and repeats it, too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.e2e.gossip import REGION, SERVICE

if TYPE_CHECKING:
    from pathlib import Path

KEY_FIELD = {"name": "key", "type": "password"}
ME = {"path": "/api/me"}
ACCOUNT = {"account": {"id": "body.id", "name": "body.name", "email": "body.email"}}
CLIENT = {
    "client_id": "{{ integration.client_id }}",
    "client_secret": "{{ integration.client_secret }}",
}
OAUTH2 = {
    "type": "oauth2",
    "authorize": {"url": "URL/oauth2/authorize"},
    "token": {"url": "URL/oauth2/token"},
    "verify": {**ME, **ACCOUNT},
}


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
    def has_client(self) -> bool:
        """Whether the developer registers a client."""
        return self.by_link or "integration.client_secret" in json.dumps(self.auth)


def _keyed(place: str, name: str, *more: dict[str, str]) -> dict[str, Any]:
    apply = [{"in": place, "name": name, "template": "{{ fields.key }}"}, *more]
    return {"type": "api_key", "fields": [KEY_FIELD], "apply": apply}


def _checked(auth: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    return {**auth, "verify": request}


HEADER = {"method": "POST", "path": "/keys/header"}
QUERY = {"path": "/keys/query"}
BODY = {"method": "POST", "path": "/keys/body"}
BASIC = {"path": "/keys/basic"}
SIGNED = {"method": "POST", "path": "/signed/hmac-sha256", "json": {"text": "hello"}}
RESOURCE = {"method": "POST", "path": "/oauth1/resource", "form": {"text": "{{ inputs.text }}"}}

APPS = [
    App("key-header", _checked(_keyed("header", "X-Api-Key"), HEADER), HEADER),
    App(
        "key-query",
        _checked(_keyed("query", "api_key"), QUERY),
        QUERY,
        {"errors": [{"statuses": [422], "kind": "fatal", "message": "{{ body.error.message }}"}]},
    ),
    App(
        "key-body",
        _checked(
            {
                **_keyed("body", "api_key", {"in": "body", "name": "n", "template": "{{ fields.note }}"}),
                "fields": [KEY_FIELD, {"name": "note", "type": "textarea", "secret": True}],
            },
            BODY,
        ),
        BODY,
    ),
    App(
        "basic",
        _checked(
            {
                "type": "basic",
                "fields": [{"name": "user"}, {"name": "password", "type": "password"}],
                "username": "{{ fields.user }}",
                "password": "{{ fields.password }}",
            },
            BASIC,
        ),
        BASIC,
    ),
    App(
        "oauth2",
        {
            **OAUTH2,
            "revoke": {"url": "URL/oauth2/revoke"},
            "on_delete": {"method": "DELETE", "path": "/api/echo"},
        },
        {
            "method": "POST",
            "path": "/api/echo",
            "query": {"text": "{{ inputs.text }}"},
            "json": {"text": "{{ inputs.text }}"},
        },
    ),
    App(
        "oauth2-partner",
        {
            **OAUTH2,
            "integration_fields": [
                {"name": "partner_id"},
                {"name": "partner_key", "type": "password"},
            ],
            "token": {
                "url": "URL/oauth2/token",
                "headers": {"X-Partner": "{{ integration.partner_key }}"},
            },
            "apply": [
                {"name": "Authorization", "template": "Bearer {{ credential.access_token }}"},
                {"name": "X-Partner", "template": "{{ integration.partner_key }}"},
            ],
            "revoke": {"url": "URL/gossip/break"},
            "on_delete": {"method": "DELETE", "path": "/gossip/break"},
        },
    ),
    App(
        "oauth2-grant",
        {
            "type": "oauth2_grant",
            "fields": [{"name": "id"}, {"name": "secret", "type": "password"}],
            "client_id": "{{ fields.id }}",
            "client_secret": "{{ fields.secret }}",
            "token": {"url": "URL/oauth2/token"},
            "verify": ME,
        },
    ),
    App(
        "service-account",
        {
            "type": "oauth2_grant",
            "fields": [{"name": "issuer"}, {"name": "key", "type": "textarea", "secret": True}],
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            **CLIENT,
            "assertion": {
                "algorithm": "RS256",
                "key": "{{ fields.key }}",
                "lifetime": 3600,
                "claims": {
                    "iss": "{{ fields.issuer }}",
                    "aud": "URL/oauth2/token",
                    "jti": "{{ nonce }}",
                },
                "header": {"kid": "k1"},
            },
            "token": {"url": "URL/oauth2/token"},
            "verify": ME,
        },
    ),
    App(
        "token-exchange",
        {
            "type": "token_exchange",
            "fields": [
                {"name": "user"},
                {"name": "password", "type": "password"},
                {"name": "company"},
            ],
            "steps": [
                {
                    "name": "login",
                    "method": "POST",
                    "url": "URL/exchange/login",
                    "json": {
                        "username": "{{ fields.user }}",
                        "password": "{{ fields.password }}",
                    },
                },
                {
                    "name": "session",
                    "method": "POST",
                    "url": "URL/exchange/session",
                    "headers": {"X-Challenge": "{{ steps.login.body.data.challenge }}"},
                    "form": {"company": "{{ fields.company }}"},
                },
                {
                    "name": "grant",
                    "method": "POST",
                    "url": "URL/exchange/grant",
                    "json": {
                        "session": "{{ steps.session.body.session.id }}",
                        "challenge": "{{ steps.login.body.data.challenge }}",
                    },
                },
            ],
            "token": {
                "access_token": 'headers["x-access-token"]',
                "expires": "body.result.expires_in",
            },
            "verify": ME,
        },
    ),
    App(
        "oauth1",
        {
            "type": "oauth1",
            "endpoints": {
                "request_token": "URL/oauth1/request_token",
                "authorize": "URL/oauth1/authorize",
                "access_token": "URL/oauth1/access_token",
            },
            "verify": {"path": "/oauth1/resource", **ACCOUNT},
        },
        RESOURCE,
    ),
    App(
        "jwt",
        {
            "type": "jwt",
            "fields": [KEY_FIELD],
            "jwt": {
                "algorithm": "HS256",
                "key": '{{ fields.key.after(":") }}',
                "key_encoding": "hex",
                "header": {"kid": '{{ fields.key.before(":") }}'},
                "claims": {"aud": "/admin/"},
            },
            "verify": {"path": "/signed/jwt"},
        },
        {"path": "/signed/jwt"},
    ),
    App(
        "aws",
        {
            "type": "aws_sigv4",
            "fields": [{"name": "id"}, {"name": "secret", "type": "password"}],
            "access_key_id": "{{ fields.id }}",
            "secret_access_key": "{{ fields.secret }}",
            "region": REGION,
            "service": SERVICE,
            "verify": {"path": "/gossip/aws"},
        },
        {"path": "/gossip/aws"},
    ),
    App(
        "hmac",
        _checked(
            {
                "type": "api_key",
                "fields": [KEY_FIELD, {"name": "secret", "type": "password"}],
                "apply": [
                    {"name": "X-Key", "template": "{{ fields.key }}"},
                    {"name": "X-Timestamp", "template": "{{ now / 1000 }}"},
                    {"name": "X-Nonce", "template": "{{ nonce }}"},
                    {
                        "name": "X-Signature",
                        "template": '{{ hash.hmac("sha256", fields.secret, [request.method,'
                        " request.path, request.query, string(now / 1000), nonce,"
                        ' request.body].join("\\n")) }}',
                    },
                ],
            },
            SIGNED,
        ),
        SIGNED,
    ),
]


def write_apps(folder: Path, url: str) -> None:
    """Writes each app as a folder of manifests (a JSON document is YAML, too)."""
    for app in APPS:
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
            "refuse": {"method": "POST", "path": "/gossip/refuse/{how}"},
            "deny": {"path": "/gossip/deny"},
        }.items():
            action = {"name": name.title(), "input_schema": _schema(name), "request": request}
            _write(actions / f"{name}.yaml", action, url)


def _schema(name: str) -> dict[str, Any]:
    known = {"use": "text", "refuse": "how"}.get(name)
    properties = {known: {"type": "string"}} if known else {}
    return {"type": "object", "properties": properties}


def _write(file: Path, manifest: dict[str, Any], url: str) -> None:
    file.write_text(json.dumps(manifest).replace("URL/", f"{url}/"))
