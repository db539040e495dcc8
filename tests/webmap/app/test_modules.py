"""The page asks for its scripts at once instead of one after the other."""

import re


def test_the_map_page_asks_at_once_for_every_script_that_its_module_imports(client):
    page = client.get("/").get_data(as_text=True)
    asked = re.findall(r'rel="modulepreload" href="([^"]+)"', page)
    assert any("/map.entry-" in address for address in asked)
    assert any("/drawing.entry-" in address for address in asked)
    for address in asked:
        answer = client.get(address)
        assert answer.status_code == 200, address
        imported = re.findall(r'from"(?:\.\./)+(chunks/[^"]+)"|from"\./([^"]+)"', answer.get_data(as_text=True))
        for below, beside in imported:
            assert any(other.endswith(f"/{below or beside}") for other in asked), (address, below or beside)
