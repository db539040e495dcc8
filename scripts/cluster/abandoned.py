"""Clusters of tests whose command was killed."""

from pathlib import Path

from scripts.base import locks
from scripts.cluster.cluster import Cluster


def remove_abandoned(folder: Path) -> None:
    """Stop and delete the tests' clusters in `folder` whose command was killed."""
    for home in {path for path in folder.glob("*") if path.is_dir()}:
        cluster = Cluster(home, durable=False)
        with (
            locks.open_lock(folder / f"{home.name}.start.lock") as start,
            locks.open_lock(folder / f"{home.name}.users.lock") as users,
        ):
            if locks.try_exclusive(start) and locks.try_exclusive(users):
                cluster.stop()
                cluster.remove()
