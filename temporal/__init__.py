"""How Inlay talks to Temporal: client, payload encryption, large payloads, the dev server."""
