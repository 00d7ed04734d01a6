"""No end user can have a secret of the developer sent to a host of their own."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.manifest import App

FREE = {"name": "host"}
BOUNDED = {"name": "host", "pattern": r"[a-z]+\.example\.com"}
OAUTH: dict[str, Any] = {
    "type": "oauth2",
    "authorize": {"url": "https://{host}/auth"},
    "token": {"url": "https://{host}/token"},
}
GRANT: dict[str, Any] = {
    "type": "oauth2_grant",
    "client_id": "{{ fields.id }}",
    "token": {"url": "https://{host}/token"},
}
STEPS: dict[str, Any] = {
    "type": "token_exchange",
    "steps": [
        {
            "name": "one",
            "method": "POST",
            "url": "https://{host}/login",
            "json": {"partner": "{{ integration.partner }}"},
        }
    ],
}
PARTNER = [{"name": "partner", "type": "password"}]
KEY: dict[str, Any] = {
    "type": "api_key",
    "apply": [{"name": "X-Partner", "template": "{{ integration.partner }}"}],
}


def load(auth: dict[str, Any], field: dict[str, Any], **more: Any) -> App:
    fields = [field, {"name": "id", "is_optional": True}]
    return App.model_validate(
        {"key": "shop", "name": "Shop", "auth": {**auth, "fields": fields}, **more}
    )


SECRET_SENT: dict[str, dict[str, Any]] = {
    "client secret": {"auth": OAUTH},
    "client secret by a domain": {
        "auth": {**OAUTH, "token": {"url": "https://api.{host}.com/token"}}
    },
    "client secret by a base": {"auth": {**OAUTH, "token": {"url": "{host}/token"}}},
    "client secret by a computed value": {
        "auth": {
            **OAUTH,
            "values": {"base": "https://{{ fields.host }}"},
            "token": {"url": "{base}/token"},
        }
    },
    "client secret in a parameter": {
        "auth": {
            **OAUTH,
            "token": {
                "url": "https://{host}/token",
                "client_auth": "none",
                "params": {"secret": "{{ integration.client_secret }}"},
            },
        }
    },
    "secret setting of a grant": {
        "auth": {
            **GRANT,
            "integration_fields": PARTNER,
            "token": {**GRANT["token"], "headers": {"X-P": "{{ integration.partner }}"}},
        }
    },
    "client secret by a field that wins over a setting of its name": {
        "auth": {**OAUTH, "integration_fields": [{"name": "host"}]}
    },
    "secret setting of a step": {"auth": {**STEPS, "integration_fields": PARTNER}},
    "secret setting in each request": {
        "auth": {**KEY, "integration_fields": PARTNER},
        "base_url": "https://{host}",
    },
}


@pytest.mark.parametrize("case", SECRET_SENT)
def test_a_host_that_is_sent_a_secret_must_be_bounded(case: str) -> None:
    changes = SECRET_SENT[case]
    with pytest.raises(ValidationError, match="must be bounded"):
        load(field=FREE, **changes)
    load(field=BOUNDED, **changes)


@pytest.mark.parametrize(
    "auth",
    [
        {**OAUTH, "token": {"url": "https://{host}.example.com/token"}},
        {**OAUTH, "token": {"url": "https://{host}/token", "client_auth": "none"}},
        {**OAUTH, "registration": {"url": "https://{host}/register"}},
        GRANT,
    ],
    ids=["a label", "no secret", "a client of its own", "the user's own client"],
)
def test_any_host_will_do_where_nothing_of_the_developer_is_sent(auth: dict[str, Any]) -> None:
    load(auth, FREE)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"callback": {"captured": {"x": {"param": "x", "pattern": "("}}}}, "regular expression"),
        ({"authorize": {"url": "https://a.b/auth", "rename": {"state": "s"}}}, "state"),
        ({"integration_fields": [{"name": "client_id"}]}, "integration's own"),
        ({"authorize": {"url": "example.com/auth"}}, "no absolute URL"),
        ({"verify": {"path": "/me"}}, "base_url"),
    ],
)
def test_manifests_that_could_not_work_do_not_load(change: dict[str, Any], words: str) -> None:
    auth = {**OAUTH, "authorize": {"url": "https://a.b/auth"}, "token": {"url": "https://a.b/t"}}
    with pytest.raises(ValidationError, match=words):
        load({**auth, **change}, FREE)
