"""Tracker's HTTP routes: pages for people, OAuth 2.0 for clients, resources for their programs."""

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from authlib.oauth2 import OAuth2Error
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from examples.tracker.oauth import OAuthServer, StarletteOAuthRequest, Token
from examples.tracker.pages import consent_page, home_page, page, sign_in_page
from examples.tracker.state import (
    PROJECTS,
    Announcement,
    Comment,
    Config,
    NewText,
    NewTicket,
    State,
    Ticket,
    User,
    project_of,
)
from examples.tracker.webhooks import Emission, NewWebhook, Webhook, Webhooks

COOKIE = "tracker_session"
PAGE_SIZE = 20

Created = TypeVar("Created")
Needs = Callable[[str], Callable[[Request], Awaitable[User]]]
"""Gives the dependency that lets users with a scope in."""


def create_app(config: Config) -> FastAPI:
    """The whole of Tracker."""
    state = State(config)
    server = OAuthServer(state)
    app = FastAPI(title="Tracker")

    @app.exception_handler(OAuth2Error)
    async def oauth_error(request: Request, error: OAuth2Error) -> Response:
        return JSONResponse(
            {"error": error.error, "error_description": error.description},
            error.status_code,
            dict(error.get_headers()),
        )

    @app.get("/", include_in_schema=False)
    async def home() -> Response:
        return home_page(state)

    @app.get("/health", include_in_schema=False)
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    _add_oauth_routes(app, state, server)
    needs = _access(state, server)
    _add_project_routes(app, state, needs)
    _add_resource_routes(app, state, needs)
    _add_webhook_routes(app, Webhooks(), needs)
    return app


def _add_oauth_routes(app: FastAPI, state: State, server: OAuthServer) -> None:
    @app.get("/oauth/authorize", include_in_schema=False)
    async def authorize(request: Request) -> Response:
        user = _signed_in(state, request)
        try:
            grant = server.get_consent_grant(StarletteOAuthRequest(request), user)
        except OAuth2Error as error:
            # Never back to a redirect URI that was not checked.
            return page("This request is not right", f"<p>{error.error}</p>", 400)
        if user is None:
            return sign_in_page(request.url.query, state.config.users)
        scope = grant.client.get_allowed_scope(grant.request.scope)
        return consent_page(request.url.query, user, scope, _form_token(request))

    @app.post("/oauth/sign-in", include_in_schema=False)
    async def sign_in(request: Request) -> Response:
        form = await request.form()
        session = state.sign_in(str(form.get("user", "")), str(form.get("password", "")))
        if session is None:
            return sign_in_page(request.url.query, state.config.users, "User or password is wrong.")
        answer = RedirectResponse(f"/oauth/authorize?{request.url.query}", 303)
        answer.set_cookie(COOKIE, session, httponly=True, samesite="lax")
        return answer

    @app.post("/oauth/authorize", include_in_schema=False)
    async def decide(request: Request) -> Response:
        user = _signed_in(state, request)
        form = await request.form()
        if user is None:
            return sign_in_page(request.url.query, state.config.users)
        if not secrets.compare_digest(str(form.get("form_token", "")), _form_token(request)):
            return page("This page is too old", "<p>Please start again.</p>", 403)
        oauth_request = StarletteOAuthRequest(request)
        grant = server.get_consent_grant(oauth_request, user)
        allowed = form.get("decision") == "allow"
        answer: Response = server.create_authorization_response(
            oauth_request, grant_user=user if allowed else None, grant=grant
        )
        return answer

    @app.post("/oauth/token", include_in_schema=False)
    async def token(request: Request) -> Response:
        form = await request.form()
        answer: Response = server.create_token_response(StarletteOAuthRequest(request, form))
        return answer


def _access(state: State, server: OAuthServer) -> Needs:
    def needs(scope: str) -> Callable[[Request], Awaitable[User]]:
        async def authenticate(request: Request) -> User:
            await asyncio.sleep(state.config.latency)
            token: Token = server.protector.validate_request([scope], request)
            return token.user

        return authenticate

    return needs


def _add_webhook_routes(app: FastAPI, webhooks: Webhooks, needs: Needs) -> None:
    reader = Depends(needs("tickets:read"))

    @app.post("/api/webhooks", status_code=201)
    async def subscribe(new: NewWebhook, user: Annotated[User, reader]) -> Webhook:
        return webhooks.subscribe(user, new)

    @app.delete("/api/webhooks/{webhook_id}", status_code=204)
    async def unsubscribe(webhook_id: str, user: Annotated[User, reader]) -> None:
        if not webhooks.unsubscribe(user, webhook_id):
            raise HTTPException(404, f"there is no webhook {webhook_id}")

    @app.post("/emit", status_code=202)
    async def emit(emission: Emission) -> dict[str, Any]:
        """For whoever watches: a ticket is closed, and Tracker tells it as it would any day."""
        told = webhooks.emit(emission)
        if not told:
            raise HTTPException(404, f"nobody listens to what happens to {emission.user_id}")
        return {"eventId": emission.event_id, "deliveries": told}


