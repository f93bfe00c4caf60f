"""Where aircraft are and how they move, as estimates with their doubt: one Kalman filter over arrays of them.

An estimate is a row of `WIDTH` floats, and every function takes and gives whole arrays of rows:

| part | floats | meaning |
|---|---|---|
| time | 1 | of applicability [us] |
| place | 3 | Earth-centred, on the ellipsoid [m] |
| axes | 6 | two unit vectors that span the plane tangent to it there; they are carried along, never reckoned anew |
| velocity | 2 | along these axes [m/s] |
| doubt | 16 | covariance of place and velocity along the axes, 4 x 4 [m2, m2/s, m2/s2] |

Axes that travel with the aircraft have no north, so that neither the poles nor the date line are special.

**Frame**: WGS 84, Earth-centred, Earth-fixed. **Source**: nearly constant velocity, Bar-Shalom, Li, Kirubarajan 2001,
section 6.2.2; a report older than the estimate as in Bar-Shalom 2002 (algorithm B), without the correlated part.
"""

import numpy as np

from watchfloor.base.geodesy import Floats, along_ground, ecef_from_wgs84, wgs84_from_ecef
from watchfloor.base.units import US_PER_S

WIDTH = 28
TIME, PLACE, FIRST, SECOND, VELOCITY, DOUBT = 0, slice(1, 4), slice(4, 7), slice(7, 10), slice(10, 12), slice(12, 28)
SMOOTH_M2PS3 = 10.0  # how much an aircraft may change its way, unless it plainly does more
TURNING_M2PS3 = 150.0
TURNS_ABOVE = 3.0  # squared Mahalanobis distance, 2 degrees of freedom: one in five of those that fly straight
UNKNOWN_MPS = 150.0


def begin(toa_us: Floats, places: Floats, errors: Floats) -> Floats:
    """Estimates from one report each, with a velocity that nobody knows yet.

    **Args**: `toa_us`: `(n,)` [us]; `places`: `(n, 3)` [m]; `errors`: `(n, 2, 3)` [m], see `error_vectors`.
    **Returns**: `(n, WIDTH)`.
    """
    rows = np.zeros((len(toa_us), WIDTH))
    rows[:, TIME], rows[:, PLACE] = toa_us, places
    rows[:, FIRST], rows[:, SECOND] = _axes(places)
    doubt = np.zeros((len(rows), 4, 4))
    doubt[:, :2, :2] = _noise(rows, errors)
    doubt[:, 2, 2] = doubt[:, 3, 3] = UNKNOWN_MPS**2
    rows[:, DOUBT] = doubt.reshape(-1, 16)
    return rows


def believe(toa_us: Floats, places: Floats, velocities: Floats, error_m: Floats, error_mps: Floats) -> Floats:
    """Estimates that are what aircraft say of themselves.

    **Args**: `velocities`: `(n, 3)` [m/s], Earth-centred; `error_m`, `error_mps`: one sigma, `(n,)`.
    """
    rows = np.zeros((len(toa_us), WIDTH))
    rows[:, TIME], rows[:, PLACE] = toa_us, places
    rows[:, FIRST], rows[:, SECOND] = _axes(places)
    rows[:, 10] = _dot(velocities, rows[:, FIRST])
    rows[:, 11] = _dot(velocities, rows[:, SECOND])
    for axis in range(2):
        rows[:, 12 + 5 * axis] = error_m**2
        rows[:, 22 + 5 * axis] = error_mps**2
    return rows


def predict(rows: Floats, toa_us: Floats, change_m2ps3: float | None = None) -> Floats:
    """The estimates at later times; what is asked for an earlier time stays as it is.

    **Args**: `rows`: `(n, WIDTH)`; `toa_us`: `(n,)` [us]; `change_m2ps3`: spectral density of accelerations.
    """
    dt_s = np.maximum(toa_us - rows[:, TIME], 0.0) / US_PER_S
    later = rows.copy()
    later[:, TIME] = np.maximum(toa_us, rows[:, TIME])
    _move(later, rows[:, VELOCITY] * dt_s[:, None])
    doubt = rows[:, DOUBT].reshape(-1, 4, 4)
    there, across, motion = doubt[:, :2, :2], doubt[:, :2, 2:], doubt[:, 2:, 2:]
    dt, eye = dt_s[:, None, None], np.eye(2)
    grows = (SMOOTH_M2PS3 if change_m2ps3 is None else change_m2ps3) * eye
    moved = np.empty_like(doubt)
    moved[:, :2, :2] = there + dt * (across + across.transpose(0, 2, 1)) + dt**2 * motion + grows * dt**3 / 3
    moved[:, :2, 2:] = across + dt * motion + grows * dt**2 / 2
    moved[:, 2:, :2] = moved[:, :2, 2:].transpose(0, 2, 1)
    moved[:, 2:, 2:] = motion + grows * dt
    later[:, DOUBT] = moved.reshape(-1, 16)
    return later


