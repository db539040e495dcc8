"""The project as QGIS itself draws it, where QGIS for Python is installed (Debian: python3-qgis); else see test_ogc's schema."""

import json
import subprocess
import urllib.request
from pathlib import Path

import pytest

from geodata.layers import LAYERS

#: Debian's Python, not that of .venv: QGIS belongs to it.
SYSTEM_PYTHON = "/usr/bin/python3"
DRAW = """
import json, sys
from qgis.core import QgsApplication, QgsMapRendererParallelJob, QgsMapSettings, QgsProject
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor
QgsApplication.setPrefixPath("/usr", True)
app = QgsApplication([], False)
app.initQgis()
project = QgsProject.instance()
told = {"read": project.read(sys.argv[1])}
layers = [node.layer() for node in project.layerTreeRoot().findLayers() if node.isVisible()]
told["crs"] = project.crs().authid()
told["counts"] = {layer.name(): sum(1 for _ in layer.getFeatures()) for layer in project.mapLayers().values()}
settings = QgsMapSettings()
settings.setLayers(layers)
settings.setDestinationCrs(project.crs())
settings.setBackgroundColor(QColor("white"))
settings.setExtent(project.viewSettings().defaultViewExtent())
settings.setOutputSize(QSize(900, 700))
job = QgsMapRendererParallelJob(settings)
job.start()
job.waitForFinished()
image = job.renderedImage()
image.save(sys.argv[2])
told["colours"] = len({image.pixel(x, y) for x in range(0, 900, 2) for y in range(0, 700, 2)})
print(json.dumps(told))
app.exitQgis()
"""


def has_qgis() -> bool:
    asked = [SYSTEM_PYTHON, "-c", "import qgis.core"]
    return Path(SYSTEM_PYTHON).exists() and subprocess.run(asked, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="session")
def qgis():
    """QGIS, or a test that is left out; asked before a server starts, and not when tests are collected: that takes a second."""
    if not has_qgis():
        pytest.skip("QGIS for Python is not installed here")


@pytest.mark.usefixtures("qgis")
def test_the_project_opens_in_qgis_with_every_object_and_is_drawn(server, tmp_path):
    project, picture = tmp_path / "map.qgs", tmp_path / "map.png"
    with urllib.request.urlopen(f"{server.url}/ogc/project.qgs") as answer:
        project.write_bytes(answer.read())
    drawn = subprocess.run(
        [SYSTEM_PYTHON, "-c", DRAW, str(project), str(picture)],
        capture_output=True, text=True, check=True, timeout=300,
        env={"PATH": "/usr/bin:/bin", "QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)},
    )  # fmt: skip
    told = json.loads(drawn.stdout.splitlines()[-1])
    assert told["read"]
    assert told["crs"] == "EPSG:3857"
    assert len(told["counts"]) == len(list(LAYERS))
    assert all(told["counts"].values()), told["counts"]
    # A blank sheet has one colour, lines alone some dozens.
    assert told["colours"] > 200
