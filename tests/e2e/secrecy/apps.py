"""One app for each kind of authentication, at the vendor of tests/e2e/secrecy/gossip.py."""

from __future__ import annotations

from typing import Any

from tests.e2e.secrecy.gossip import REGION, SERVICE
from tests.e2e.secrecy.manifests import ME, App

KEY_FIELD = {"name": "key", "type": "password"}
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
        "key-path",
        _checked({"type": "api_key", "fields": [KEY_FIELD]}, {"path": "/getMe"}),
        {"path": "/getMe"},
        {"base_url": "URL/keys/bot{key}"},
    ),
    App(
        "key-body",
        _checked(
            {
                **_keyed(
                    "body", "api_key", {"in": "body", "name": "n", "template": "{{ fields.note }}"}
                ),
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
                    {"name": "X-Timestamp", "template": "{{ int(now / 1000) }}"},
                    {"name": "X-Nonce", "template": "{{ nonce }}"},
                    {
                        "name": "X-Signature",
                        "template": '{{ hash.hmac("sha256", fields.secret, [request.method,'
                        " request.path, request.query, string(int(now / 1000)), nonce,"
                        ' request.body].join("\\n")) }}',
                    },
                ],
            },
            SIGNED,
        ),
        SIGNED,
    ),
]
