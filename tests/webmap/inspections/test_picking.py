"""Choosing a campaign's sites on the map: one by one, by area, by filter; clashes, undo, and who may."""

import pytest
from sqlalchemy import select

from geodata.accounts.accounts import AuditEntry
from geodata.inspections.records import CampaignMember, InspectionCampaign, InspectionTarget
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.fuel_sites.visits import InspectionVisit
from tests.factories import make_feature

WEST, EAST = 106.60, 106.80
WEST_HALF = "106.55,20.8;106.65,20.8;106.65,20.9;106.55,20.9"


@pytest.fixture
def sites(session):
    places = ((WEST, "petrol"), (WEST, "lpg_shop"), (EAST, "petrol"))
    made = [
        make_feature(session, FuelSite, code=f"S-{number}", name=f"Cửa hàng {number}", kind=kind, lon=lon, lat=20.85)
        for number, (lon, kind) in enumerate(places, 1)
    ]
    session.commit()
    return [site.id for site in made]


@pytest.fixture
def campaign(session):
    campaign = InspectionCampaign(number="12/KH-SCT", title="Kiểm tra thử", field="petrol", made_by="inspector-test")
    session.add(campaign)
    session.commit()
    return campaign


@pytest.fixture
def inspector(login):
    return login("inspector")


def pick(client, campaign, status=200, **wanted):
    answer = client.post(
        f"/inspections/campaigns/{campaign.id}/picks", json=wanted, headers={"Accept": "application/json"}
    )
    assert answer.status_code == status, answer.text
    return answer.get_json()


def chosen(session, campaign):
    query = select(InspectionTarget.feature_id).where(InspectionTarget.campaign_id == campaign.id)
    return sorted(session.scalars(query))


def test_sites_are_added_one_by_one_and_taken_back(session, inspector, campaign, sites):
    answer = pick(inspector, campaign, add=[sites[0]])
    assert answer["added"] == [sites[0]]
    assert [(row["name"], row["lon"]) for row in answer["sites"]] == [("Cửa hàng 1", WEST)]
    assert pick(inspector, campaign, add=[sites[0]])["added"] == []
    answer = pick(inspector, campaign, remove=[sites[0], sites[1]])
    assert (answer["removed"], answer["sites"]) == ([sites[0]], [])
    session.refresh(campaign)
    assert campaign.planned_count == 0
    told = list(session.scalars(select(AuditEntry.action).where(AuditEntry.subject == "12/KH-SCT")))
    assert "Removed targets from a campaign" in told


def test_an_area_and_the_filter_in_force_add_all_they_keep_and_undo_takes_back_exactly_those(
    session, inspector, campaign, sites
):
    pick(inspector, campaign, add=[sites[0]])
    added = pick(inspector, campaign, within=f"polygon={WEST_HALF}")["added"]
    assert added == [sites[1]]
    pick(inspector, campaign, remove=added)
    assert chosen(session, campaign) == [sites[0]]
    assert pick(inspector, campaign, within=f"polygon={WEST_HALF}&kind=petrol")["added"] == []
    assert pick(inspector, campaign, within="kind=petrol")["added"] == [sites[2]]


@pytest.mark.parametrize(
    "wanted", [{"within": ""}, {"within": "no_such=1"}, {"add": ["x"]}, {"add": 5}, {"remove": [-1]}, {"add": [True]}]
)
def test_what_is_no_choice_is_refused(inspector, campaign, sites, wanted):
    pick(inspector, campaign, status=400, **wanted)


def test_a_site_that_does_not_exist_is_not_added(inspector, campaign):
    pick(inspector, campaign, status=404, add=[999_999])


