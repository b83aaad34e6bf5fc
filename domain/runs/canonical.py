"""Values as texts that can be compared."""

import json
from typing import Any


def canonical(value: Any) -> str:
    """Equal values have equal texts."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True)
