"""A provider whose switches reproduce the quirks of real apps' authentication, for tests.

`fixtures.py` serves it inside the tests, `python -m tests.provider --port N --set name=value` as a
program. GET /_control tells what it received, PATCH changes switches, DELETE begins anew.
"""
