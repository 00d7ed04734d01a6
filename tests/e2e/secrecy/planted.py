"""The secrets that the story plants: what is entered where, at the vendor, by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.e2e.secrecy.manifests import App

USER = "ada"
CODEC_TOKEN = "planted-codec-token-8Hn"
DEVELOPER_PASSWORD = "planted-password-of-the-developer-4Gk"
PIN = 'planted-pin-of-a-step-1Wd+/"é'
PARTNER_KEY = "planted-partner-key-6Lw+/="
MACHINE = ("machine", "planted-machine-secret-3Vb&%")
AWS = ("AKIAEXAMPLE7Q", "planted-aws-secret-0Rj/+")
NOTE = 'planted-note "one"\nplanted-note  <two>'
SWITCHES: dict[str, Any] = {
    # With all that encodings change.
    "key": 'planted-api-key-7Zt+=&<"%',
    "password": 'planted-password-9xW  +/&<"é',
    "basic_password": 'planted-password-9xW  +/&<"é',
    "client_secret": "planted-client-secret-5Jq +/=&%",
    "signing_secret": "planted-signing-secret-2Fd",
    "exchange_token_in": "header",
    "key_id": "k1",
}


def integration_of(app: App) -> dict[str, Any]:
    """What the developer enters to add the app to the project."""
    body: dict[str, Any] = {"appKey": app.key}
    if app.has_client:
        body |= {"clientId": "shop", "clientSecret": SWITCHES["client_secret"]}
    if app.auth["type"] == "oauth2":
        body["scopes"] = ["read"]
    if app.key == "oauth2-partner":
        body["settings"] = {"partner_id": "p1", "partner_key": PARTNER_KEY}
    return body


def fields_of(app: App, private_key: str) -> dict[str, str]:
    """What the end user enters into the app's form."""
    known = {
        "basic": {"user": "ada", "password": SWITCHES["basic_password"]},
        "oauth2-grant": {"id": MACHINE[0], "secret": MACHINE[1]},
        "service-account": {"issuer": "service@shop.example", "key": private_key},
        "token-exchange": {"user": "ada", "password": SWITCHES["password"], "company": "acme"},
        "jwt": {"key": f"k1:{SWITCHES['signing_secret'].encode().hex()}"},
        "aws": {"id": AWS[0], "secret": AWS[1]},
        "hmac": {"key": SWITCHES["key"], "secret": SWITCHES["signing_secret"]},
        "key-body": {"key": SWITCHES["key"], "note": NOTE},
    }
    return {} if app.by_link else known.get(app.key, {"key": SWITCHES["key"]})
