"""Events of deliveries become runs: those of one registration, or of all users of an app."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.triggers.delivery import Refused
from connectors.triggers.receiving import (
    Answer,
    Event,
    Handshaken,
    answer_of,
    event_of,
    receive,
    routes_of,
)
from temporal.taken_events import AT_A_TIME, hand_over
from workflows.payloads import TakenEvent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.hook_targets import AppTarget, RegistrationTarget
    from api.state import State
    from connectors.manifest import Trigger
    from connectors.triggers import AppWebhookSource, Incoming
    from store.models import Registration

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Meant:
    """An event for one registration."""

    registration: Registration
    incoming: Incoming
    event: Event


class RegistrationEvents:
    """A delivery to a registration's own URL."""

    def __init__(self, target: RegistrationTarget, scope: Mapping[str, Any], state: State) -> None:
        self._target = target
        self._scope = scope
        self._state = state

    def receive(self, now: float) -> Handshaken | list[Any]:
        """The answer to a handshake, or the raw events; raises Refused."""
        if self._target.registration.wanted == "ended":
            raise Refused(410, "the registration of this hook was ended: stop sending")
        return receive(self._target.incoming, self._scope, now)

    async def start(self, raws: list[Any]) -> Answer:
        """The answer, once each event has its run or is held durably; raises Refused and others."""
        row, incoming = self._target.registration, self._target.incoming
        # Expressions are computed, which other requests need not wait for.
        events, refused = await asyncio.to_thread(_events, incoming, self._scope, raws)
        if refused and len(refused) == len(raws):
            raise refused[0]
        # One that cannot be read must not keep the others of its delivery from running.
        for fault in refused:
            _reject(self._state, row, fault)
        answer = await asyncio.to_thread(answer_of, incoming.respond, self._scope)
        if incoming.then_poll:
            if events and row.wanted == "active":
                await self._state.wakes.wake(row.id)
            return answer
        await _start(self._state, [_Meant(row, incoming, event) for event in events])
        return answer


class AppEvents:
    """A delivery to the one URL of a developer's app, told from trigger to trigger."""

    def __init__(self, target: AppTarget, scope: Mapping[str, Any], state: State) -> None:
        self._target = target
        self._scope = scope
        self._state = state

    def receive(self, now: float) -> Handshaken | list[Any]:
        """The answer to a handshake, or pairs of a trigger and a raw event; raises Refused.

        A delivery that one trigger refuses may be another's.
        """
        refused: Refused | None = None
        taken: list[Any] | None = None
        for trigger, source in self._target.triggers:
            try:
                received = receive(source.incoming, self._scope, now)
            except Refused as error:
                refused = refused or error
                continue
            if isinstance(received, Handshaken):
                return received
            taken = [*(taken or []), *((trigger, source, raw) for raw in received)]
        if taken is None:
            raise refused or Refused(404, "no trigger of the app takes deliveries here")
        return taken

    async def start(self, raws: list[Any]) -> Answer:
        """The answer, once each event has its runs or is held durably; may raise RPCError."""
        meant: list[_Meant] = []
        # Expressions are computed, which other requests need not wait for.
        told = await asyncio.to_thread(self._told, raws)
        routes = set().union(*(found for *_, found in told))
        rows = await self._state.hook_targets.routed(self._target, routes) if routes else ()
        for trigger, source, raw, found in told:
            mine = [row for row in rows if row.trigger == trigger.key and row.route in found]
            found_events, refused = await asyncio.to_thread(
                self._events, trigger, source, raw, mine
            )
            meant += found_events
            # One user's registration must not keep the event from all others.
            for row, fault in refused:
                _reject(self._state, row, fault)
        if not meant:
            logger.debug(
                "A delivery of %s to project %s is no registration's.",
                self._target.app_key,
                self._target.project_id,
            )
        await _start(self._state, meant)
        for _, source, *_ in told:
            return await asyncio.to_thread(answer_of, source.incoming.respond, self._scope)
        return Answer()

    def _told(self, raws: list[Any]) -> list[tuple[Trigger, AppWebhookSource, Any, set[str]]]:
        """Each raw event with the routes that it names."""
        return [
            (trigger, source, raw, routes_of(source, self._scope, raw))
            for trigger, source, raw in raws
        ]

    def _events(
        self,
        trigger: Trigger,
        source: AppWebhookSource,
        raw: Any,
        rows: Sequence[Registration],
    ) -> tuple[list[_Meant], list[tuple[Registration, Refused]]]:
        declared = trigger.input_schema.get("properties", {})
        meant: list[_Meant] = []
        faults: list[tuple[Registration, Refused]] = []
        for row in rows:
            inputs = {**dict.fromkeys(declared), **(row.inputs or {})}
            scope = {**self._scope, "inputs": inputs}
            events, refused = _events(source.incoming, scope, [raw])
            faults += [(row, fault) for fault in refused]
            meant += [_Meant(row, source.incoming, event) for event in events]
        return meant, faults


def _events(
    incoming: Incoming, scope: Mapping[str, Any], raws: Sequence[Any]
) -> tuple[list[Event], list[Refused]]:
    """The events among raw ones, and why others are none."""
    events: list[Event] = []
    refused: list[Refused] = []
    for raw in raws:
        try:
            event = event_of(incoming, scope, raw)
        except Refused as error:
            refused.append(error)
        else:
            if event is not None:
                events.append(event)
    return events, refused


def _reject(state: State, row: Registration, refused: Refused) -> None:
    state.event_log.add(row.id, "rejected", message=f"{refused.status}: {refused.message}")


async def _start(state: State, meant: Sequence[_Meant]) -> None:
    """Returns when each event has its run or is held durably."""
    taken = [
        (
            one.registration,
            TakenEvent(
                registration_id=one.registration.id,
                key=one.event.key,
                value=one.event.value,
                fetch=one.incoming.fetch is not None,
            ),
        )
        for one in meant
    ]
    if len(taken) <= AT_A_TIME:
        await state.taken_events.start_all(taken)
    else:
        await hand_over(state.temporal, taken)
