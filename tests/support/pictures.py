"""Where the pictures of the docs go: a test run leaves the checkout as it was, unless it is asked for new ones."""

import os
import tempfile
from pathlib import Path


def picture(name: str) -> Path:
    """Where to put a picture: the folder `WATCHFLOOR_PICTURES` (`docs` for the docs' own), else one to forget."""
    return Path(os.environ.get("WATCHFLOOR_PICTURES") or tempfile.mkdtemp()) / name
