"""What folium writes: constants only, no foreign host, nothing a strict policy refuses. No database."""

import json
import re

import pytest

from geodata.base.crs import HAI_PHONG
from geodata.layers import LAYERS
from geodata.schema.roles import EVERYONE
from webmap.folium import MapLayer, build_map, describe_style
from webmap.folium.assets import clip, land_rings

KINDS = list(LAYERS)


def same(text):
    return text


def all_names(kind):
    return frozenset(field.name for field in kind.fields())


def map_layer(kind, title=None):
    return MapLayer(
        name=kind.layer.name,
        title=title or kind.layer.title,
        geometry=kind.layer.geometry.value.lower(),
        tile_url=f"/tiles/{kind.layer.name}/{{z}}/{{x}}/{{y}}.mvt",
        min_zoom=kind.layer.min_zoom,
        shown=kind.layer.shown,
        style=describe_style(kind, all_names(kind), same),
    )


def build(**options):
    return build_map([map_layer(kind) for kind in KINDS], home=HAI_PHONG.home, extent=HAI_PHONG.extent, **options)


def test_the_map_loads_nothing_from_another_host():
    parts = build()

    everything = parts.header + parts.html + parts.script + json.dumps(parts.given)
    assert not re.search(r"https?:|//cdn|<link|<script|<style", everything)


def test_the_map_needs_no_inline_style_and_no_handler():
    parts = build()

    assert not re.search(r"\sstyle=|\son\w+=", parts.header + parts.html)


def test_only_the_base_map_of_the_settings_is_another_host():
    parts = build(basemap_url="https://tiles.example.org/{z}/{x}/{y}.png", attribution="© Example")

    assert set(re.findall(r"https?://([^/\"]+)", parts.script)) == {"tiles.example.org"}


@pytest.mark.parametrize(
    "title", ["</script><script>alert(1)</script>", "${alert(1)}", "C:\\2019 `x`", "'\"<img src=x>"]
)
def test_a_hostile_title_stays_a_string_in_the_script(title, demo_app):
    parts = build_map([map_layer(KINDS[0], title)], home=HAI_PHONG.home)

    assert title not in parts.script
    with demo_app.test_request_context():
        macros = demo_app.jinja_env.get_template("map/folium.html").make_module()
        script = str(macros.script(parts, "nonce", False))
    assert script.count("</script") == 1
    assert "<img" not in script
    written = re.search(r'"title": ("(?:[^"\\]|\\.)*")', script)
    assert json.loads(written.group(1)) == title


def test_the_first_layer_lies_on_top():
    parts = build()

    order = {layer["name"]: layer["zIndex"] for layer in parts.given["layers"]}
    assert re.findall(r"given\.layers\[(\d+)\]", parts.script) == [str(index) for index in reversed(range(len(KINDS)))]
    assert sorted(order, key=order.get, reverse=True) == [kind.layer.name for kind in KINDS]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.layer.name)
def test_a_class_number_of_a_tile_finds_its_symbol(kind):
    style = describe_style(kind, all_names(kind), same)

    expected = [symbol.as_dict() for _, symbol in kind.layer.style.classes(all_names(kind))]
    assert [style["symbols"][index] for index in style["classes"]] == expected


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.layer.name)
def test_the_legend_lists_every_value_in_the_order_of_class_numbers(kind):
    style = describe_style(kind, all_names(kind), same)

    sizes = 1
    for variation in style["variations"]:
        sizes *= len(variation["values"])
        assert variation["values"][-1]["value"] == "unknown"
        assert all(entry["label"] for entry in variation["values"])
    assert sizes == len(style["classes"])


def test_what_a_role_may_not_see_is_neither_drawn_nor_explained():
    restricted = [(kind, field) for kind in KINDS for field in kind.fields() if field.roles and field.roles != EVERYONE]
    styled = [(kind, f) for kind, f in restricted if any(v.field == f.name for v in kind.layer.style.by)]
    assert styled

    for kind, field in styled:
        style = describe_style(kind, all_names(kind) - {field.name}, same)
        assert field.name not in [variation["field"] for variation in style["variations"]]
        assert field.label not in json.dumps(style)


def test_labels_are_translated():
    style = describe_style(KINDS[0], all_names(KINDS[0]), str.upper)

    labels = [entry["label"] for variation in style["variations"] for entry in variation["values"]]
    assert labels == [label.upper() for label in labels]


def test_land_is_clipped_to_its_surroundings():
    square = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]

    assert sorted(clip(square, (4.0, 4.0, 20.0, 6.0))) == [(4.0, 4.0), (4.0, 6.0), (10.0, 4.0), (10.0, 6.0)]
    assert clip(square, (20.0, 20.0, 30.0, 30.0)) == []


def test_without_the_land_file_the_map_still_builds(tmp_path):
    assert land_rings(HAI_PHONG.extent, tmp_path / "missing.json") == []
