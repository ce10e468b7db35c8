"""Figures for deploy/cluster/README.md: deploy/test-cluster figures.py. They are printed, and nothing is asserted of them."""

import contextlib
import os
import re
import subprocess
from pathlib import Path

import pytest
from clients import Conversation
from cluster import Cluster
from host import MOUNT, Host

SECONDS = 10
# A session for each connection.
SCRIPT = """
local count = 0
function setup(thread) thread:set("number", count); count = count + 1 end
function init(args)
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    wrk.headers["x-api-key"] = args[1]
    wrk.headers["x-session-key"] = args[2] .. number
    wrk.body = '{"model":"nanobot","messages":[{"role":"user","content":"Hello, who are you?"}]}'
end
"""


def load(hosts: list[Host], connections: int, secret: str, name: str) -> tuple[float, list[str]]:
    """Turns a second of all hosts, and each one's median time."""
    script = Path(os.environ["NANOBOT_CLUSTER"]) / "turns.lua"
    script.write_text(SCRIPT)
    runs = []
    for host in hosts:
        number = str(connections // len(hosts))
        command = ["wrk", "-t", number, "-c", number, "-d", f"{SECONDS}s", "--timeout", "30s", "--latency", "-s", str(script)]
        url = "http://{}:{}/v1/chat/completions".format(*host.address)
        runs.append(subprocess.Popen([*command, url, "--", secret, f"{name}:{host.machine.name}:"], stdout=subprocess.PIPE, text=True))
    said = [run.communicate(timeout=SECONDS + 60)[0] for run in runs]
    assert not any("Non-2xx" in one for one in said), said
    return sum(float(re.search(r"Requests/sec: +(\S+)", one)[1]) for one in said), [re.search(r"50% +(\S+)", one)[1] for one in said]


def processor_seconds() -> dict[str, float]:
    """What the processes of this namespace have used, by name."""
    used: dict[str, float] = {}
    for number in [name for name in os.listdir("/proc") if name.isdigit()]:
        with contextlib.suppress(OSError):
            name, fields = Path(f"/proc/{number}/stat").read_text().split("(", 1)[1].rsplit(")", 1)
            used[name] = used.get(name, 0) + sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")
    return used


@pytest.mark.parametrize("cluster", ["disk", "ceph", "gluster"], indirect=True)
def test_turns_a_second(cluster: Cluster) -> None:
    for count, connections in [(1, 1), (1, 6), (3, 6), (3, 24)]:
        before = processor_seconds()
        rate, medians = load(cluster.hosts[:count], connections, cluster.secret, f"figures-{count}-{connections}")
        print(f"\n{cluster.storage.name}: {count} hosts, {connections} clients: {rate:.0f} turns/s, p50 {' '.join(medians)}")
        used = {name: (seconds - before.get(name, 0)) * 1000 / (rate * SECONDS) for name, seconds in processor_seconds().items()}
        print("    processor ms for a turn: " + ", ".join(f"{name} {time:.2f}" for name, time in sorted(used.items()) if time >= 0.01))


@pytest.mark.parametrize("cluster", ["ceph"], indirect=True)
def test_operations_of_a_turn(cluster: Cluster) -> None:
    """What the metadata server and the disks do for a turn of an old session, on the host that has it and on hosts in turn."""
    for what, hosts in {"always the same host": cluster.hosts[:1], "hosts in turn": cluster.hosts}.items():
        clients = [cluster.client(host) for host in hosts]
        conversation = Conversation(f"operations:{len(hosts)}")
        for client in clients * 3:
            client.turn(conversation)
        before, turns = cluster.storage.counters(), 120
        for number in range(turns):
            clients[number % len(clients)].turn(conversation)
        after = cluster.storage.counters()
        print(f"\nceph, {what}, for a turn:")
        for group, names in COUNTERS.items():
            for name in names:
                print(f"    {group} {name}: {(after[group][name] - before[group][name]) / turns:.2f}")
        server = {
            name: round((value["avgcount"] - before["mds_server"][name]["avgcount"]) / turns, 2)
            for name, value in after["mds_server"].items()
            if isinstance(value, dict) and value["avgcount"] > before["mds_server"][name]["avgcount"]
        }
        print(f"    requests: {server}")


COUNTERS = {
    "mds_server": ["handle_client_request", "handle_client_session"],
    "mds": ["request", "handle_client_caps", "ceph_cap_op_grant", "ceph_cap_op_revoke", "handle_inode_file_caps", "forward"],
    "mds_log": ["evadd"],
    "objecter": ["op_w", "op_r"],
    "osd": ["op_w", "op_w_in_bytes", "op_r"],
}

FILES = """
import os, sys, time
directory, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
os.makedirs(directory, exist_ok=True)
begun = time.monotonic()
makers = 8
for maker in range(makers):
    if os.fork() == 0:
        for number in range(first + maker, last, makers):
            os.close(os.open(f"{directory}/wx%3Adm%3Auser_{number}.json", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        os._exit(0)
for maker in range(makers):
    os.wait()
print((last - first) / (time.monotonic() - begun))
"""
LOOKUPS = """
import os, random, sys, time
directory, count = sys.argv[1], int(sys.argv[2])
times = []
for number in random.sample(range(count), 300):
    begun = time.monotonic()
    os.stat(f"{directory}/wx%3Adm%3Auser_{number}.json")
    times.append(time.monotonic() - begun)
print(sorted(times)[150] * 1000, sorted(times)[285] * 1000)
"""
LINKS = """
import os, sys, time
directory, count = sys.argv[1], int(sys.argv[2])
times = []
for number in range(200):
    begun = time.monotonic()
    new = f"{directory}/.new-{count}-{number}"
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    os.link(new, f"{directory}/made-{count}-{number}.json")
    os.unlink(new)
    times.append(time.monotonic() - begun)
print(sorted(times)[100] * 1000, sorted(times)[190] * 1000)
"""


@pytest.mark.parametrize("cluster", ["ceph"], indirect=True)
def test_a_directory_of_many_files(cluster: Cluster) -> None:
    first, other = cluster.hosts[:2]
    directory, made = f"{MOUNT}/many", 0
    for count in [1_000, 100_000] + ([1_000_000] if "NANOBOT_LONG_TESTS" in os.environ else []):
        rate = float(first.machine.run(["python3", "-c", FILES, directory, str(made), str(count)], within=3000))
        made = count
        lookup = first_look(other, directory, count)
        link = "{:.1f} ms, p95 {:.1f} ms".format(*map(float, first.machine.run(["python3", "-c", LINKS, directory, str(count)], within=600).split()))
        print(f"\nceph, {count} files: {rate:.0f} created/s; {lookup}; create, link and unlink {link}", flush=True)
        print({name: cluster.storage.counters()["mds_mem"][name] for name in ["ino", "dn", "cap", "rss"]}, flush=True)


def first_look(host: Host, directory: str, count: int) -> str:
    found = host.machine.run(["python3", "-c", LOOKUPS, directory, str(count)], within=600).split()
    return "looked up from another host in {:.1f} ms, p95 {:.1f} ms".format(*map(float, found))
