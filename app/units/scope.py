"""What part of the tree a caller may touch. A mandatory argument of every query.

A scope says nothing about what may be done there: the permission was asked before
the scope was made (staff.roles).
"""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Reach:
    """One unit with all below it; limited to `groups` where a grant names them."""

    unit_id: UUID
    groups: frozenset[UUID] | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """The union of its reaches. Nothing outside it exists for the caller."""

    reaches: tuple[Reach, ...] = ()
    unlimited: bool = False

    @property
    def whole_units(self) -> tuple[UUID, ...]:
        """Units granted without a limit of groups."""
        return tuple(reach.unit_id for reach in self.reaches if reach.groups is None)

    @property
    def only_groups(self) -> frozenset[UUID]:
        """Groups granted one by one."""
        return frozenset().union(*(reach.groups or () for reach in self.reaches))

    @property
    def units(self) -> tuple[UUID, ...]:
        """Every unit named by a reach, limited or not."""
        return tuple(reach.unit_id for reach in self.reaches)


# For the worker and the operator's commands, which act for the whole deployment.
WHOLE = Scope(unlimited=True)
