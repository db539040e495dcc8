"""The page asks for its scripts at once instead of one after the other."""

import re


def test_the_map_page_asks_at_once_for_every_script_that_its_module_imports(client):
    page = client.get("/").get_data(as_text=True)
    asked = re.findall(r'rel="modulepreload" href="([^"]+)"', page)
    assert any(address.endswith("/webmap.js") for address in asked)
    for address in asked:
        answer = client.get(address)
        assert answer.status_code == 200, address
        folder = address.rsplit("/", 1)[0]
        imported = re.findall(r'from "\./([^"]+)"', answer.get_data(as_text=True))
        assert {f"{folder}/{name}" for name in imported} <= set(asked), address
