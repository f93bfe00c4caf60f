"""Multicast groups, heard inside a network namespace that has no way out."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from watchfloor.app.settings import parse_settings
from watchfloor.base.errors import InputError

ALONE = ["unshare", "--map-root-user", "--net", "sh", "-c"]


def test_a_group_is_heard_in_both_forms_and_a_storm_costs_nobody_else(tmp_path: Path) -> None:
    can = shutil.which("unshare") and not subprocess.run([*ALONE, "ip link set lo up"], check=False).returncode
    if not can:
        pytest.skip("this machine gives no network namespace (`unshare --net`)")
    words = f'ip link set lo up multicast on && exec {sys.executable} -m tests.support.multicast_room "{tmp_path}"'
    done = subprocess.run([*ALONE, words], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["names"] == ["cot:MESH-1", "cot:MESH-2"]
    assert told["code"] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ('listen = "239.2.3.1:6969"', "name the address of the `interface`"),
        ('listen = "239.2.3.1:6969"\ninterface = "eth0"', "name the address of the `interface`"),
        ('listen = "0.0.0.0:6969"', "beyond_this_machine = true"),
        ('listen = "127.0.0.1:6969"\ninterface = "127.0.0.1"', "for multicast groups"),
    ],
)
def test_nothing_but_loopback_is_heard_unless_it_is_said_twice(words: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse_settings("w.toml", f'[[feeds]]\nid = "A"\nformat = "cot"\n{words}\n'.encode())
