"""AWS Signature Version 4 against moto, which checks signatures as AWS does, by botocore."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3  # type: ignore[import-untyped]  # it ships no types
import httpx
import pytest
from moto.server import ThreadedMotoServer

from connectors.credential import Credential
from connectors.executor import ComponentError, execute
from connectors.http import open_http
from connectors.manifest import App

if TYPE_CHECKING:
    from collections.abc import Iterator

    from settings import Settings

ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@pytest.fixture(scope="module")
def aws() -> Iterator[tuple[str, dict[str, str]]]:
    """Where moto listens, and an access key that may do everything."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    url = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    iam = boto3.client(
        "iam",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="first",
        aws_secret_access_key="first",
    )
    iam.create_user(UserName="ada")
    iam.put_user_policy(UserName="ada", PolicyName="all", PolicyDocument=json.dumps(ALL))
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    # From here on, each request must be signed by a key that exists.
    httpx.post(f"{url}/moto-api/reset-auth", content=b"0").raise_for_status()
    yield url, {"keyId": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    server.stop()


def storage(url: str, request: dict[str, Any]) -> App:
    return App.model_validate(
        {
            "key": "storage",
            "name": "Storage",
            "base_url": url,
            "auth": {
                "type": "aws_sigv4",
                "fields": [{"name": "keyId"}, {"name": "secret", "type": "password"}],
                "access_key_id": "{{ fields.keyId }}",
                "secret_access_key": "{{ fields.secret }}",
                "region": "us-east-1",
                "service": "s3",
            },
            "components": [{"key": "storage.call", "name": "Call", "request": request}],
        }
    )


async def call(
    settings: Settings, url: str, fields: dict[str, str], request: dict[str, Any]
) -> Any:
    app = storage(url, request)
    async with open_http(settings) as http:
        credential = Credential("aws_sigv4", fields)
        return await execute(app.components[0], {}, credential, http, idempotency_key="k")


async def test_requests_are_signed_as_aws_wants_them(
    settings: Settings, aws: tuple[str, dict[str, str]]
) -> None:
    url, fields = aws
    await call(settings, url, fields, {"method": "PUT", "path": "/books"})
    text = {"content-type": "text/plain"}
    put = {"method": "PUT", "path": "/books/tulips.txt", "headers": text, "body": "planted tulips"}
    await call(settings, url, fields, put)
    assert await call(settings, url, fields, {"path": "/books/tulips.txt"}) == "planted tulips"
    query = {"list-type": 2, "prefix": "tul", "max-keys": 10}
    listed = await call(settings, url, fields, {"path": "/books", "query": query})
    assert "<Key>tulips.txt</Key>" in listed


@pytest.mark.parametrize("change", [{"secret": "planted-wrong"}, {"keyId": "AKIAUNKNOWN"}])
async def test_a_wrong_key_is_refused(
    settings: Settings, aws: tuple[str, dict[str, str]], change: dict[str, str]
) -> None:
    url, fields = aws
    with pytest.raises(ComponentError) as caught:
        await call(settings, url, {**fields, **change}, {"path": "/"})
    assert caught.value.kind in {"not_permitted", "reauth"}
    assert "planted" not in caught.value.message
