"""Stone Soup's global-nearest-neighbour tracker over scans: run by the Python of its own environment.

usage: python stonesoup_tracker.py SCANS.json PARAMS.json ; prints one JSON object: its tracks' places at each time that
was asked for, and the CPU seconds that they took. State: [x, vx, y, vy] in metres and metres a second.
"""

import bisect
import datetime as dt
import functools
import json
import sys
import time
from pathlib import Path

import numpy as np
from stonesoup.base import Property
from stonesoup.dataassociator.neighbour import GNNWith2DAssignment
from stonesoup.deleter.time import UpdateTimeDeleter
from stonesoup.gater.base import Gater
from stonesoup.gater.filtered import FilteredDetectionsGater
from stonesoup.hypothesiser.distance import DistanceHypothesiser
from stonesoup.initiator.simple import MultiMeasurementInitiator
from stonesoup.initiator.wrapper import StatesLengthLimiter
from stonesoup.measures import Mahalanobis
from stonesoup.models.measurement.linear import LinearGaussian
from stonesoup.models.transition.linear import CombinedLinearGaussianTransitionModel, ConstantVelocity
from stonesoup.predictor.kalman import KalmanPredictor
from stonesoup.tracker.simple import MultiTargetTracker
from stonesoup.types.detection import Detection
from stonesoup.types.state import GaussianState
from stonesoup.updater.kalman import KalmanUpdater

DEFAULTS = {
    "q": 10.0,  # process noise spectral density, m2/s3, each axis
    "gate": 4.0,  # Mahalanobis distance of a missed detection, and so the gate
    "initiate_points": 3,  # detections that confirm a tentative track
    "hold_delete_s": 7.0,  # a tentative track dies after so long without a detection
    "delete_after_s": 12.0,  # a confirmed track dies after so long without one
    "prior_speed_mps": 150.0,  # standard deviation of a new track's velocity, each axis
}
EPOCH = dt.datetime(2000, 1, 1)
PLACES = [0, 2]


def at(seconds):
    return EPOCH + dt.timedelta(seconds=seconds)


class Motion(CombinedLinearGaussianTransitionModel):
    """The library's model, whose two matrices, of the time step alone, are made once a step."""

    @functools.lru_cache  # noqa: B019  # one model lives as long as the program
    def _of_step(self, step):
        return super().matrix(time_interval=step), super().covar(time_interval=step)

    def matrix(self, time_interval, **_):
        return self._of_step(time_interval)[0]

    def covar(self, time_interval, **_):
        return self._of_step(time_interval)[1]


class CoarseGater(Gater):
    """Only the detections in the box around a track's gate ellipse: it loses none, and spares most of the pairs."""

    predictor: KalmanPredictor = Property(doc="Predicts tracks to the time of the scan")
    gate: float = Property(doc="Mahalanobis distance of the gate")
    scan: object = Property(default=None, doc="The detections that the arrays were made of")

    def hypothesise(self, track, detections, timestamp, **words):
        if detections is not self.scan:  # once a scan, not once a track
            self.scan, self.items = detections, list(detections)
            self.where = np.array([one.metadata["place"] for one in self.items]).reshape(-1, 2)
            self.noise = np.array([one.metadata["noise"] for one in self.items]).reshape(-1, 2)
        near = ()
        if self.items:
            prediction = self.predictor.predict(track, timestamp=timestamp)
            miss = self.where - prediction.state_vector[PLACES, 0]
            reach = np.diag(prediction.covar)[PLACES] + self.noise
            inside = (miss * miss < self.gate**2 * reach * (1 + 1e-9)).all(axis=1)
            near = [self.items[place] for place in np.flatnonzero(inside)]
        return self.hypothesiser.hypothesise(track, near, timestamp, **words)


def make_associator(given, predictor, updater):
    """Nearest by Mahalanobis distance; a detection of one identity joins no track of another."""
    nearest = DistanceHypothesiser(predictor, updater, Mahalanobis(), missed_distance=given["gate"])
    same = FilteredDetectionsGater(nearest, metadata_filter="identity", match_missing=True)
    return GNNWith2DAssignment(CoarseGater(same, predictor, given["gate"]))


def make_tracker(given, scan_times):
    motion = Motion([ConstantVelocity(given["q"])] * 2)
    predictor, updater = KalmanPredictor(motion), KalmanUpdater()
    speed = given["prior_speed_mps"] ** 2
    initiator = MultiMeasurementInitiator(
        prior_state=GaussianState([0, 0, 0, 0], np.diag([0, speed, 0, speed])),
        deleter=UpdateTimeDeleter(dt.timedelta(seconds=given["hold_delete_s"])),
        data_associator=make_associator(given, predictor, updater),
        updater=updater,
        min_points=given["initiate_points"],
    )
    # the deleter walks a track's whole history at each scan: only what it needs is kept
    window = max(bisect.bisect_right(scan_times, t + given["delete_after_s"]) - i for i, t in enumerate(scan_times))
    tracker = MultiTargetTracker(
        initiator=StatesLengthLimiter(initiator, window + 1),
        deleter=UpdateTimeDeleter(dt.timedelta(seconds=given["delete_after_s"])),
        detector=None,
        data_associator=make_associator(given, predictor, updater),
        updater=updater,
    )
    return tracker, predictor


class Detections:
    """Reports as detections; those of equal noise share one model, so that the library's caches work."""

    def __init__(self):
        self._models = {}

    def of(self, report, when):
        noise = np.array(report["covariance"])
        place, state = report["place"], report["place"]
        if report["velocity"] is not None:
            state = [place[0], report["velocity"][0], place[1], report["velocity"][1]]
        key = noise.tobytes()
        if key not in self._models:
            mapping = (0, 2) if len(state) == 2 else (0, 1, 2, 3)
            self._models[key] = LinearGaussian(ndim_state=4, mapping=mapping, noise_covar=noise)
        metadata = {"place": place, "noise": np.diag(noise)[:: len(state) // 2]}
        if report["identity"] is not None:  # a None would erase the track's own
            metadata["identity"] = report["identity"]
        return Detection(
            [[part] for part in state], timestamp=when, measurement_model=self._models[key], metadata=metadata
        )


def run(scans, ask_s, given):
    tracker, predictor = make_tracker(given, [scan["t_s"] for scan in scans])
    detections, answers, following = Detections(), [], 0
    for ask in ask_s:
        while following < len(scans) and scans[following]["t_s"] <= ask:
            when = at(scans[following]["t_s"])
            tracker.update_tracker(when, {detections.of(one, when) for one in scans[following]["reports"]})
            following += 1
        places = [predictor.predict(one, timestamp=at(ask)).state_vector[PLACES, 0].tolist() for one in tracker.tracks]
        answers.append(places)
    return answers


def main(scans_file, params_file):
    scans, params = (json.loads(Path(name).read_text(encoding="utf-8")) for name in (scans_file, params_file))
    begin = time.process_time()
    tracks = run(scans["scans"], scans["ask_s"], {**DEFAULTS, **params})
    print(json.dumps({"tracks": tracks, "cpu_s": time.process_time() - begin}))


if __name__ == "__main__":
    main(*sys.argv[1:])
