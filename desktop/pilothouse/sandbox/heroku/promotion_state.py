"""What the practice Heroku remembers of promotions; a part of its `state`. Moments are UTC."""

from __future__ import annotations

from datetime import datetime

import msgspec


class PromotionTarget(msgspec.Struct):
    """What a promotion came to on one app."""

    id: str
    app_id: str
    release_id: str | None = None
    status: str = "pending"
    error_message: str | None = None


class Promotion(msgspec.Struct):
    """A release of one app on its way to other apps of the pipeline."""

    id: str
    pipeline_id: str
    source_app_id: str
    source_release_id: str
    targets: list[PromotionTarget]
    created_at: datetime
    updated_at: datetime | None = None
