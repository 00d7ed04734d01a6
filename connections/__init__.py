"""Accounts at apps: OAuth 2.0, credential fields, encryption, refresh exactly once."""
