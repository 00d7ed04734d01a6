"""Tracker: a small ticket tracker, as any third-party app that speaks OAuth 2.0."""
