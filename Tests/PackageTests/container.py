import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

# Neither a network nor cgroups, so that it runs wherever there is root. The limits that podman sets otherwise may be above this process's.
SETTINGS = """
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=1024:4096", "nproc=1000:1000"]
[engine]
runtime = "crun"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{short}/tmp"
"""
STORAGE = '[storage]\ndriver = "overlay"\ngraphroot = "{images}"\nrunroot = "{short}/run"\n'
# Its ports are the test's, so that it needs no bridge.
NETWORK = '{"services": {"nanobot": {"network_mode": "host", "ports": []}}}\n'


class Container:
    """What the archive's Containerfile and compose.yaml make, on a plain Debian 13, by podman."""

    url = "http://127.0.0.1:8080"
    USER = 64_900

    def __init__(self) -> None:
        folder = Path(tempfile.mkdtemp(dir=os.environ["NANOBOT_HOSTS"]))
        # Paths of sockets are short.
        self._short = tempfile.TemporaryDirectory()
        short = self._short.name
        self._null = f"{short}/null"
        (folder / "containers.conf").write_text(SETTINGS.format(short=short))
        (folder / "storage.conf").write_text(STORAGE.format(images=folder / "images", short=short))
        self._environment = {
            **os.environ, "CONTAINERS_CONF": f"{folder}/containers.conf", "CONTAINERS_STORAGE_CONF": f"{folder}/storage.conf",
        }  # fmt: skip
        self._archive = folder / "nanobot"
        self._archive.mkdir()
        subprocess.run(["tar", "-C", self._archive, "--strip-components=1", "-xf", os.environ["NANOBOT_ARCHIVE"]], check=True)
        (self._archive / "network.yaml").write_text(NETWORK)

    def __enter__(self) -> "Container":
        # crun refuses the mixture of cgroups' two versions that some systems have.
        subprocess.run(["mount", "-t", "cgroup2", "cgroup2", "/sys/fs/cgroup"], check=True)
        # crun gives a container's standard input to its user, and podman's monitor opens /dev/null for that: one of the test's own.
        os.mknod(self._null, 0o666 | stat.S_IFCHR, os.stat("/dev/null").st_rdev)
        os.chmod(self._null, 0o666)
        subprocess.run(["mount", "--bind", self._null, "/dev/null"], check=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.podman("rm", "--all", "--force", "--time", "0")
        subprocess.run(["umount", "--lazy", "/dev/null", "/sys/fs/cgroup"], check=True)
        assert os.stat("/dev/null").st_uid == 0
        self._short.cleanup()

    def build(self) -> None:
        """Makes the image."""
        base = f"{os.environ['NANOBOT_PLAIN_HOSTS']}/trixie"
        # Without the addresses of Debian, apt has nothing to look for: what the image needs is there.
        left_out = [f"--exclude=./{path}" for path in ["etc/apt/sources.list", "usr/share/doc", "usr/share/locale", "usr/share/man"]]
        with subprocess.Popen(["tar", "-C", base, *left_out, "-cf", "-", "."], stdout=subprocess.PIPE) as files:
            self.podman("import", "--quiet", "-", "localhost/debian:13", stdin=files.stdout)
        assert files.returncode == 0
        # chroot: its steps need no network and no container.
        steps = ["--isolation", "chroot", "--layers=false", "--build-arg", "base=localhost/debian:13"]
        self.podman("build", "--format", "docker", *steps, "--tag", "nanobot", ".")

    def podman(self, *arguments: str, stdin: object = subprocess.DEVNULL, status: int = 0, errors: bool = False) -> str:
        """Runs podman, and gives what it wrote.

        - errors: whether that is what it wrote to its standard error.
        """
        return self._run(["podman", *arguments], stdin, status, errors)

    def compose(self, *arguments: str) -> str:
        return self._run([Path(sys.executable).with_name("podman-compose"), "-f", "compose.yaml", "-f", "network.yaml", *arguments])

    def processes(self, words: str) -> list[int]:
        """The container's processes whose command line has these words."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                mine = folder.stat().st_uid == self.USER and words in (folder / "cmdline").read_text().replace("\0", " ")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if mine:
                found.append(int(folder.name))
        return found

    def health(self) -> str:
        """What the health check finds. Without systemd nobody else asks."""
        subprocess.run(["podman", "healthcheck", "run", self.name], env=self._environment, capture_output=True)
        return self.podman("inspect", "--format", "{{.State.Health.Status}}", self.name).strip()

    @property
    def name(self) -> str:
        [name] = self.podman("ps", "--all", "--format", "{{.Names}}").split()
        return name

    def _run(self, command: list[str | Path], stdin: object = subprocess.DEVNULL, status: int = 0, errors: bool = False) -> str:
        done = subprocess.run(
            command, cwd=self._archive, env=self._environment, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == status, f"{command}: status {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stderr if errors else done.stdout
