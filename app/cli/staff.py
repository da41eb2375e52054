"""`trayecto staff …` and `trayecto audit …`: who may enter, and whether the trail is whole.

The operator's console may all: it needs the keys of the deployment anyway.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from app.cli.asked import asked_unit
from app.cli.files import read_file
from app.cli.runtime import Runtime, opened_runtime
from app.cli.terminal import refuse
from app.errors import AppError
from app.staff import audit_chain, invitations
from app.staff.addresses import normal_email, staff_keys
from app.staff.audit_chain import AuditFault
from app.staff.invitations import AccountUnknown, Invited
from app.staff.roles import Role, WantedGrant
from app.staff.staff_list import Listed, RowProblem, StaffListRefused, read_staff_list

LARGEST_FILE = 2_000_000  # bytes: some 40,000 rows
SHOWN_PROBLEMS = 20

staff = typer.Typer(
    name="staff", help="Cuentas del personal: invitar y restablecer.", no_args_is_help=True
)
audit = typer.Typer(
    name="audit", help="Bitácora: comprobar que está completa.", no_args_is_help=True
)

Email = Annotated[str, typer.Argument(help="Correo de la persona.", show_default=False)]


@staff.command("add")
def add(
    email: Email,
    unit: Annotated[str, typer.Option(help="Clave de la unidad; de una escuela, su CCT.")],
    role: Annotated[Role, typer.Option(help="Qué hará en esa unidad.")],
    group: Annotated[
        list[str] | None,
        typer.Option(help="Solo este grupo (6A, o 2023-2026/6A); se puede repetir."),
    ] = None,
) -> None:
    """Da un papel a una persona; si es nueva, muestra su enlace de un solo uso."""
    wanted = WantedGrant(unit, role, tuple(group or ()))
    with opened_runtime() as runtime:
        with runtime.database.unit_of_work() as session:
            asked_unit(session, unit)
            invited = _invite(session, runtime, email, wanted, now=runtime.clock())
        _tell(runtime, email, invited)


@staff.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV: email, unit, role y, si hace falta, groups.")],
) -> None:
    """Da papeles según una lista: a todas las personas o a ninguna."""
    data = read_file(file, limit=LARGEST_FILE)
    with opened_runtime() as runtime:
        try:
            listed = read_staff_list(_text(data))
            with runtime.database.unit_of_work() as session:
                invited = _invite_all(session, runtime, listed, now=runtime.clock())
        except StaffListRefused as refusal:
            for problem in refusal.problems[:SHOWN_PROBLEMS]:
                print(f"Renglón {problem.row}, columna {problem.column}: {problem.message}")
            raise
        for email, one in invited.items():
            _tell(runtime, email, one)


@staff.command("reset")
def reset(email: Email) -> None:
    """Muestra un enlace de un solo uso para poner otra contraseña."""
    with opened_runtime() as runtime:
        keys = staff_keys(runtime.settings.data_keys)
        with runtime.database.unit_of_work() as session:
            account = invitations.account_by_email(session, normal_email(email), keys=keys)
            if account is None:
                raise AccountUnknown
            token = invitations.reset(session, account.id, by=None, now=runtime.clock())
        print(_link(runtime, token))


@audit.command("verify")
def verify() -> None:
    """Comprueba que nadie cambió, borró, movió ni cortó la bitácora."""
    with opened_runtime() as runtime:
        head_file = runtime.settings.data_dir / audit_chain.HEAD_FILE
        with runtime.database.reading() as session:
            found = audit_chain.verify(session, head_file)
    if found.faults:
        more = len(found.faults) - 1
        refuse(
            f"La bitácora fue alterada: {_fault(found.faults[0])}"
            + (f", y {more} más." if more else ".")
        )
        raise typer.Exit(1)
    waiting = f" ({found.unsealed} por sellar)" if found.unsealed else ""
    print(f"sin alteraciones: {found.sealed + found.unsealed} registros{waiting}")


def _invite(
    session: Session, runtime: Runtime, email: str, wanted: WantedGrant, *, now: datetime
) -> Invited:
    keys = staff_keys(runtime.settings.data_keys)
    return invitations.invite(session, email, wanted, keys=keys, by=None, now=now)


def _invite_all(
    session: Session, runtime: Runtime, listed: Sequence[Listed], *, now: datetime
) -> dict[str, Invited]:
    """By e-mail: somebody with two rows has two roles and one link, the last."""
    invited: dict[str, Invited] = {}
    problems: list[RowProblem] = []
    for one in listed:
        try:
            invited[one.email] = _invite(session, runtime, one.email, one.wanted, now=now)
        except AppError as error:
            if error.status >= 500:
                raise
            column = "groups" if error.code == "staff.group_unknown" else "unit"
            problems.append(RowProblem(one.row, column, _words(error, one)))
    if problems:
        raise StaffListRefused(problems)
    return invited


def _words(error: AppError, listed: Listed) -> str:
    if error.code == "page.not_found":
        return f"No hay ninguna unidad con la clave {listed.wanted.unit}."
    return error.mensaje


def _tell(runtime: Runtime, email: str, invited: Invited) -> None:
    if invited.token is None:
        print(f"{email}\tya tiene cuenta; entra con su contraseña")
    else:
        print(f"{email}\t{_link(runtime, invited.token)}")


def _link(runtime: Runtime, token: str) -> str:
    return f"{runtime.settings.base_url}{invitations.PATH}{token}"


def _fault(fault: AuditFault) -> str:
    place = f"registro {fault.sequence}" if fault.sequence is not None else "registro por sellar"
    return f"{place} {fault.kind.value}"


def _text(data: bytes) -> str:
    """Excel saves CSV as UTF-8 with a mark, or in the old Windows alphabet."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
