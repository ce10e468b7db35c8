import json
import shutil
import subprocess
import uuid
from pathlib import Path

from files import CLUSTER, fill, unit
from machine import Machine, wait_until

# One of each daemon, and a metadata server in reserve: small, and on one disk. A monitor that has just begun is no reason to wait longer for a
# metadata server than an old one waits. The hosts' part is deploy/cluster/ceph/ceph.conf.
CONF = """
[global]
fsid = {fsid}
mon host = [v2:{address}:3300]
public addr = {address}
run dir = {directory}
admin socket = {directory}/$name.asok
log file = {directory}/$name.log
keyring = {directory}/keyring
mon data = {directory}/mon
osd data = {directory}/osd
mds data = {directory}/mds
mgr data = {directory}/mgr
osd pool default size = 1
osd pool default min size = 1
mon allow pool size one = true
mon data avail crit = 1
mds beacon mon down grace = 15
bluestore block size = 3221225472
bluestore cache autotune = false
bluestore cache size = 134217728
"""
# What each daemon may do. The last one is the administrator.
CAPABILITIES = {
    "mon.": "mon=allow *",
    "mgr.x": "mon=allow profile mgr|osd=allow *|mds=allow *",
    "osd.0": "mon=allow profile osd|osd=allow *|mgr=allow profile osd",
    "mds.a": "mon=allow profile mds|osd=allow rwx|mds=allow *|mgr=allow profile mds",
    "mds.b": "mon=allow profile mds|osd=allow rwx|mds=allow *|mgr=allow profile mds",
    "client.admin": "mon=allow *|osd=allow *|mds=allow *|mgr=allow *",
}


class Ceph:
    """CephFS on a machine of its own."""

    name = "ceph"
    unit = unit("cluster/ceph/srv-nanobot.mount")

    def __init__(self, machine: Machine, directory: Path):
        self.machine, self.directory = machine, directory
        for part in ["mon", "osd", "mds", "mgr"]:
            (directory / part).mkdir(parents=True)
        fsid = uuid.uuid4()
        conf = directory / "ceph.conf"
        conf.write_text(CONF.format(fsid=fsid, address=machine.address, directory=directory))
        machine.run(f"mkdir -p /etc/ceph && cp {conf} /etc/ceph/")

        keyring = directory / "keyring"
        machine.run(f"ceph-authtool --create-keyring {keyring}")
        for name, capabilities in CAPABILITIES.items():
            options = [word for one in capabilities.split("|") for word in ["--cap", *one.split("=", 1)]]
            machine.run(["ceph-authtool", str(keyring), "--gen-key", "--name", name, *options])
        monmap = directory / "monmap"
        machine.run(f"monmaptool --create --addv a '[v2:{machine.address}:3300]' --fsid {fsid} {monmap}")
        machine.run(f"ceph-mon --mkfs -i a --monmap {monmap} --keyring {keyring}")
        self._start("mon", "a")
        disk = uuid.uuid4()
        self.ceph(f"osd new {disk}")
        machine.run(f"ceph-osd -i 0 --mkfs --osd-uuid {disk}")
        self._start("osd", "0")
        self._start("mgr", "x")
        self._metadata = {name: self._start("mds", name) for name in "ab"}
        for pool in ["metadata", "data"]:
            self.ceph(f"osd pool create {pool} 8 --autoscale-mode off")
        self.ceph("fs new nanobot metadata data")
        machine.run(["sh", "-e", str(CLUSTER / "ceph/setup")])
        self.keyring = machine.run("cat /etc/ceph/ceph.client.nanobot.keyring")
        wait_until(lambda: self._active() is not None, "a metadata server is active")

    def _start(self, kind: str, name: str) -> subprocess.Popen:
        # In the foreground: it ends with the machine.
        return self.machine.start(f"ceph-{kind} -f -i {name}", f"{self.directory}/{kind}.{name}.out")

    def ceph(self, command: str) -> str:
        """Runs a command of the administrator's."""
        return self.machine.run(f"ceph {command} 2>&1")

    def prepare(self, host: Machine) -> None:
        """Puts onto a host what it needs to mount the file system."""
        host.run("mkdir -p /etc/ceph")
        host.run("cat >/etc/ceph/ceph.conf", give=fill("ceph/ceph.conf", {"10.0.0.5,10.0.0.6,10.0.0.7": f"[v2:{self.machine.address}:3300]"}))
        host.run("umask 077 && cat >/etc/ceph/ceph.client.nanobot.keyring", give=self.keyring)

    def _active(self) -> str | None:
        status = json.loads(self.machine.run("ceph fs dump -f json 2>/dev/null"))
        daemons = status["filesystems"][0]["mdsmap"]["info"].values()
        return next((daemon["name"] for daemon in daemons if daemon["state"] == "up:active"), None)

    def kill_active(self) -> str:
        """Kills the active metadata server, for good, and gives its name."""
        name = self._active()
        assert name is not None
        self._metadata[name].kill()
        self._metadata[name].wait(60)
        return name

    def start_metadata(self, name: str) -> None:
        """Starts a metadata server that was killed."""
        self._metadata[name] = self._start("mds", name)

    def counters(self) -> dict:
        """What the active metadata server and the disk have counted."""
        dumps = [self.machine.run(f"ceph daemon {name} perf dump 2>/dev/null") for name in (f"mds.{self._active()}", "osd.0")]
        metadata, disk = map(json.loads, dumps)
        return metadata | {"osd": disk["osd"]}

    def close(self) -> None:
        self.machine.close()
        # The disk is a file of some hundred megabytes.
        shutil.rmtree(self.directory)
