import shutil
from pathlib import Path

from files import CLUSTER, unit
from machine import Machine, wait_until


class Gluster:
    """A replicated GlusterFS volume, its three bricks on one machine."""

    name = "gluster"
    unit = unit("cluster/glusterfs/srv-nanobot.mount")

    def __init__(self, machine: Machine, directory: Path, with_settings: bool = True):
        """with_settings: False leaves the volume as GlusterFS makes it."""
        self.machine, self.directory = machine, directory
        directory.mkdir(parents=True)
        self._daemon = machine.start("glusterd --no-daemon", f"{directory}/glusterd.out")
        wait_until(lambda: "State: Started" not in machine.run("gluster volume list", status=None, within=120), "glusterd listens")
        wait_until(lambda: machine.run("gluster pool list", status=None).count("localhost") == 1, "glusterd answers")
        bricks = " ".join(f"{machine.address}:{directory}/brick{number}" for number in range(3))
        machine.run(f"gluster --mode=script volume create nanobot replica 3 {bricks} force")
        if with_settings:
            machine.run(["sh", "-e", str(CLUSTER / "glusterfs/setup")])
        machine.run("gluster --mode=script volume start nanobot")

    def prepare(self, host: Machine) -> None:
        """Puts onto a host what it needs to mount the file system: nothing."""

    def close(self) -> None:
        self.machine.run("gluster --mode=script volume stop nanobot force", status=None)
        self.machine.close()
        shutil.rmtree(self.directory)
