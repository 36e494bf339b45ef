"""Property tests of pure rules, judged without a clock."""

from __future__ import annotations

from tests.properties import without_haste

without_haste()
