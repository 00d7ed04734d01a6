"""Prints our OpenAPI document, from which `npm run schema` makes src/api/schema.d.ts."""

from __future__ import annotations

import json
import sys

from api.app import create_app
from settings import Settings

json.dump(create_app(Settings()).openapi(), sys.stdout)
