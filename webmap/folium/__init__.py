"""Everything Folium: the map's skeleton. Knows no request, no session and no database text."""

from webmap.folium.build import DEFAULT_ADDRESSES, MapLayer, MapParts, build_map
from webmap.folium.style import describe_style

__all__ = ["DEFAULT_ADDRESSES", "MapLayer", "MapParts", "build_map", "describe_style"]
