"""Secrets of every kind live through all that can happen to them, and are found nowhere.

One story (tests/e2e/secrecy/story.py) is played to real processes that log at DEBUG. Then its
evidence is searched: each answer of the API, both databases and the payloads byte by byte, the
histories decoded, what the processes wrote, and what came to the developer's webhook.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

import pytest

from store.encryption import Keyring
from temporal.codec import EncryptionCodec
from tests.e2e.deployment import Deployment, deployed
from tests.e2e.secrecy.apps import APPS
from tests.e2e.secrecy.evidence import files, histories
from tests.e2e.secrecy.gossip import Gossip, gossiping
from tests.e2e.secrecy.manifests import write_apps
from tests.e2e.secrecy.planted import (
    AWS,
    CODEC_TOKEN,
    DEVELOPER_PASSWORD,
    MACHINE,
    NOTE,
    PARTNER_KEY,
    PIN,
    SWITCHES,
    USER,
)
from tests.e2e.secrecy.requests import ask_badly, decode, read_everything
from tests.e2e.secrecy.search import Place, Secret, leaks
from tests.e2e.secrecy.story import Story
from tests.workflows.receiver import Receiver, receiving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

PLANTED = "planted-"
"""All that the story plants and the provider issues begins so."""


@dataclass
class Evidence:
    """What the story left behind."""

    story: Story
    vendor: Gossip
    webhook: Receiver
    decoded: dict[str, int]
    places: dict[str, list[Place]]
    secrets: list[Secret]

    @property
    def record(self) -> Place:
        """All that the vendor was told."""
        told = [*self.vendor.provider.received, *self.vendor.received]
        parts = [part for one in told for part in (one.path, one.query, *one.headers.values())]
        return Place("record", "\n".join([*parts, *(one.body for one in told)]).encode())

    def accepted(self, path: str) -> int:
        """How many requests to this path of the provider were answered with a success."""
        return sum(one.status == 200 for one in self.vendor.provider.at(path))


@pytest.fixture(scope="module")
async def evidence(
    tmp_path_factory: pytest.TempPathFactory, rsa_pair: tuple[str, str]
) -> AsyncIterator[Evidence]:
    folder = tmp_path_factory.mktemp("secrets")
    private, public = rsa_pair
    async with gossiping(Gossip(*AWS)) as vendor, receiving() as webhook:
        write_apps(APPS, folder / "apps", vendor.provider.url)
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("INLAY_")]:
                patch.delenv(name)
            async with deployed(
                folder,
                vendor.provider.url,
                [folder / "apps"],
                log_level="DEBUG",
                codec_token=CODEC_TOKEN,
            ) as inlay:
                story = Story(inlay, vendor, webhook, private)
                story.switch(**SWITCHES, public_key=public)
                decoded = await play(story)
                of_histories = await histories(inlay)
        places = {
            "answers": story.answers,
            "histories": of_histories,
            "webhook": [
                Place("webhook", json.dumps(one.headers).encode() + one.body)
                for one in webhook.arrived
            ],
            **files(inlay),
        }
        yield Evidence(story, vendor, webhook, decoded, places, secrets_of(story, inlay))


async def play(story: Story) -> dict[str, int]:
    """The whole story; gives how the route that decodes answered."""
    try:
        await story.begin()
        await story.connect_all()
        await story.fail_to_connect()
        await story.import_tokens()
        await story.publish()
        await story.run_all()
        await story.receive()
        await story.renew()
        await story.deny()
        await ask_badly(story)
        await read_everything(story)
        await story.delete()
        await story.until_told()
        await read_everything(story)
        return await decode(story, EncryptionCodec(Keyring.from_settings(story.inlay.settings)))
    finally:
        await story.aclose()


def secrets_of(story: Story, inlay: Deployment) -> list[Secret]:
    """All that must be found nowhere, but for the answers that each of them names."""
    key = (inlay.settings.data_dir / "encryption.key").read_text().strip()
    found = [
        Secret("planted", PLANTED),
        Secret("encryption key", key),
        Secret("encryption key", base64.urlsafe_b64decode(key)),
        *story.made,
        *(Secret("private key", line) for line in story.private_key.splitlines()[2:-2]),
        *minted(story),
    ]
    for secret in story.made:
        if secret.name == "webhook secret":
            plain = base64.b64decode(str(secret.value).removeprefix("whsec_"))
            found.append(Secret(secret.name, plain, secret.allowed))
    return found


def minted(story: Story) -> Iterator[Secret]:
    """What Inlay made for the vendor alone: signed tokens, signatures, PKCE's verifiers."""
    for one in [*story.vendor.provider.received, *story.vendor.received]:
        form = parse_qs(one.body)
        for name in ("assertion", "code_verifier"):
            for value in form.get(name, []):
                yield Secret(name, value)
        given = one.headers.get("authorization", "").rpartition(" ")[2]
        if given:
            yield Secret("Authorization", given)
        if signature := one.headers.get("x-signature"):
            yield Secret("signature", signature)


