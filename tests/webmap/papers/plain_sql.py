"""Every figure of the monthly report counted another way: layer and name of the figure -> plain SQL of :first and :day."""

THERE = "(valid_from IS NULL OR valid_from <= :day) AND (valid_to IS NULL OR valid_to >= :day)"
_CLUSTERS = f"FROM industrial_cluster WHERE kind IN ('cluster', 'craft_village') AND {THERE}"
_MARKETS = f"SELECT count(*) FROM market WHERE {THERE}"
_SITES = f"SELECT count(*) FROM fuel_site f WHERE {THERE}"
_PROJECTS = f"SELECT count(*) FROM project p WHERE {THERE}"
_PETITIONS = f"SELECT count(*) FROM petition WHERE {THERE} AND received_on <= :day"
_STATUSES = ("operating", "full", "expanding", "building", "land_clearance", "established", "submitted", "appraising", "listed", "proposed", "suspended", "abolished")  # fmt: skip

#: The certificate that a site held on the day, and its last day: as written, else five years for petrol.
_HELD = f"""
    FROM (SELECT f.*, c.id AS held, c.revoked_on, c.suspended_from, c.suspended_to,
          coalesce(c.expires_on, CASE WHEN f.kind = 'petrol' THEN CAST(c.issued_on + interval '5 years' AS date) END) AS ends
          FROM (SELECT id, kind, valid_from, valid_to, certificate_record FROM fuel_site) f LEFT JOIN LATERAL (SELECT * FROM certificate WHERE feature_id = f.id AND issued_on <= :day
          ORDER BY issued_on DESC LIMIT 1) c ON true) s
    WHERE kind = 'petrol' AND {THERE}"""
_REVOKED, _SUSPENDED = "coalesce(revoked_on <= :day, false)", "coalesce(suspended_from <= :day AND coalesce(suspended_to, :day) >= :day, false)"  # fmt: skip
_IN_FORCE = f"NOT {_REVOKED} AND NOT {_SUSPENDED}"
_CERTIFICATES = {
    "revoked": _REVOKED,
    "suspended": f"NOT {_REVOKED} AND {_SUSPENDED}",
    "expired": f"{_IN_FORCE} AND ends < :day",
    "expiring": f"{_IN_FORCE} AND ends BETWEEN :day AND CAST(:day AS date) + 90",
    "valid": f"{_IN_FORCE} AND ends > CAST(:day AS date) + 90",
    "never_issued": f"{_IN_FORCE} AND ends IS NULL AND certificate_record = 'never_issued'",
    "unknown": f"{_IN_FORCE} AND ends IS NULL AND certificate_record IS DISTINCT FROM 'never_issued'",
}

_MILESTONES = "EXISTS (SELECT FROM project_milestone m WHERE m.feature_id = p.id AND m.planned_on IS NOT NULL"
_OPEN = f"{_MILESTONES} AND (m.done_on IS NULL OR m.done_on > :day)"
_LATE = f"{_OPEN} AND m.planned_on < :day)"
_SLIPPING = f"{_OPEN} AND m.forecast_on > m.planned_on AND coalesce(m.forecast_made_on, :day) <= :day)"
_GOES_ON = f"status IS DISTINCT FROM 'cancelled' AND {_MILESTONES})"
_SCHEDULES = {
    "stopped": "status = 'cancelled'",
    "no_plan": f"status IS DISTINCT FROM 'cancelled' AND NOT {_MILESTONES})",
    "finished": f"{_GOES_ON} AND NOT {_OPEN})",
    "late": f"{_GOES_ON} AND {_LATE}",
    "at_risk": f"{_GOES_ON} AND NOT {_LATE} AND {_SLIPPING}",
    "on_track": f"{_GOES_ON} AND {_OPEN}) AND NOT {_LATE} AND NOT {_SLIPPING}",
}