def error_vectors(lat_deg: Floats, lon_deg: Floats, bearing_deg: Floats, along_m: Floats, across_m: Floats) -> Floats:
    """One-sigma errors along a bearing and across it, as Earth-centred vectors.

    **Args**: shapes `(n,)` [deg, deg, deg true, m, m]. **Returns**: `(n, 2, 3)` [m].
    """
    lat, lon, bearing = np.radians(lat_deg), np.radians(lon_deg), np.radians(bearing_deg)
    east = np.stack((-np.sin(lon), np.cos(lon), np.zeros_like(lon)), axis=-1)
    north = np.stack((-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)), axis=-1)
    sine, cosine = np.sin(bearing)[:, None], np.cos(bearing)[:, None]
    along = (sine * east + cosine * north) * along_m[:, None]
    return np.stack((along, (cosine * east - sine * north) * across_m[:, None]), axis=1)


class Surprise:
    """How far reports are from where estimates put them, pair by pair; the middle of an update, kept for its gain.

    **Args**: `rows`: `(n, WIDTH)`, predicted to the reports' times, or younger than they; `toa_us`: `(n,)` [us];
    `places`: `(n, 3)` [m]; `errors`: `(n, 2, 3)` [m].
    """

    def __init__(self, rows: Floats, toa_us: Floats, places: Floats, errors: Floats) -> None:
        self.rows = rows
        back_s = np.minimum(toa_us - rows[:, TIME], 0.0) / US_PER_S
        doubt = rows[:, DOUBT].reshape(-1, 4, 4)
        there, across, motion = doubt[:, :2, :2], doubt[:, :2, 2:], doubt[:, 2:, 2:]
        back = back_s[:, None, None]
        self._carried = np.concatenate((there + back * across, across.transpose(0, 2, 1) + back * motion), axis=1)
        spread = self._carried[:, :2] + back * self._carried[:, 2:] + _noise(rows, errors)
        spread += (SMOOTH_M2PS3 * np.abs(back) ** 3 / 3) * np.eye(2)
        gap = places - rows[:, PLACE]
        self._gap = np.stack((_dot(gap, rows[:, FIRST]), _dot(gap, rows[:, SECOND])), axis=-1)
        self._gap -= rows[:, VELOCITY] * back_s[:, None]
        a, b, d = spread[:, 0, 0], spread[:, 0, 1], spread[:, 1, 1]
        self.area_m4 = a * d - b * b
        self._inverse = np.stack((np.stack((d, -b), -1), np.stack((-b, a), -1)), axis=1) / self.area_m4[:, None, None]
        self._spread = spread
        self.squared = np.einsum("ni,nij,nj->n", self._gap, self._inverse, self._gap)

    def resolve(self) -> Floats:
        """The estimates with the reports taken in: `(n, WIDTH)`."""
        gain = self._carried @ self._inverse
        step = np.einsum("nij,nj->ni", gain, self._gap)
        after = self.rows.copy()
        _move(after, step[:, :2])
        after[:, VELOCITY] += step[:, 2:]
        doubt = self.rows[:, DOUBT].reshape(-1, 4, 4) - gain @ self._spread @ gain.transpose(0, 2, 1)
        after[:, DOUBT] = ((doubt + doubt.transpose(0, 2, 1)) / 2).reshape(-1, 16)
        return after


