"""What the rows of an import would do, in numbers, and what the database has against them."""

from dataclasses import dataclass

from geodata.importing.results import Counts, Problem, Severity


@dataclass(frozen=True, kw_only=True)
class Classified:
    """What the rows would do, and what only the database could see."""

    new: int
    changed: int
    unchanged: int
    absent: int
    problems: tuple[Problem, ...] = ()

    def counts(self, read: int, kept: int, left_out: int) -> Counts:
        """Return the counts of a file of so many rows, of which so many are good and so many were left out by a person."""
        return Counts(
            read=read,
            new=self.new,
            changed=self.changed,
            unchanged=self.unchanged,
            absent=self.absent,
            rejected=read - kept - left_out,
        )

    @property
    def rejected(self) -> frozenset[int]:
        """The rows that the database's rules reject."""
        return frozenset(item.row for item in self.problems if item.severity is Severity.ERROR and item.row is not None)
