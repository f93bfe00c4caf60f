"""What this machine computes with, as the record keeps it beside what was computed."""

import platform

import numpy as np
import zstandard

from watchfloor.base.labels import Label
from watchfloor.messages.keeping import EngineNamed

POSITION_TOLERANCE_E7DEG = 10
LEVEL_TOLERANCE_FT = 1


def engine_here(label: Label) -> EngineNamed:
    """Versions and processor features, and the tolerance within which another engine must come to the same picture."""
    features = np.show_config(mode="dicts").get("SIMD Extensions", {})
    found = sorted({*features.get("baseline", ()), *features.get("found", ())})
    return EngineNamed(
        python=platform.python_version(),
        numpy=np.__version__,
        zstd=".".join(str(part) for part in zstandard.ZSTD_VERSION),
        machine=f"{platform.system()} {platform.machine()}",
        processor_features=tuple(found),
        position_tolerance_e7deg=POSITION_TOLERANCE_E7DEG,
        level_tolerance_ft=LEVEL_TOLERANCE_FT,
        label=label,
    )