_ANSWERED = "coalesce(answered_on <= :day, false)"
_ANSWERS = {
    "answered": _ANSWERED,
    "overdue": f"NOT {_ANSWERED} AND due_on < :day",
    "soon": f"NOT {_ANSWERED} AND due_on BETWEEN :day AND CAST(:day AS date) + 10",
    "waiting": f"NOT {_ANSWERED} AND (due_on IS NULL OR due_on > CAST(:day AS date) + 10)",
}

#: Loads are those measured, of whatever day: the highest against what the transformers in service are rated for.
_STATIONS = f"""
    SELECT count(*) FROM (SELECT s.*, t.rated, t.largest, l.peak FROM substation s
      LEFT JOIN LATERAL (SELECT sum(rated_mva) AS rated, max(rated_mva) AS largest FROM transformer
        WHERE feature_id = s.id AND is_planned IS NOT TRUE) t ON true
      LEFT JOIN LATERAL (SELECT max(sqrt(active_power_mw ^ 2 + coalesce(reactive_power_mvar, 0) ^ 2)) AS peak FROM load_measurement
        WHERE feature_id = s.id AND scenario <> 'forecast') l ON true) s WHERE {THERE}"""

PLAIN = {
    ("industrial_clusters", "clusters"): f"SELECT count(*) {_CLUSTERS}",
    ("industrial_clusters", "area"): f"SELECT sum(area_ha) {_CLUSTERS}",
    ("industrial_clusters", "industrial_land"): f"SELECT sum(industrial_land_ha) {_CLUSTERS}",
    ("industrial_clusters", "leased_land"): f"SELECT sum(leased_area_ha) {_CLUSTERS}",
    ("industrial_clusters", "established"): f"SELECT count(*) {_CLUSTERS} AND established_on BETWEEN :first AND :day",
    **{
        ("industrial_clusters", f"by_status_{one}"): f"SELECT count(*) {_CLUSTERS} AND status = '{one}'"
        for one in _STATUSES
    },
    ("markets", "operating"): f"{_MARKETS} AND status = 'operating'",
    ("markets", "being_built"): f"{_MARKETS} AND status IN ('rebuilding', 'building')",
    (
        "markets",
        "converting",
    ): f"{_MARKETS} AND conversion_step IS NOT NULL AND conversion_step NOT IN ('none', 'done')",
    **{
        ("markets", f"by_class_{one}"): f"{_MARKETS} AND status = 'operating' AND market_class = '{one}'"
        for one in ("1", "2", "3", "unclassified")
    },
    ("substations", "over_80"): f"{_STATIONS} AND peak > 0.8 * coalesce(rated, capacity_mva)",
    ("substations", "over_100"): f"{_STATIONS} AND peak > coalesce(rated, capacity_mva)",
    (
        "substations",
        "over_n_1",
    ): f"{_STATIONS} AND rated > largest AND round(CAST(peak / (rated - largest) * 100 AS numeric), 1) >= 100.1",
    ("fuel_sites", "petrol"): f"{_SITES} AND kind = 'petrol'",
    ("fuel_sites", "lpg"): f"{_SITES} AND kind LIKE 'lpg%'",
    (
        "fuel_sites",
        "remedy_overdue",
    ): f"""{_SITES} AND EXISTS (SELECT FROM inspection_finding i WHERE i.feature_id = f.id
        AND i.found_on <= :day AND i.remedy_due_on < :day AND (i.remedied_on IS NULL OR i.remedied_on > :day))""",
    **{
        ("fuel_sites", f"petrol_by_certificate_{one}"): f"SELECT count(*) {_HELD} AND {condition}"
        for one, condition in _CERTIFICATES.items()
    },
    ("projects", "with_obstacles"): f"""{_PROJECTS} AND EXISTS (SELECT FROM project_obstacle o WHERE o.feature_id = p.id
        AND o.raised_on <= :day AND (o.settled_on > :day OR (o.settled_on IS NULL AND o.state <> 'settled')))""",
    **{("projects", f"by_schedule_{one}"): f"{_PROJECTS} AND {condition}" for one, condition in _SCHEDULES.items()},
    **{("petitions", f"by_answer_{one}"): f"{_PETITIONS} AND {condition}" for one, condition in _ANSWERS.items()},
}
