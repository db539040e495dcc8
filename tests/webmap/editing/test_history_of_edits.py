"""The history names what was edited, and offers in its list what the change's own page offers."""

import re


def test_an_edit_is_named_in_the_history_undone_and_done_again(login):
    client = login("gis")
    made = {
        "objects": [
            {
                "id": None,
                "values": {"code": "SU-1", "name": "Chợ sẽ sửa", "status": "operating"},
                "geometry": {"type": "Point", "coordinates": [106.7, 20.85]},
            }
        ]
    }
    number = client.post("/edit/markets", json=made).json["objects"][0]["id"]
    changed = {"objects": [{"id": number, "values": {"trader_count": "120"}}]}
    edit = client.post("/edit/markets", json=changed).json["change_set_id"]

    def traders() -> int | None:
        return client.get(f"/api/layers/markets/features/{number}").json["properties"]["trader_count"]

    def listed(change_set: int) -> str:
        entries = re.findall(r"<li class=\"list-group-item\">.*?</li>", client.get("/history").text, re.DOTALL)
        return next(entry for entry in entries if f'/history/{change_set}"' in entry)

    assert "Sửa: Chợ sẽ sửa – số hộ" in listed(edit)
    undone = int(client.post(f"/history/{edit}/undo").location.rsplit("/", 1)[1])
    assert traders() is None
    assert "Đã hoàn tác" in listed(edit)
    assert f"Hoàn tác thay đổi số {edit}: Chợ sẽ sửa" in listed(undone)
    assert "Làm lại" in listed(undone)
    assert "Làm lại" in client.get(f"/history/{undone}").text
    client.post(f"/history/{undone}/undo")
    assert traders() == 120
    assert "Làm lại" not in listed(undone)
