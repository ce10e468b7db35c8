"""The units of deploy/cluster. No systemd runs here; its own tool reads them."""

import pytest
from files import CLUSTER, DEPLOY
from machine import Machine

UNITS = "/etc/systemd/system"


@pytest.mark.parametrize("storage", ["ceph", "glusterfs"])
def test_systemd_finds_nothing_wrong_with_them(network: None, storage: str) -> None:
    machine = Machine("units", "10.77.0.9")
    try:
        machine.run(f"cp /bin/true /usr/local/bin/nanobot && mkdir -p /srv/nanobot {UNITS}")
        machine.run(f"cp {DEPLOY}/systemd/nanobot.s* {CLUSTER}/systemd/nanobot-* {CLUSTER}/{storage}/srv-nanobot.mount {UNITS}")
        machine.run(f"cp -r {CLUSTER}/systemd/nanobot.service.d {UNITS}")
        watch = "/usr/local/sbin/nanobot-mount-watch"
        machine.run(f"mount -t tmpfs tmpfs /usr/local/sbin && install {CLUSTER}/mount-watch {watch}")
        units = "nanobot.service nanobot.socket srv-nanobot.mount nanobot-mount-watch.service nanobot-mount-watch.timer"
        assert machine.run(f"cd {UNITS} && systemd-analyze verify {units}") == ""
        # In tenths, from 0 for safe to 100.
        machine.run(f"cd {UNITS} && systemd-analyze security --offline=true --threshold=15 nanobot.service")
    finally:
        machine.close()