@pytest.mark.parametrize(
    "where", ["answers", "histories", "webhook", "Inlay", "Temporal", "payloads", "outputs"]
)
def test_no_secret_is_there(evidence: Evidence, where: str) -> None:
    assert evidence.places[where]
    assert leaks(evidence.secrets, evidence.places[where]) == []


@pytest.mark.parametrize("where", ["Inlay", "Temporal", "payloads", "outputs"])
def test_what_runs_forms_and_people_said_is_there_in_clear_nowhere(
    evidence: Evidence, where: str
) -> None:
    """Inputs, outputs, results, messages, answers, data of registrations, bodies of deliveries."""
    contents = Secret("contents", evidence.story.witness)
    assert leaks([contents], evidence.places[where]) == []


def test_every_kind_of_credential_was_used(evidence: Evidence) -> None:
    kinds = {"api_key", "basic", "oauth2", "oauth2_grant", "token_exchange", "oauth1", "jwt"}
    assert {app.auth["type"] for app in APPS} == kinds | {"aws_sigv4"}
    sent = {
        "key": SWITCHES["key"],
        "note": NOTE,
        "password": SWITCHES["password"],
        "client secret": SWITCHES["client_secret"],
        "client secret of the user": MACHINE[1],
        "secret setting": PARTNER_KEY,
        "secret input": PIN,
        "access token": f"{PLANTED}access-",
        "refresh token": f"{PLANTED}refresh-",
        "code": f"{PLANTED}code-",
        "OAuth 1 token": f"{PLANTED}oauth1-",
        "verifier": f"{PLANTED}verifier-",
        "challenge": f"{PLANTED}challenge-",
        "session": f"{PLANTED}session-",
    }
    secrets = [Secret(name, value) for name, value in sent.items()]
    assert {leak.secret for leak in leaks(secrets, [evidence.record])} == set(sent)
    # These are not sent, and sign what is.
    for path in ("/signed/hmac-sha256", "/signed/jwt", "/oauth1/resource"):
        assert evidence.accepted(path)
    assert evidence.vendor.signatures
    assert {secret.name for secret in evidence.secrets} >= {"assertion", "code_verifier"}


def test_every_app_repeated_its_credential_and_it_was_masked(evidence: Evidence) -> None:
    story = evidence.story
    [run] = [one for one in story.runs if "use_basic" in (one.get("result") or {})]
    shown = [
        json.loads(place.data.partition(b"\n\n")[2])
        for place in story.answers
        if place.name == f"GET {story.project}/runs/{run['runId']}/steps"
    ]
    errors: dict[str, str] = {}
    for step in (step for page in shown for step in page["items"]):
        app = (step["component"] or "").partition(".")[0]
        errors[app] = errors.get(app, "") + (step["error"] or "")
        if step["stepId"].startswith("use_"):
            assert step["status"] == "completed", step
    for app in APPS:
        assert "••••••" in errors[app.key], (app.key, errors)


