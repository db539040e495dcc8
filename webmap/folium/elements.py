"""Folium elements that write our own Leaflet objects; scripts and styles come with the page, not from here.

Folium's own classes list files of four foreign hosts (`default_js`) and inline styles; these list none.
"""

from branca.element import MacroElement
from folium import Map
from folium.elements import JSCSSMixin
from folium.map import Layer
from folium.template import Template


class BareMap(Map):
    """A map without foreign files, inline styles and switches: size and fonts are in our own css.

    It has no view either: the page sets it from its address, before the first tile is asked for.
    """

    default_js: list[tuple[str, str]] = []
    default_css: list[tuple[str, str]] = []

    _template = Template(
        """
        {% macro html(this, kwargs) %}
            <div class="folium-map" id={{ this.get_name()|tojson }} tabindex="0"></div>
        {% endmacro %}

        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {{ this.options|tojavascript }});
        {% endmacro %}
        """
    )


class MvtLayer(JSCSSMixin, Layer):
    """One data layer: vector tiles drawn on canvas by static/src/map/mvtlayer.js."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = mvt(given.layers[{{ this.index|tojson }}]);
        {% endmacro %}
        """
    )

    def __init__(self, name: str, index: int, *, show: bool) -> None:
        """`index`: its place among what the page is given (MapParts.given)."""
        super().__init__(name=name, overlay=True, control=False, show=show)
        self._name = "MvtLayer"
        self.index = index


class GroundLayer(JSCSSMixin, Layer):
    """A base map of our own: vector tiles of one file, drawn by static/src/map/ground.js."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = ground({{ this.spec|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, spec: dict[str, object]) -> None:
        super().__init__(name="ground", overlay=True, control=False, show=True)
        self._name = "GroundLayer"
        self.spec = spec


class LandLayer(JSCSSMixin, Layer):
    """The backdrop without a network: outlines of land, as the page is given them (MapParts.given)."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = land(given.land);
        {% endmacro %}
        """
    )

    def __init__(self) -> None:
        super().__init__(name="land", overlay=True, control=False, show=True)
        self._name = "LandLayer"


class Opening(MacroElement):
    """Hands the finished objects to our scripts, and labels, picking and highlight to the map."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            open({
                map: {{ this.map.get_name() }},
                layers: [{% for layer in this.layers %}{{ layer.get_name() }}, {% endfor %}],
                basemap: {{ this.basemap.get_name() if this.basemap else "null" }},
                land: {{ this.land.get_name() if this.land else "null" }},
                config: {{ this.config|tojson }}
            });
        {% endmacro %}
        """
    )

    def __init__(
        self, map_: Map, layers: list[MvtLayer], *, basemap: Layer | None, land: Layer | None, config: dict[str, object]
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium says no types
        self._name = "Opening"
        self.map = map_
        self.layers = layers
        self.basemap = basemap
        self.land = land
        self.config = config
