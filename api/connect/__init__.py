"""The pages on which end users connect their accounts, and where apps send them back to."""

from __future__ import annotations

from fastapi import APIRouter

from api.connect import assets, callback, pages

router = APIRouter()
# The fixed paths come before `/connect/{secret}`.
router.include_router(assets.router)
router.include_router(pages.router)
router.include_router(callback.router)