def test_the_clash_with_another_campaign_is_told_at_once(session, inspector, campaign, sites):
    other = InspectionCampaign(number="99/QĐ-SCT", title="Khác", field="petrol")
    session.add(other)
    session.flush()
    session.add(InspectionTarget(campaign_id=other.id, feature_id=sites[0]))
    session.commit()
    rows = {row["id"]: row["clashes"] for row in pick(inspector, campaign, add=sites)["sites"]}
    assert rows == {sites[0]: ["99/QĐ-SCT"], sites[1]: [], sites[2]: []}


def test_what_was_visited_stays_in_and_a_waived_site_keeps_its_reason(session, inspector, campaign, sites):
    pick(inspector, campaign, add=sites)
    session.add(InspectionVisit(feature_id=sites[0], campaign_id=campaign.id, visited_on="2020-03-02", kind="planned"))
    session.commit()
    assert "Cửa hàng 1 đã có lượt kiểm tra" in pick(inspector, campaign, status=409, remove=[sites[0]])["message"]
    inspector.post(f"/inspections/campaigns/{campaign.id}/targets/{sites[1]}/waive", data={"reason": "đã đóng cửa"})
    assert pick(inspector, campaign, remove=[sites[1]])["removed"] == []
    assert chosen(session, campaign) == sorted(sites)


def test_only_who_works_on_the_campaign_chooses(session, login, inspector, campaign, sites):
    session.add(CampaignMember(campaign_id=campaign.id, account_name="somebody"))
    campaign.made_by = "somebody"
    session.commit()
    pick(inspector, campaign, status=404, add=sites)
    assert 'id="plan"' not in inspector.get(f"/?plan={campaign.id}").text
    assert login("planner").post(f"/inspections/campaigns/{campaign.id}/picks", json={}).status_code == 403
    assert 'id="plan"' not in login("public").get(f"/?plan={campaign.id}").text
    leader = login("admin")
    assert pick(leader, campaign, add=sites)["added"]
    assert 'id="plan"' in leader.get(f"/?plan={campaign.id}").text
    for wrong in ("0", "x", "9" * 30):
        assert 'id="plan"' not in leader.get(f"/?plan={wrong}").text


def test_the_campaign_s_page_leads_to_the_map(inspector, campaign):
    assert f"/?plan={campaign.id}" in inspector.get(f"/inspections/campaigns/{campaign.id}").text


def test_a_campaign_without_a_team_is_its_maker_s_and_the_leaders_until_they_name_one(session, login, campaign, sites):
    campaign.made_by = "somebody"
    session.commit()
    inspector, leader = login("inspector"), login("admin")
    page = f"/inspections/campaigns/{campaign.id}"
    assert inspector.get(page).status_code == 404
    assert "12/KH-SCT" not in inspector.get("/inspections").text
    assert leader.get(page).status_code == 200
    assert leader.post(f"{page}/team", data={"team": ["inspector-test"]}).status_code == 302
    assert inspector.get(page).status_code == 200
    assert "12/KH-SCT" in inspector.get("/inspections").text
    assert leader.post(f"{page}/team", data={"team": ["nobody-there"]}).status_code == 400
    leader.post(f"{page}/team", data={})
    assert inspector.get(page).status_code == 404
    assert inspector.post(f"{page}/team", data={"team": ["inspector-test"]}).status_code == 404
    told = list(session.scalars(select(AuditEntry.details).where(AuditEntry.subject == "12/KH-SCT")))
    assert told == ["– → inspector-test", "inspector-test → –"]


def test_who_made_a_campaign_keeps_it_and_illustration_is_for_everybody_to_try(session, inspector, campaign, sites):
    page = f"/inspections/campaigns/{campaign.id}"
    session.add(CampaignMember(campaign_id=campaign.id, account_name="somebody"))
    session.commit()
    assert inspector.get(page).status_code == 200
    campaign.made_by, campaign.is_illustration = None, True
    session.commit()
    assert inspector.get(page).status_code == 404
    session.delete(session.get(CampaignMember, (campaign.id, "somebody")))
    session.commit()
    assert inspector.get(page).status_code == 200
