"""Which unit may stand where, and what is wrong where one cannot.

A fault names the unit, the column of its row, and says in Spanish what to do.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from app.units.tree import Node, Tree, UnitKind, ancestors, cycles, levels, successor_rings

# Levels may be skipped, never inverted. A zone may hold zones: sectors hold zones in some states.
MAY_STAND_UNDER: Mapping[UnitKind, frozenset[UnitKind]] = {
    UnitKind.NATION: frozenset(),
    UnitKind.REGION: frozenset({UnitKind.NATION}),
    UnitKind.STATE: frozenset({UnitKind.NATION, UnitKind.REGION}),
    UnitKind.SUBSYSTEM: frozenset(
        {UnitKind.NATION, UnitKind.REGION, UnitKind.STATE, UnitKind.SUBSYSTEM}
    ),
    UnitKind.ZONE: frozenset(UnitKind) - {UnitKind.SCHOOL},
    UnitKind.SCHOOL: frozenset(UnitKind) - {UnitKind.SCHOOL},
}
IN_A_SUBSYSTEM = frozenset({UnitKind.SUBSYSTEM, UnitKind.ZONE, UnitKind.SCHOOL})

KIND_WORDS: Mapping[UnitKind, str] = {
    UnitKind.NATION: "nación",
    UnitKind.REGION: "región",
    UnitKind.STATE: "estado",
    UnitKind.SUBSYSTEM: "subsistema",
    UnitKind.ZONE: "zona",
    UnitKind.SCHOOL: "escuela",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a unit cannot stand as it is: column of the unit's row, code, Spanish sentence."""

    unit: str
    column: str
    code: str
    message: str


DEEPEST = 12  # levels; the deepest known office has six. A chain of thousands is a mistake
SHOWN_RING = 6  # units of a ring that are written out


def faults(tree: Tree, concerned: Collection[str]) -> Iterator[Fault]:
    """What is wrong with the concerned units and with those that stand directly under them.

    Order: rings, then too long chains (and nothing else), rings of successors, then unit by unit.
    """
    names = frozenset(concerned)
    for ring in cycles(tree):
        yield from _ring_faults(ring, names)
    too_deep = tuple(_depth_faults(tree, names))
    if too_deep:
        yield from too_deep
        return
    yield from _successor_faults(tree, names)
    for node in tree.values():
        if node.code in names:
            yield from _place_faults(tree, node)
            yield from _date_faults(tree, node)
        else:
            yield from _changed_above(tree, node, names)


def _ring_faults(ring: tuple[str, ...], names: frozenset[str]) -> Iterator[Fault]:
    shown = _shown(ring)
    for code in ring:
        if code in names:
            yield Fault(
                code,
                "parent",
                "units.cycle",
                f"Las unidades dependen en círculo: {shown}. "
                "Corrija de quién depende una de ellas.",
            )


def _shown(ring: tuple[str, ...]) -> str:
    whole = (*ring, ring[0])
    written = " → ".join(f"«{code}»" for code in whole[:SHOWN_RING])
    return f"{written} → …" if len(whole) > SHOWN_RING else written


def _depth_faults(tree: Tree, names: frozenset[str]) -> Iterator[Fault]:
    for code, level in levels(tree).items():
        if level > DEEPEST and code in names:
            yield Fault(
                code,
                "parent",
                "units.too_deep",
                f"La unidad queda en el nivel {level} y el árbol llega hasta {DEEPEST}. "
                "Revise de quién depende.",
            )


def _place_faults(tree: Tree, node: Node) -> Iterator[Fault]:
    upper = node.parent
    if upper is not None:
        if upper not in tree:
            yield _unknown(tree, node.code, "parent", upper)
        elif tree[upper].kind not in MAY_STAND_UNDER[node.kind]:
            yield _misplaced(node, tree[upper])
    upper = node.subsystem_parent
    if upper is not None:
        if upper not in tree:
            yield _unknown(tree, node.code, "subsystem_parent", upper)
        elif node.kind not in IN_A_SUBSYSTEM:
            yield Fault(
                node.code,
                "subsystem_parent",
                "units.no_subsystem",
                f"Una unidad de tipo {KIND_WORDS[node.kind]} no pertenece a un subsistema. "
                f"Deje vacía la celda; dice «{upper}».",
            )
        elif not _is_of_a_subsystem(tree, upper, node.kind):
            yield Fault(
                node.code,
                "subsystem_parent",
                "units.not_a_subsystem",
                f"«{upper}» es de tipo {KIND_WORDS[tree[upper].kind]}. "
                "Escriba la clave de un subsistema o de una zona de un subsistema.",
            )


