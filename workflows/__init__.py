"""Deterministic code that Temporal runs and replays."""
