"""A witness as a process."""

import subprocess
from pathlib import Path

from tests.support.running import WATCHFLOOR


class RunningWitness:
    """`watchfloor record witness` on a free port."""

    def __init__(self, folder: Path, name: str, logs: tuple[str, ...] = (), port: int = 0) -> None:
        words = [WATCHFLOOR, "record", "witness", str(folder), "--name", name, "--port", str(port)]
        for log in logs:
            words += ["--log", log]
        self.folder = folder
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.key = self.process.stdout.readline().removeprefix("witness ").strip()
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http://"), self.process.stderr.read()

    @property
    def option(self) -> str:
        return f"{self.url}={self.key}"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()
        self.process.stderr.close()
