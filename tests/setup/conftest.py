"""infra/setup is a folder that is run, so its modules are found by putting it on the path."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "infra" / "setup"
sys.path.insert(0, str(FOLDER))
