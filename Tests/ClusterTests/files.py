"""The files of deploy/cluster, as they stand but for names and addresses."""

from pathlib import Path

DEPLOY = Path(__file__).parents[2] / "deploy"
CLUSTER = DEPLOY / "cluster"


def fill(name: str, replacements: dict[str, str]) -> str:
    """A file of deploy/cluster with other words in some places. Each of them must be there."""
    text = (CLUSTER / name).read_text()
    for old, new in replacements.items():
        assert old in text, f"{name} has no {old}"
        text = text.replace(old, new)
    return text


def unit(name: str) -> dict[str, str]:
    """The settings of a unit of deploy, the last value of each."""
    text = (DEPLOY / name).read_text()
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
