"""Tracker's web pages: sign in, agree, and look at the tickets."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

from examples.tracker.oauth import SCOPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from examples.tracker.state import State, User

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }
form { display: grid; gap: .75rem; max-width: 20rem }
input, button { font: inherit; padding: .4rem }
li { margin-bottom: .5rem } small { color: #555 } .error { color: #b00020 }
"""


def page(title: str, body: str, status: int = 200) -> HTMLResponse:
    """A whole page; `body` is HTML, `title` is text."""
    name = escape(title)
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{name} - Tracker</title>'
        f"<style>{STYLE}</style><h1>{name}</h1>{body}</html>",
        status,
    )


def sign_in_page(query: str, users: Sequence[User], error: str = "") -> HTMLResponse:
    """Asks who is there, and says who could be: Tracker is there to be tried.

    `query` is that of the authorization request.
    """
    known = "".join(f"<li>{escape(user.id)}, {escape(user.password)}</li>" for user in users)
    message = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    return page(
        "Sign in",
        f'{message}<form method="post" action="/oauth/sign-in?{escape(query)}">'
        '<label>User <input name="user" autocomplete="username" required></label>'
        '<label>Password <input name="password" type="password"'
        ' autocomplete="current-password" required></label>'
        f"<button>Sign in</button></form><p>Users and passwords to try:</p><ul>{known}</ul>",
        401 if error else 200,
    )


def consent_page(query: str, user: User, scope: str, form_token: str) -> HTMLResponse:
    """Asks a signed-in user whether the client may have what it asks for."""
    asked = "".join(f"<li>{escape(SCOPES[name])}</li>" for name in scope.split())
    return page(
        "Allow access?",
        f"<p>{escape(user.name)}, an application would like to:</p><ul>{asked}</ul>"
        f'<form method="post" action="/oauth/authorize?{escape(query)}">'
        f'<input type="hidden" name="form_token" value="{escape(form_token)}">'
        '<button name="decision" value="allow">Allow</button>'
        '<button name="decision" value="deny">Deny</button></form>',
    )


def home_page(state: State) -> HTMLResponse:
    """All announcements and tickets."""
    announcements = "".join(
        f"<li>{escape(item.text)} <small>{escape(item.author)}</small></li>"
        for item in state.announcements
    )
    tickets = "".join(
        f"<li>{escape(ticket.id)}: {escape(ticket.title)}"
        f" <small>{escape(ticket.priority)}, {escape(ticket.author)}</small><ul>"
        + "".join(
            f"<li>{escape(comment.text)} <small>{escape(comment.author)}</small></li>"
            for comment in ticket.comments
        )
        + "</ul></li>"
        for ticket in state.tickets.values()
    )
    return page(
        "Tracker",
        f"<h2>Announcements</h2><ul>{announcements}</ul><h2>Tickets</h2><ul>{tickets}</ul>",
    )
