"""deploy/serve where there is no apt. Stand-ins take the place of such a system's programs, and this system's headers and libraries are there."""

import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
TOOLS = ["bash", "env", "dirname", "mkdir", "mktemp", "ln", "rm", "cat", "clang", "ld"]

MISSING = {
    "dnf": "sudo dnf install libcurl-devel fcgi-devel libsodium-devel libsodium-static zlib-devel zlib-static nginx util-linux libstdc++-static",
    "zypper": "sudo zypper install libcurl-devel FastCGI-devel libsodium-devel zlib-devel zlib-devel-static nginx util-linux libstdc++-devel",
    "pacman": "sudo pacman -S curl fcgi libsodium zlib nginx util-linux gcc",
    "apk": "sudo apk add curl-dev fcgi-dev libsodium-dev libsodium-static zlib-dev zlib-static nginx setpriv libstdc++-dev",
    "emerge": "Debian's names for it: libcurl4-openssl-dev libfcgi-dev libsodium-dev zlib1g-dev nginx-light util-linux libstdc++-dev",
}

# "Builds" a program that says how it was started.
SWIFT = """[[ $1 != build || $* != *--show-bin-path* ]] || echo {bin}"""


class System:
    """A system with nothing but some tools, Swift, and whatever a test adds."""

    def __init__(self, folder: Path):
        self.programs, self.built = folder / "bin", folder / "built"
        self.programs.mkdir()
        self.built.mkdir()
        for tool in TOOLS:
            (self.programs / tool).symlink_to(shutil.which(tool))
        self.add("swift", SWIFT.format(bin=self.built))
        self.add("nanobot", 'echo "started with $*"', self.built)
        shutil.copytree(DEPLOY, folder / "deploy")
        # This system's own web servers are in directories that are looked at besides PATH.
        self._leave_out("install-packages", ":/usr/local/sbin:/usr/sbin:/sbin")
        self._serve = self._leave_out("serve", " /usr/sbin/nginx /usr/sbin/lighttpd")

    def _leave_out(self, name: str, words: str) -> Path:
        script = self.programs.parent / "deploy" / name
        text = script.read_text()
        assert words in text
        script.write_text(text.replace(words, ""))
        return script

    def add(self, name: str, script: str = "exit 9", folder: Path | None = None) -> None:
        """Adds a program."""
        path = (folder or self.programs) / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!{shutil.which('bash')}\n{script}\n")
        path.chmod(0o755)

    def serve(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run([self._serve, "--port", "1"], env={"PATH": str(self.programs)}, capture_output=True, text=True, timeout=60)


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


@pytest.mark.parametrize("manager", MISSING)
def test_it_names_what_is_missing_as_the_system_does(system: System, manager: str) -> None:
    system.add(manager)
    system.add("clang", "exit 1")
    done = system.serve()
    assert (done.returncode, done.stdout) == (1, "")
    said, static, _ = done.stderr.split("\n", 2)
    assert said.endswith(MISSING[manager])
    assert "libfcgi.a libsodium.a libz.a libstdc++.a" in static and "./configure --enable-static" in static


def test_it_names_only_what_is_missing(system: System) -> None:
    system.add("dnf")
    system.add("setpriv")
    done = system.serve()
    assert (done.returncode, done.stderr) == (1, "Something is missing. Install it, for instance: sudo dnf install nginx\n")


@pytest.mark.parametrize("server", ["nginx", "lighttpd"])
@pytest.mark.parametrize("manager", MISSING)
def test_it_goes_on_if_everything_is_there(system: System, manager: str, server: str) -> None:
    for program in [manager, "setpriv", server]:
        system.add(program)
    done = system.serve()
    assert (done.returncode, done.stdout, done.stderr) == (0, "started with serve --port 1\n", "")


def test_the_program_dpkg_makes_no_debian(system: System) -> None:
    system.add("dnf")
    system.add("setpriv")
    # Its list is empty.
    system.add("dpkg-query", "exit 1")
    assert system.serve().stderr == "Something is missing. Install it, for instance: sudo dnf install nginx\n"
    system.add("nginx")
    assert system.serve().returncode == 0


def test_a_compiler_that_is_not_in_path_is_named(system: System) -> None:
    for program in ["dnf", "setpriv", "nginx"]:
        system.add(program)
    (system.programs / "clang").unlink()
    assert system.serve().stderr == "clang is missing. It comes with Swift: put the directory of its programs into PATH.\n"


def test_without_swift_it_says_so_first(system: System) -> None:
    (system.programs / "swift").unlink()
    done = system.serve()
    assert done.returncode == 1 and done.stderr.startswith("Swift is missing.")
