"""What aircraft mean to do next, as the probe flies it: straight to the next waypoint, and on beyond it as they arrive.

Only the next waypoint is reckoned with. Beyond it nothing is known, and a turn takes no time.
**Source**: initial course of a great circle (Snyder 1987, equation 5-4b).
"""

import numpy as np

from watchfloor.base.geodesy import MEAN_RADIUS_M, Floats

NEAREST_M = 1852.0


def courses(lat_deg: Floats, lon_deg: Floats, trk_deg: Floats, next_lat_deg: Floats, next_lon_deg: Floats) -> Floats:
    """The courses that aircraft will hold [deg true]: to their next waypoints, or their tracks.

    **Args**: shapes `(n,)` [deg]; NaN where no waypoint is known.
    **Doubt**: a waypoint nearer than 1 NM may be behind already; then the track counts.
    """
    lat, ahead = np.radians(lat_deg), np.radians(next_lat_deg)
    turn = np.radians(next_lon_deg - lon_deg)
    east, north = (
        np.sin(turn) * np.cos(ahead),
        np.cos(lat) * np.sin(ahead) - np.sin(lat) * np.cos(ahead) * np.cos(turn),
    )
    along = np.sin(lat) * np.sin(ahead) + np.cos(lat) * np.cos(ahead) * np.cos(turn)
    away_m = MEAN_RADIUS_M * np.arctan2(np.hypot(east, north), along)
    course = np.degrees(np.arctan2(east, north)) % 360.0
    return np.where(away_m > NEAREST_M, course, trk_deg)
