"""What is looked at in a visit, per kind of site. Sources in brackets; unread ones are marked unverified in the form."""

from dataclasses import dataclass

from geodata.base.i18n import N_


@dataclass(frozen=True, kw_only=True)
class Item:
    """One question of a checklist and where it comes from."""

    key: str
    text: str
    source: str = ""


_PETROL_ACT = "Nghị định 83/2014/NĐ-CP"
_LPG_ACT = "Nghị định 87/2018/NĐ-CP"

_PAPERS = (
    Item(key="certificate", text=N_("Certificate of eligibility is there and in force"), source=_PETROL_ACT),
    Item(key="registration", text=N_("Business registration matches the site")),
    Item(key="fire", text=N_("Fire safety paper is there and in force")),
    Item(key="environment", text=N_("Environmental paper is there")),
    Item(key="training", text=N_("Staff trained in fire safety and trade")),
)
_PETROL = (
    *_PAPERS,
    Item(key="contract", text=N_("Supply contract with one trader; sign shows the supplier"), source=_PETROL_ACT),
    Item(key="price", text=N_("Prices and opening hours are displayed and kept"), source=_PETROL_ACT),
    Item(key="dispenser", text=N_("Dispensers verified and sealed")),
    Item(key="tank", text=N_("Tanks, vents and manholes as in the approved design"), source="QCVN 01 (xăng dầu)"),
    Item(key="distance", text=N_("Safety distances kept; no building added"), source="QCVN 01 (xăng dầu)"),
    Item(key="firefighting", text=N_("Fire-fighting equipment complete and in reach")),
    Item(key="electric", text=N_("Earthing, lightning protection and explosion-proof wiring")),
    Item(key="quality", text=N_("Quality papers and samples kept")),
    Item(key="environment_site", text=N_("Oil separator works; no leak visible")),
)
_LPG_PAPERS = (Item(key="certificate", text=_PAPERS[0].text, source=_LPG_ACT), *_PAPERS[1:])
_LPG_SITE = (
    *_LPG_PAPERS,
    Item(key="pressure", text=N_("Pressure vessels inspected; paper in force")),
    Item(key="safety_valve", text=N_("Safety valves and gauges tested")),
    Item(key="gas_alarm", text=N_("Gas detectors and alarm work")),
    Item(key="cooling", text=N_("Water cooling and fire-fighting work")),
    Item(key="distance", text=N_("Safety distances kept; no building added")),
    Item(key="warning", text=N_("Warning signs and instructions are in place")),
    Item(key="log", text=N_("Logs of filling, testing and incidents are kept"), source=_LPG_ACT),
)
_LPG_FILLING = (
    *_LPG_SITE,
    Item(key="owner_brand", text=N_("Only cylinders of the owner or under contract are filled"), source=_LPG_ACT),
    Item(key="scale", text=N_("Scales verified")),
    Item(key="cylinder_check", text=N_("Cylinders checked before and after filling"), source=_LPG_ACT),
)
_LPG_SHOP = (
    *_LPG_PAPERS,
    Item(key="contract", text=N_("Supply contract of at least one year"), source=_LPG_ACT),
    Item(key="price", text=N_("Prices of cylinders are displayed")),
    Item(key="area", text=N_("Sales area and stacking as required, away from flames")),
    Item(key="origin", text=N_("Cylinders have seals, labels and known origin"), source=_LPG_ACT),
    Item(key="firefighting", text=N_("Fire-fighting equipment complete and in reach")),
)

_CHECKLISTS: dict[str, tuple[Item, ...]] = {
    "petrol": _PETROL,
    "lpg_depot": _LPG_SITE,
    "lpg_supply": _LPG_SITE,
    "lpg_filling": _LPG_FILLING,
    "lpg_bulk": _LPG_FILLING,
    "lpg_shop": _LPG_SHOP,
}


def checklist(kind: str | None) -> tuple[Item, ...]:
    """Return the checklist of a kind of site; an unknown kind gets the papers only."""
    return _CHECKLISTS.get(str(kind), _PAPERS) if kind else _PAPERS
