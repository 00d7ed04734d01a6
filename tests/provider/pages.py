"""What a browser sees: a sign-in with Allow and Deny, and a page that says what was wrong."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 0; background: #eef1f6; color: #1b2430; }}
main {{ max-width: 24rem; margin: 10vh auto; padding: 2rem; background: #fff;
  border-radius: .75rem; box-shadow: 0 1px 6px #0003; }}
h1 {{ font-size: 1.25rem; margin: 0 0 1rem; }}
label {{ display: block; font-weight: 600; }}
input {{ box-sizing: border-box; width: 100%; font: inherit; padding: .6rem; margin: .25rem 0 1rem;
  border: 1px solid #6b7684; border-radius: .4rem; }}
button {{ font: inherit; padding: .6rem 1.2rem; border: 1px solid #234fb3; border-radius: .4rem;
  background: #234fb3; color: #fff; }}
button + button {{ background: #fff; color: #234fb3; margin-left: .5rem; }}
:focus-visible {{ outline: 3px solid #e08600; outline-offset: 2px; }}
</style>
</head>
<body><main><h1>{title}</h1>
{body}
</main></body>
</html>
"""


def consent(client: str, scopes: list[str], user: str) -> HTMLResponse:
    """Asks who signs in, and whether they allow it. Posts `user` and `decision` to its own URL."""
    asked = "".join(f"<li>{escape(scope)}</li>" for scope in scopes)
    body = f"""<p><strong>{escape(client)}</strong> asks for access to your account.</p>
{f"<ul>{asked}</ul>" if asked else ""}
<form method="post">
<label for="user">User name</label>
<input id="user" name="user" value="{escape(user)}" autocomplete="username" required>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form>"""
    return HTMLResponse(_PAGE.format(title="Sign in to Provider", body=body))


def refusal(why: str, status: int) -> HTMLResponse:
    body = f'<p role="alert">{escape(why)}</p>'
    return HTMLResponse(_PAGE.format(title="Provider cannot go on", body=body), status)
