import shutil
from pathlib import Path

from machine import Machine


class Disk:
    """A directory of this system's own disk in the place of a file system of several machines: what it costs to have one."""

    name = "disk"

    def __init__(self, machine: Machine, directory: Path):
        self.machine, self.directory = machine, directory
        (directory / "shared").mkdir(parents=True)
        self.unit = {"What": f"{directory}/shared", "Where": "/srv/nanobot", "Type": "none", "Options": "bind", "LazyUnmount": "yes"}

    def prepare(self, host: Machine) -> None:
        """There is nothing to prepare."""

    def close(self) -> None:
        self.machine.close()
        shutil.rmtree(self.directory)
