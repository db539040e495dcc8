"""Which fields tell from when a feature is planned, built, there and gone."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Life:
    """Which fields tell a feature's years. `begins`: years or days, the first that is known counts.

    `planned`, `under_way` and `gone` are values of `status`; any other means that it exists. `plan`: the
    field with the number of the plan that wants it. `sums`: number fields added up beside the counts. `due`: the year field by
    which what is planned or under way is meant to be there; past that year it is late.
    """

    begins: tuple[str, ...]
    status: str
    planned: tuple[str, ...]
    under_way: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    plan: str | None = None
    sums: tuple[str, ...] = ()
    due: str | None = None
