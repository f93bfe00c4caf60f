"""`watchfloor serve`: the room with the feeds that a file names. No seats, no force, no exercise."""

import argparse
from pathlib import Path
from typing import Any

from watchfloor.app.settings import parse_settings
from watchfloor.base.errors import InputError
from watchfloor.edge.airspace import airspace_plan
from watchfloor.edge.cli.keeping_options import add_options, keeping_of
from watchfloor.edge.cli.loop import run_loop
from watchfloor.edge.cli.run import check_before_resume, new_folder, tak_clients, tell
from watchfloor.edge.feeds.known import known_feeds, with_options
from watchfloor.edge.feeds.recorded_files import read_recording
from watchfloor.edge.feeds.sources import source_of
from watchfloor.edge.host import Host
from watchfloor.edge.links.system_tracks import system_tracks_plan
from watchfloor.edge.plan import Plan


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "serve",
        help="the room with the feeds that a file names",
        description="Serves recorded files (the screens say REPLAY) or connected feeds (LIVE - CIVIL, NOT CERTIFIED); "
        "and to holders of tokens the directory of ASTM F3548-21, under /dss/v1 and /uss/v1.",
        epilog="example:\n  watchfloor serve --config watchfloor.toml\n\nwatchfloor.toml:\n"
        '  [[feeds]]\n  id = "TX"\n  format = "modes-csv"\n  path = "flight.csv"\n  speed = 20',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", required=True, metavar="FILE", help="the settings, in TOML")
    parser.add_argument("--data", metavar="DIR", help="data folder (default: a new one)")
    parser.add_argument("--port", type=int, help="port for screens, instead of the file's")
    parser.add_argument("--cot-port", type=int, help="port for TAK clients, instead of the file's")
    parser.add_argument("--tak-tls", metavar="DIR", help="also serve TAK clients over TLS, by the certificates in DIR")
    parser.add_argument("--tak-tls-port", type=int, default=8089, help="port for those (0: a free one)")
    parser.add_argument("--headless", action="store_true", help="open no browser")
    parser.add_argument("--json", action="store_true", help="print what was started as one JSON line")
    add_options(parser)
    parser.set_defaults(work=work)


def work(arguments: argparse.Namespace) -> int:
    """Run the room; exit code 0 at its good end."""
    path = Path(arguments.config)
    try:
        feeds = known_feeds()
        settings = parse_settings(str(path), path.read_bytes(), tuple(feeds))
    except OSError as error:
        raise InputError(f"`{path}` cannot be read: {error.strerror}", field="config") from error
    readers = {
        feed.id: with_options(feeds[feed.format], feed.options, f"{path}: feed `{feed.id}`")
        for feed in settings.feeds
        if feed.format in feeds
    }
    recordings = {feed.id: read_recording(path.parent / feed.path, feed.format) for feed in settings.feeds if feed.path}
    airspace = airspace_plan(settings.f3548, path.parent)
    out = settings.system_tracks
    data = Path(arguments.data) if arguments.data else new_folder("serve")
    check_before_resume(data)
    plan = Plan(
        data=data,
        http_port=settings.ports.http if arguments.port is None else arguments.port,
        tak=tak_clients(arguments.tak_tls),
        tak_port=arguments.tak_tls_port,
        cot_port=settings.ports.cot if arguments.cot_port is None else arguments.cot_port,
        rate_permille=round(settings.feeds[0].speed * 1000) if settings.is_recorded() else 1000,
        settings=settings,
        recordings=recordings,
        airspace=airspace,
        system_tracks=system_tracks_plan(out.to, out.source, beyond_this_machine=out.beyond_this_machine),
        readers=readers,
        sources={
            feed.id: source_of(feed, path.parent, f"{path}: feed `{feed.id}`")
            for feed in settings.feeds
            if feed.connect
        },
        **keeping_of(arguments),
    )
    run_loop(Host(plan).run(lambda started: tell(started, arguments.json, arguments.headless)))
    return 0