def _add_project_routes(app: FastAPI, state: State, needs: Needs) -> None:
    reader = Depends(needs("tickets:read"))

    @app.get("/api/projects", dependencies=[reader])
    async def list_projects(search: str = "") -> dict[str, Any]:
        found = [project for project in PROJECTS if search.lower() in project.name.lower()]
        return {"projects": [project.model_dump(exclude={"members"}) for project in found]}

    @app.get("/api/projects/{project_id}/members", dependencies=[reader])
    async def list_members(project_id: str) -> dict[str, Any]:
        project = project_of(project_id)
        if project is None:
            raise HTTPException(404, f"there is no project {project_id}")
        users = [user for user in state.config.users if user.id in project.members]
        return {"members": [{"id": user.id, "name": user.name} for user in users]}


def _add_resource_routes(app: FastAPI, state: State, needs: Needs) -> None:
    reader = Depends(needs("tickets:read"))
    writer = Depends(needs("tickets:write"))
    announcer = Depends(needs("announcements:write"))

    @app.get("/api/me")
    async def me(user: Annotated[User, reader]) -> dict[str, str]:
        return {"id": user.id, "name": user.name, "email": user.email}

    @app.get("/api/tickets")
    async def list_tickets(
        user: Annotated[User, reader], cursor: int = 0, search: str = ""
    ) -> dict[str, Any]:
        own = [
            ticket
            for ticket in state.tickets.values()
            if ticket.author == user.id and search.lower() in ticket.title.lower()
        ]
        end = max(cursor, 0) + PAGE_SIZE
        return {
            "tickets": own[max(cursor, 0) : end],
            "next_cursor": str(end) if end < len(own) else None,
        }

    @app.post("/api/tickets", status_code=201)
    async def create_ticket(
        new: NewTicket,
        request: Request,
        user: Annotated[User, writer],
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> Ticket:
        def create() -> Ticket:
            ticket_id = f"TRK-{len(state.tickets) + 1}"
            ticket = Ticket(
                id=ticket_id,
                author=user.id,
                url=str(request.url_for("get_ticket", ticket_id=ticket_id)),
                **new.model_dump(),
            )
            state.tickets[ticket.id] = ticket
            return ticket

        return once(state, user, idempotency_key, ("ticket", new), create)

    @app.get("/api/tickets/{ticket_id}")
    async def get_ticket(ticket_id: str, user: Annotated[User, reader]) -> Ticket:
        return _ticket(state, user, ticket_id)

    @app.post("/api/tickets/{ticket_id}/comments", status_code=201)
    async def add_comment(
        ticket_id: str,
        new: NewText,
        user: Annotated[User, writer],
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> Comment:
        ticket = _ticket(state, user, ticket_id)

        def create() -> Comment:
            comment = Comment(
                id=f"{ticket.id}.{len(ticket.comments) + 1}", text=new.text, author=user.id
            )
            ticket.comments.append(comment)
            return comment

        return once(state, user, idempotency_key, ("comment", ticket_id, new), create)

    @app.post("/api/announcements", status_code=201)
    async def announce(
        new: NewText,
        user: Annotated[User, announcer],
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> Announcement:
        def create() -> Announcement:
            announcement = Announcement(
                id=f"ANN-{len(state.announcements) + 1}", text=new.text, author=user.id
            )
            state.announcements.append(announcement)
            return announcement

        return once(state, user, idempotency_key, ("announcement", new), create)


def once(
    state: State, user: User, key: str | None, asked: object, create: Callable[[], Created]
) -> Created:
    """Creates what is asked, once for each `Idempotency-Key` of a user.

    Raises HTTPException 422 when the key was used for something else.
    """
    if key is None:
        return create()
    earlier = state.answered.get((user.id, key))
    if earlier is None:
        earlier = state.answered[user.id, key] = (asked, create())
    if earlier[0] != asked:
        raise HTTPException(422, "this Idempotency-Key was used for another request")
    created: Created = earlier[1]
    return created


def _ticket(state: State, user: User, ticket_id: str) -> Ticket:
    ticket = state.tickets.get(ticket_id)
    if ticket is None or ticket.author != user.id:
        raise HTTPException(404, f"there is no ticket {ticket_id}")
    return ticket


def _signed_in(state: State, request: Request) -> User | None:
    return state.sessions.get(request.cookies.get(COOKIE, ""))


def _form_token(request: Request) -> str:
    # Only Tracker's own pages know the cookie, so that no other site can agree for a user.
    return hashlib.sha256(b"form:" + request.cookies.get(COOKIE, "").encode()).hexdigest()
