"""The ground under the layers: one file of vector tiles (PMTiles), made from an extract of OpenStreetMap and read tile by tile."""