def _is_of_a_subsystem(tree: Tree, code: str, lower: UnitKind) -> bool:
    """A subsystem, or (for zones and schools) a zone somewhere below one."""
    kind = tree[code].kind
    if kind is UnitKind.ZONE and lower is not UnitKind.SUBSYSTEM:
        return any(tree[upper].kind is UnitKind.SUBSYSTEM for upper in ancestors(tree, code))
    return kind is UnitKind.SUBSYSTEM


def _date_faults(tree: Tree, node: Node) -> Iterator[Fault]:
    if node.valid_from and node.valid_until and node.valid_until <= node.valid_from:
        yield Fault(
            node.code,
            "valid_until",
            "units.ends_before_it_begins",
            f"La unidad deja de existir el {node.valid_until}, antes de empezar "
            f"({node.valid_from}). Corrija una de las dos fechas.",
        )
    following = node.successor
    if following is None:
        return
    if following not in tree:
        yield _unknown(tree, node.code, "successor", following)
    elif (reason := _bad_successor(node, tree[following])) is not None:
        yield Fault(node.code, "successor", "units.bad_successor", reason)


def _successor_faults(tree: Tree, names: frozenset[str]) -> Iterator[Fault]:
    for ring in successor_rings(tree):
        if len(ring) == 1:
            continue  # its own successor: said with the other reasons
        for code in ring:
            if code in names:
                yield Fault(
                    code,
                    "successor",
                    "units.successor_cycle",
                    f"Las sucesoras forman un círculo: {_shown(ring)}. Corrija una de ellas.",
                )


def _bad_successor(node: Node, following: Node) -> str | None:
    if following.code == node.code:
        return (
            "Una unidad no puede ser su propia sucesora. Escriba otra clave o deje la celda vacía."
        )
    if following.kind is not node.kind:
        return (
            f"La sucesora «{following.code}» es de tipo {KIND_WORDS[following.kind]} y esta unidad "
            f"de tipo {KIND_WORDS[node.kind]}. Escriba una del mismo tipo."
        )
    if node.valid_until is None:
        return (
            "Falta la fecha desde la que la unidad ya no existe (valid_until). "
            "Escríbala, o quite la sucesora."
        )
    return None


def _changed_above(tree: Tree, node: Node, names: frozenset[str]) -> Iterator[Fault]:
    """A unit nobody touched may no longer fit under one that changed: told on the changed row."""
    upper = node.parent
    if upper in names and tree[upper].kind not in MAY_STAND_UNDER[node.kind]:
        yield _holds_others(tree[upper], node)
    upper = node.subsystem_parent
    if upper in names and not _is_of_a_subsystem(tree, upper, node.kind):
        yield _holds_others(tree[upper], node)


def _holds_others(upper: Node, node: Node) -> Fault:
    return Fault(
        upper.code,
        "kind",
        "units.holds_others",
        f"De «{upper.code}» depende «{node.code}» ({KIND_WORDS[node.kind]}), que ya no podría "
        "estar ahí. Conserve el tipo de la unidad o cambie antes de quién depende la otra.",
    )


def _misplaced(node: Node, upper: Node) -> Fault:
    allowed = sorted(KIND_WORDS[kind] for kind in MAY_STAND_UNDER[node.kind])
    advice = f"Puede depender de: {', '.join(allowed)}." if allowed else "Deje vacía la celda."
    return Fault(
        node.code,
        "parent",
        "units.wrong_level",
        f"Una unidad de tipo {KIND_WORDS[node.kind]} no puede depender de «{upper.code}», "
        f"que es de tipo {KIND_WORDS[upper.kind]}. {advice}",
    )


def _unknown(tree: Tree, unit: str, column: str, code: str) -> Fault:
    alike = get_close_matches(code, tree, n=1, cutoff=0.8) if len(tree) <= 1000 else []
    hint = f" ¿Quiso escribir «{alike[0]}»?" if alike else ""
    return Fault(
        unit,
        column,
        "units.unknown_unit",
        f"No existe la unidad «{code}», ni en el archivo ni en el sistema.{hint} "
        "Corrija la clave o agregue su fila.",
    )
