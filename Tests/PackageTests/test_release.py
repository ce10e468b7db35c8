"""What deploy/release makes, and what it refuses. That it makes the same twice is deploy/test-package's to see."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

SOURCES = Path(__file__).parents[2]
NEEDED = ["Sources/nanobot/Nanobot.swift", "Sources/ChatAPI/openapi.json"]


def release() -> Path:
    return Path(os.environ["NANOBOT_RELEASE"])


def only(ending: str) -> Path:
    """The file of the release with such a name."""
    [file] = release().glob(f"*{ending}")
    return file


def test_the_checksums_are_of_every_file_and_the_changes_are_the_changelogs_newest_entry() -> None:
    checked = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=release(), capture_output=True, text=True, check=True)
    names = {line.removesuffix(": OK") for line in checked.stdout.splitlines()}
    assert names == {file.name for file in release().iterdir()} - {"SHA256SUMS"}
    version = subprocess.run([SOURCES / "deploy/version"], capture_output=True, text=True, check=True).stdout.strip()
    assert all(version in name for name in names)

    entry = (SOURCES / "deploy/debian/changelog").read_text().split("\n -- ")[0]
    changes = only("-changes.md").read_text()
    assert changes.startswith("* ") and changes.split() == entry.split("\n", 1)[1].split()


def test_the_bill_of_materials_is_valid_and_has_what_was_linked() -> None:
    text = only(".cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    document = json.loads(text)
    assert document["metadata"]["component"]["version"] in only(".deb").name
    parts = {part["name"]: part for part in document["components"]}
    assert len(parts) == len(document["components"]) == len(document["dependencies"][0]["dependsOn"])

    pins = dict(re.findall(r'url: "[^"]*/([^"/]+)", exact: "([^"]+)"', (SOURCES / "Package.swift").read_text()))
    assert len(pins) > 3 and pins.items() <= {name: part["version"] for name, part in parts.items()}.items()
    linked = {"libfcgi-dev": "libfcgi.a", "libsodium-dev": "libsodium.a", "zlib1g-dev": "libz.a", "swift": "libswiftCore.a", "glibc": "Scrt1.o"}
    for name in parts:
        if match := re.match(r"(libstdc\+\+|libgcc)-\d+-dev$", name):
            linked[name] = f"{match[1]}.a"
    assert len(linked) == 7
    for name, file in linked.items():
        assert file in [own["value"] for own in parts[name]["properties"]]
    for name in parts.keys() - pins.keys() - {"swift", "glibc"}:
        installed = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True, check=True)
        assert parts[name]["version"] == installed.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A commit of what deploy/release looks at before it builds."""
    shutil.copytree(SOURCES / "deploy", tmp_path / "deploy")
    for file in NEEDED:
        (tmp_path / file).parent.mkdir(parents=True)
        shutil.copy(SOURCES / file, tmp_path / file)
    subprocess.run(["git", "init", "--quiet", "."], cwd=tmp_path, check=True)
    commit(tmp_path)
    return tmp_path


def commit(checkout: Path) -> None:
    subprocess.run(["git", "add", "."], cwd=checkout, check=True)
    author = ["-c", "user.name=me", "-c", "user.email=me@nanobot.example"]
    subprocess.run(["git", *author, "commit", "--quiet", "-m", "x"], cwd=checkout, check=True)


def refusal(checkout: Path) -> str:
    """Why it makes no release, which it says before it builds."""
    done = subprocess.run([checkout / "deploy/release"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "") and not (checkout / ".build").exists()
    return done.stderr


def test_it_refuses_changes_that_are_not_committed(checkout: Path) -> None:
    (checkout / "deploy/new").touch()
    assert "?? deploy/new" in refusal(checkout)
    (checkout / "deploy/new").unlink()
    (checkout / "deploy/serve").write_text("")
    assert " M deploy/serve" in refusal(checkout)


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("Sources/nanobot/Nanobot.swift", 'version: "', 'version: "9', "newest entry of deploy/debian/changelog is for"),
        ("deploy/debian/changelog", "nanobot (", "nanobot (9", "newest entry of deploy/debian/changelog is for 9"),
        ("Sources/ChatAPI/openapi.json", '"version": "', '"version": "9', "openapi.json describes 9"),
    ],
)  # fmt: skip
def test_it_refuses_a_version_that_not_every_file_has(checkout: Path, file: str, old: str, new: str, reason: str) -> None:
    text = (checkout / file).read_text()
    assert old in text
    (checkout / file).write_text(text.replace(old, new, 1))
    commit(checkout)
    assert reason in refusal(checkout)
