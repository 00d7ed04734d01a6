"""Apps of a folder of one's own, at the provider whose switches tests turn."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" onload="alert(1)">'
    "<script>alert(2)</script>"
    '<path fill="#0a66c2" d="M3 4h18v4H3zM3 10h12v4H3zM3 16h15v4H3z"/></svg>'
)
"""A logo that would run scripts if it stood in the page itself."""

_LEDGERLY = """
    key: ledgerly
    name: Ledgerly
    base_url: "{provider}"
    auth:
      type: api_key
      desc: Open Ledgerly, go to Settings and then API, and make a key for this connection.
      fields:
        - name: region
          type: select
          label: Region
          options:
            - {{value: eu, label: Europe}}
            - {{value: us, label: United States}}
            - {{value: own, label: Own server}}
          default: eu
        - name: host
          type: url
          label: Address of your server
          desc: As you see it in the address bar.
          example: https://ledgerly.example.com
          show_when: {{key: region, value: own}}
        - name: book
          type: tel
          label: Telephone of the bookkeeper
          is_optional: true
          show_when: {{key: region, value: own}}
        - name: email
          type: email
          label: E-mail address
          example: you@example.com
        - name: apiKey
          type: password
          label: API key
          desc: Settings → API → New key
          pattern: "[a-zA-Z0-9-]+"
          example: lk-3f9a
        - name: ledger
          type: number
          label: Number of the ledger
          is_optional: true
        - name: certificate
          type: textarea
          label: Certificate
          is_optional: true
          secret: true
          show: false
      apply:
        - {{in: header, name: X-API-Key, template: "{{{{ fields.apiKey }}}}"}}
      verify:
        path: /keys/header
        account: {{id: body.id, email: body.email}}
"""
_CALENDAR = """
    key: acme-calendar
    name: Acme Calendar
    base_url: "{provider}"
    auth:
      type: oauth2
      authorize: {{url: "{provider}/oauth2/authorize", default_scopes: [calendar.read]}}
      token: {{url: "{provider}/oauth2/token"}}
      apply:
        - {{in: header, name: Authorization, template: "Bearer {{{{ credential.access_token }}}}"}}
      verify:
        path: /api/me
        account: {{id: body.id, email: body.email}}
"""
_HELPDESK = """
    key: helpdesk
    name: Helpdesk Pro
    base_url: "{provider}"
    auth:
      type: oauth2
      fields:
        - name: site
          label: Subdomain
          desc: As in the address of your helpdesk.
          prefix: https://
          suffix: .helpdesk.example
          pattern: "[a-z0-9-]+"
          example: acme
      authorize: {{url: "{provider}/oauth2/authorize"}}
      token: {{url: "{provider}/oauth2/token"}}
"""
_NOTEBOOK = """
    key: notebook
    name: Notebook
    base_url: "{provider}"
    auth:
      type: oauth1
      endpoints:
        request_token: "{provider}/oauth1/request_token"
        authorize: "{provider}/oauth1/authorize"
        access_token: "{provider}/oauth1/access_token"
      verify:
        path: /oauth1/resource
        account: {{id: body.id, email: body.email}}
"""
_CERTIFIED = """
    key: lasting
    name: Certified
    base_url: "{certified}"
    auth:
      type: oauth2
      authorize:
        url: "{certified}/auth"
        params: {{prompt: consent}}
        default_scopes: [openid, offline_access]
      token: {{url: "{certified}/token", client_auth: basic}}
      revoke: {{url: "{certified}/token/revocation"}}
      verify:
        path: /me
        account: {{id: body.sub, name: "body.?name.orValue(body.sub)"}}
"""


def write_apps(folder: Path, provider: str, certified: str = "") -> Path:
    """Ledgerly has a form, Acme Calendar OAuth 2, Notebook OAuth 1; Helpdesk Pro asks before it.

    `certified`: where the provider is that is not ours.
    """
    texts = [_LEDGERLY, _CALENDAR, _HELPDESK, _NOTEBOOK, *([_CERTIFIED] if certified else [])]
    for text in texts:
        manifest = dedent(text).strip().format(provider=provider, certified=certified)
        place = folder / manifest.splitlines()[0].removeprefix("key: ")
        place.mkdir(parents=True)
        (place / "app.yaml").write_text(manifest)
        (place / "logo.svg").write_text(LOGO)
    return folder