def update(rows: Floats, toa_us: Floats, places: Floats, errors: Floats) -> Floats:
    """The estimates after a report each; one that comes as a surprise is taken as a turn, and followed faster.

    **Args**: as in `Surprise`, but rows of any earlier time.
    """
    surprise = Surprise(predict(rows, toa_us), toa_us, places, errors)
    turns = surprise.squared > TURNS_ABOVE
    after = surprise.resolve()
    if turns.any():
        ahead = predict(rows[turns], toa_us[turns], TURNING_M2PS3)
        after[turns] = Surprise(ahead, toa_us[turns], places[turns], errors[turns]).resolve()
    return after


def apart(rows: Floats, others: Floats) -> tuple[Floats, Floats]:
    """How far pairs of estimates of one time are apart: squared Mahalanobis distance of places, and velocities [m/s].

    **Args**: `(n, WIDTH)` each. **Returns**: `(n,)` each. **Doubt**: their errors are taken as independent.
    """
    errors = np.zeros((len(rows), 2, 3))
    covariances = others[:, DOUBT].reshape(-1, 4, 4)[:, :2, :2]
    roots = np.linalg.cholesky(covariances)  # columns are errors along the other's axes
    for column in range(2):
        errors[:, column] = roots[:, :1, column] * others[:, FIRST] + roots[:, 1:, column] * others[:, SECOND]
    places = Surprise(rows, rows[:, TIME], others[:, PLACE], errors)
    differing = _velocity(rows) - _velocity(others)
    return places.squared, np.sqrt(_dot(differing, differing))


def told(rows: Floats) -> list[tuple[float, float, float, float]]:
    """Latitude and longitude [deg], speed over ground [m/s] and track [deg true] of each estimate."""
    lat_deg, lon_deg = wgs84_from_ecef(rows[:, PLACE])
    east, north = along_ground(lat_deg, lon_deg, _velocity(rows))
    trk_deg = np.degrees(np.arctan2(east, north)) % 360.0
    return list(zip(*(part.tolist() for part in (lat_deg, lon_deg, np.hypot(east, north), trk_deg)), strict=True))


def _velocity(rows: Floats) -> Floats:
    return rows[:, 10:11] * rows[:, FIRST] + rows[:, 11:12] * rows[:, SECOND]


def _move(rows: Floats, steps: Floats) -> None:
    """Move places along their axes, back onto the ellipsoid, and turn the axes with it: `steps` `(n, 2)` [m]."""
    raised = rows[:, PLACE] + steps[:, :1] * rows[:, FIRST] + steps[:, 1:] * rows[:, SECOND]
    lat_deg, lon_deg = wgs84_from_ecef(raised)
    rows[:, PLACE] = ecef_from_wgs84(lat_deg, lon_deg)
    up = _up(lat_deg, lon_deg)
    first = rows[:, FIRST] - _dot(rows[:, FIRST], up)[:, None] * up
    rows[:, FIRST] = first / np.sqrt(_dot(first, first))[:, None]
    rows[:, SECOND] = _cross(up, rows[:, FIRST])


def _axes(places: Floats) -> tuple[Floats, Floats]:
    """Two unit vectors along the ground at places; which way they point is of no meaning."""
    up = _up(*wgs84_from_ecef(places))
    least = np.eye(3)[np.argmin(np.abs(up), axis=1)]
    first = least - _dot(least, up)[:, None] * up
    first /= np.sqrt(_dot(first, first))[:, None]
    return first, _cross(up, first)


def _up(lat_deg: Floats, lon_deg: Floats) -> Floats:
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    return np.stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)), axis=-1)


def _noise(rows: Floats, errors: Floats) -> Floats:
    """Covariance of reports along the rows' axes: `(n, 2, 2)` [m2]."""
    along = np.stack(
        (np.einsum("nki,ni->nk", errors, rows[:, FIRST]), np.einsum("nki,ni->nk", errors, rows[:, SECOND])), axis=1
    )
    noise: Floats = along @ along.transpose(0, 2, 1)
    return noise


def _cross(one: Floats, other: Floats) -> Floats:
    (a, b, c), (x, y, z) = one.T, other.T
    return np.stack((b * z - c * y, c * x - a * z, a * y - b * x), axis=-1)


def _dot(one: Floats, other: Floats) -> Floats:
    product: Floats = np.einsum("ni,ni->n", one, other)
    return product
