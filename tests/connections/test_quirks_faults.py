"""Providers that answer wrongly, or never: a clear error, nothing stored, nothing leaked."""

from __future__ import annotations

import pytest

from connections.errors import (
    AuthorizationFailed,
    RefreshUnavailable,
)
from tests.connections.quirks import (
    OAUTH2,
    Walk,
    light_walk_of_test,
    walk_of_test,
)

__all__ = ["light_walk_of_test", "walk_of_test"]


class TestAnswersThatAreNone:
    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            ("html", "provider_unavailable"),
            ("html_500", "provider_unavailable"),
            ("empty", "provider_unavailable"),
            ("hang", "provider_unavailable"),
            ("rate_limited", "provider_unavailable"),
            ("unavailable", "provider_unavailable"),
            ("oversized", "provider_unavailable"),
            ("not_string", "provider_unavailable"),
            ("ok_false", "provider_error"),
            ("invalid_grant", "provider_error"),
            ("invalid_client", "misconfigured"),
        ],
    )
    async def test_nothing_is_stored_and_nothing_leaks(
        self, light_walk: Walk, monkeypatch: pytest.MonkeyPatch, fault: str, kind: str
    ) -> None:
        monkeypatch.setattr("connections.oauth2.TIMEOUT", 0.5)
        await light_walk.use(OAUTH2, switches={"fault": fault})
        with pytest.raises(AuthorizationFailed) as caught:
            await light_walk.connect()
        assert caught.value.kind == kind
        assert "planted" not in caught.value.message
        assert await light_walk.status() == "not-connected"

    @pytest.mark.parametrize(
        "fault", ["html", "html_500", "empty", "hang", "rate_limited", "oversized", "not_string"]
    )
    async def test_a_renewal_that_fails_so_leaves_the_connection(
        self, light_walk: Walk, monkeypatch: pytest.MonkeyPatch, fault: str
    ) -> None:
        monkeypatch.setattr("connections.oauth2.TIMEOUT", 0.5)
        await light_walk.use(OAUTH2, switches={"refresh": "keep"})
        await light_walk.connect()
        light_walk.provider.switches = light_walk.provider.switches.changed(
            {"fault": fault, "fault_times": 1}
        )
        with pytest.raises(RefreshUnavailable) as caught:
            await light_walk.renew()
        assert "planted" not in str(caught.value)
        assert await light_walk.status() == "connected"
        await light_walk.renew()
        assert (await light_walk.call())["id"] == "acct-ada"

    @pytest.mark.parametrize("state", ["other", "none"])
    async def test_an_answer_without_the_state_is_not_taken(
        self, light_walk: Walk, state: str
    ) -> None:
        await light_walk.use(OAUTH2, switches={"state": state})
        with pytest.raises(AuthorizationFailed) as caught:
            await light_walk.connect()
        assert caught.value.kind == "unknown"
        assert light_walk.provider.tokens == {}

    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("access_denied", "denied"),
            ("invalid_scope", "misconfigured"),
            ("server_error", "provider_unavailable"),
            ("<b>odd</b>", "provider_error"),
        ],
    )
    async def test_a_denial_says_what_it_is(self, light_walk: Walk, code: str, kind: str) -> None:
        await light_walk.use(OAUTH2, switches={"denial": code})
        with pytest.raises(AuthorizationFailed) as caught:
            await light_walk.connect()
        assert caught.value.kind == kind
        assert "555" not in caught.value.message
        assert "<b>" not in caught.value.message

    async def test_fewer_scopes_than_asked_are_told(self, walk: Walk) -> None:
        await walk.use(OAUTH2, switches={"granted": ["read"]})
        with pytest.raises(AuthorizationFailed, match="write") as caught:
            await walk.connect()
        assert caught.value.kind == "missing_scopes"
        assert await walk.status() == "not-connected"