def test_tokens_were_renewed_lost_and_revoked(evidence: Evidence) -> None:
    provider = evidence.vendor.provider
    assert provider.refreshes > 2
    assert any(token.startswith(f"{PLANTED}refresh-") for token in provider.revocations)
    # An app that breaks when it is told of a deletion was given the token, too.
    assert any(f"token={PLANTED}refresh-" in one.body for one in evidence.vendor.received)
    told = [one.json["type"] for one in evidence.webhook.arrived]
    assert {
        "connection.connected",
        "connection.invalid",
        "connection.deleted",
        "run.completed",
        "run.paused",
    } <= set(told)
    assert told.count("connection.invalid") >= len(APPS)
    secrets = [str(one.value) for one in evidence.story.made if one.name == "webhook secret"]
    last = evidence.webhook.arrived[-1]
    assert last.headers["webhook-signature"] == last.signatures_of(secrets[::-1])


def test_payloads_are_decoded_for_operators_alone(evidence: Evidence) -> None:
    assert evidence.decoded.pop("an operator") == 200
    assert set(evidence.decoded.values()) == {403}


def test_the_search_finds_what_is_there(evidence: Evidence) -> None:
    """What an end user gave is where it should be, so a secret there would have been found."""
    witness = Secret("witness", evidence.story.witness)

    def found(where: str) -> set[str]:
        return {leak.place for leak in leaks([witness], evidence.places[where])}

    run = f"POST /api/v1/ipaas/automations/{evidence.story.automations['all']}/run"
    assert run in found("answers")
    assert {"decoded large payload", f"history of {evidence.story.runs[0]['runId']}"} <= found(
        "histories"
    )
    # What is not sealed is found in the database, so a secret would be, too.
    tables = {leak.place for leak in leaks([Secret("id", USER)], evidence.places["Inlay"])}
    assert {"Inlay's table registrations", "Inlay's table runs", "Inlay's inlay.db"} <= tables
    # Encryption hides it here, as it hides what is not searched for above in decoded form.
    assert found("Temporal") == set()
    assert found("payloads") == set()
    for name, words in {"api": "DEBUG", "worker": "DEBUG", "temporal": "Temporal"}.items():
        [output] = [p for p in evidence.places["outputs"] if p.name == f"output of {name}"]
        assert words.encode() in output.data


def test_secrets_that_may_be_shown_are_found_where_they_are(evidence: Evidence) -> None:
    """Each is in the answer that it is allowed in, so it is spelled here as it is there."""
    shown = [Secret(secret.name, secret.value) for secret in evidence.story.made]
    found = {leak.secret for leak in leaks(shown, evidence.story.answers)}
    by_inlay = {"session", "API token", "webhook secret", "connect link", "state"}
    assert found == by_inlay
    assert leaks([Secret("password", DEVELOPER_PASSWORD)], evidence.story.answers) == []


SECRET = 'planted-"secret"/é&<ß> +%7'
WRITTEN: dict[str, Callable[[str], str]] = {
    "raw": str,
    "json": json.dumps,
    "json in json": lambda text: json.dumps({"text": json.dumps(text)}),
    "html": html.escape,
    "percent": lambda text: quote(text, safe=""),
    "small percent": lambda text: re.sub("%..", lambda m: m[0].lower(), quote(text, safe="")),
    "hex": lambda text: text.encode().hex(),
    "large hex": lambda text: text.encode().hex().upper(),
}


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN)
def test_a_secret_is_found_however_it_is_written(write: Callable[[str], str]) -> None:
    text = f"some words {write(SECRET)} and more"
    assert leaks([Secret("s", PLANTED)], [Place("p", text.encode())])
    assert leaks([Secret("s", SECRET)], [Place("p", text.encode())])
    assert not leaks([Secret("s", SECRET)], [Place("p", f"some words {write('other')}".encode())])


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("secret", [PLANTED, SECRET])
def test_a_secret_is_found_inside_base64(
    before: str, encode: Callable[[bytes], bytes], secret: str
) -> None:
    data = encode(f"{before}{secret} and more".encode())
    assert leaks([Secret("s", secret)], [Place("p", data)])
    assert not leaks([Secret("s", secret, allowed="p")], [Place("p", data)])
    assert not leaks([Secret("s", secret[::-1])], [Place("p", data)])
