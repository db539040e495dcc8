"""Repair of invalid polygons and lines, in the limited process: a scribble can take minutes and gigabytes."""

from pathlib import Path

import numpy as np

import shapely

from geodata.importing.table import Geometries


def repaired(geometries: Geometries) -> Geometries:
    """Return valid polygons or lines of the same ground, other parts dropped."""
    fixed: Geometries = shapely.make_valid(geometries, method="structure", keep_collapsed=False)
    for index, (before, after) in enumerate(zip(geometries, fixed, strict=True)):
        wanted = {3, 6} if before.geom_type.endswith("Polygon") else {1, 5}
        parts = [part for part in shapely.get_parts(shapely.get_parts(after)) if shapely.get_type_id(part) in wanted]
        if after.geom_type == "GeometryCollection":
            fixed[index] = shapely.union_all(parts) if parts else None
    return fixed


def repair_folder(folder: Path) -> None:
    """Repair FOLDER/in-N.wkb one by one into out-N.wkb, so that what is done stays when time runs out."""
    for path in sorted(folder.glob("in-*.wkb")):
        geometry = shapely.from_wkb(path.read_bytes())
        fixed = repaired(np.array([geometry], dtype=object))[0]
        if fixed is not None:
            (folder / path.name.replace("in-", "out-")).write_bytes(shapely.to_wkb(fixed))
