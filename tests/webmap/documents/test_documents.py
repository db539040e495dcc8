"""Legal acts are found by their number and lead to what hangs on them."""

import pytest
from sqlalchemy import insert

from geodata.inspections.records import CampaignField, InspectionCampaign
from geodata.layers import LAYERS
from geodata.query.documents import ActKind, FeatureDocument, LegalAct
from geodata.schema.roles import INSPECTION, Role
from tests.factories import make_feature

KIND = next(kind for kind in LAYERS if kind.layer.inspected)


@pytest.fixture
def act(session):
    made = LegalAct(
        number="2810/QĐ-UBND", kind=ActKind.DECISION, summary="Kiểm tra cửa hàng xăng dầu", is_verified=True
    )
    other = LegalAct(number="99/2020/NĐ-CP", kind=ActKind.DECREE, summary="Xử phạt trong lĩnh vực dầu khí")
    session.add_all([made, other])
    session.flush()
    for _ in range(3):
        feature = make_feature(session, KIND, name="Cửa hàng <b>số</b>")
        session.execute(
            insert(FeatureDocument).values(layer=KIND.layer.name, feature_id=feature.id, legal_act_id=made.id)
        )
    session.add(
        InspectionCampaign(number=made.number, title="Đợt thử", field=CampaignField.PETROL, is_illustration=True)
    )
    session.flush()
    return made


@pytest.mark.parametrize("text", ["2810/QĐ-UBND", "2810/qd-ubnd", "2810", "kiem tra xang dau"])
def test_an_act_is_found_by_number_or_subject_without_accents(client, act, text):
    answer = client.get("/api/search", query_string={"q": text, "lang": "vi"}).json

    (found,) = answer["acts"]
    assert found["number"] == act.number
    assert found["features"] == 3
    assert found["kind"] == "Quyết định"


def test_an_acts_page_lists_what_hangs_on_it_with_links(client, act):
    (found,) = client.get("/api/search", query_string={"q": act.number}).json["acts"]
    for address in (found["address"], f"{found['address']}/panel"):
        text = client.get(address).text
        assert act.number in text
        assert text.count(f"sel={KIND.layer.name}:") == 3
        assert "<b>số" not in text
    assert client.get("/documents/999999999").status_code == 404


def test_the_campaign_of_an_act_is_for_inspectors(client, login, act):
    assert "/inspections/campaigns/" not in client.get(f"/documents/{act.id}/panel").text
    for role in Role:
        if role is not Role.PUBLIC:
            text = login(role).get(f"/documents/{act.id}/panel").text
            assert ("/inspections/campaigns/" in text) == (role in INSPECTION)
