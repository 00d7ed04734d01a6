"""The console as files: its page, its assets, and what stays the API's."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pytest

import api.console

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

PAGES = ["/", "/sign-in", "/sign-up", "/profile", "/projects", "/projects/0199/runs/1"]
SCRIPT = b"document.title = 'Inlay';" * 100


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as Vite writes it."""
    assets = tmp_path / "dist" / "assets"
    assets.mkdir(parents=True)
    (assets.parent / "index.html").write_text(
        '<meta property="csp-nonce" nonce="INLAY_NONCE"><script src="/assets/index-a1.js"></script>'
    )
    (assets / "index-a1.js").write_bytes(SCRIPT)
    (assets / "index-a1.js.br").write_bytes(b"as brotli has it")
    (assets / "index-a1.js.gz").write_bytes(gzip.compress(SCRIPT))
    (assets / "icon-b2.svg").write_text("<svg/>")
    (tmp_path / "secret.js").write_text("outside")
    monkeypatch.setattr(api.console, "DIST", assets.parent)
    return assets.parent


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.usefixtures("built")
async def test_each_address_of_the_console_answers_its_page(
    http: httpx.AsyncClient, path: str
) -> None:
    answer = await http.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "INLAY_NONCE" not in answer.text


@pytest.mark.usefixtures("built")
async def test_scripts_come_from_here_only_and_styles_carry_a_nonce_of_one_answer(
    http: httpx.AsyncClient,
) -> None:
    nonces = []
    for _ in range(2):
        answer = await http.get("/")
        parts = answer.headers["content-security-policy"].split("; ")
        policy = dict(part.split(" ", 1) for part in parts)
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        assert policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in str(policy)
        allowed = re.fullmatch(r"'self' 'nonce-([\w-]{22})'", policy["style-src"])
        assert allowed
        assert f'nonce="{allowed[1]}"' in answer.text
        nonces.append(allowed[1])
    assert nonces[0] != nonces[1]


@pytest.mark.usefixtures("built")
async def test_assets_are_kept_for_ever_and_come_compressed(http: httpx.AsyncClient) -> None:
    smallest = {"accept-encoding": "gzip, br"}
    async with http.stream("GET", "/assets/index-a1.js", headers=smallest) as answer:
        assert answer.headers["content-encoding"] == "br"
        assert b"".join([part async for part in answer.aiter_raw()]) == b"as brotli has it"
    packed = await http.get("/assets/index-a1.js", headers={"accept-encoding": "br;q=0, gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(SCRIPT) / 5
    plain = await http.get("/assets/index-a1.js", headers={"accept-encoding": "gzip;q=0"})
    assert "content-encoding" not in plain.headers
    for answer in (packed, plain):
        assert answer.content == SCRIPT
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["vary"] == "accept-encoding"
    icon = await http.get("/assets/icon-b2.svg")
    assert icon.headers["content-type"].startswith("image/svg+xml")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/index-old.js",
        "/assets/index-a1.js.gz",
        "/assets/..%2f..%2fsecret.js",
        "/assets/%2e%2e/%2e%2e/secret.js",
        "/assets/",
        "/nowhere",
        "/api/v1/nowhere",
    ],
)
@pytest.mark.usefixtures("built")
async def test_what_is_not_there_is_404_in_the_shape_of_the_api(
    http: httpx.AsyncClient, path: str
) -> None:
    answer = await http.get(path)
    assert answer.status_code == 404
    assert answer.json()["name"] == "NOT FOUND"


@pytest.mark.usefixtures("built")
async def test_the_api_stays_where_it_is(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/v1/account")).json()["code"] == 900
    document = (await http.get("/openapi.json")).json()
    assert not [
        path for path in document["paths"] if not path.startswith(("/api", "/healthz", "/readyz"))
    ]
    assert "swagger" in (await http.get("/docs")).text


async def test_where_it_is_not_built_the_page_says_how_to_build_it(
    http: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.console, "DIST", tmp_path / "nothing")
    answer = await http.get("/")
    assert answer.status_code == 200
    assert "make console" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert (await http.get("/assets/index-a1.js")).status_code == 404
