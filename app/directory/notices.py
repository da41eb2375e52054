"""Privacy notices: versions of each institution's, and which one a school's people read.

The legal basis is a setting of the institution, never a law of ours: state bodies follow state
laws. A published version never changes; a correction is a new version.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.directory.tables import PrivacyNotice
from app.errors import AppError
from app.units.tables import OrganisationUnit


class NoticeMissing(AppError):
    """No unit above the school has published a privacy notice."""

    code = "notice.missing"
    status = 409
    plantilla = "Falta el aviso de privacidad del plantel. Publíquelo antes de invitar a contestar."


class NoticeIncomplete(AppError):
    """A notice without one of its parts."""

    code = "notice.incomplete"
    status = 422
    plantilla = "Al aviso de privacidad le falta {part}. Escríbalo y vuelva a publicar."


@dataclass(frozen=True, slots=True)
class Institution:
    """What a notice must say of who asks. Every field is shown to the respondent."""

    name: str
    address: str
    legal_basis: str  # law and articles, as the institution's lawyers write it
    transparency_office: str  # where and how ARCO rights are asked for
    notice_url: str  # where the full notice can be read
    recipients: str = ""  # who receives data; empty: nobody


@dataclass(frozen=True, slots=True)
class NoticeText:
    """Both texts of a notice, plain text with blank lines between paragraphs."""

    short: str
    full: str


def publish_notice(session: Session, unit_id: UUID, text: NoticeText, *, now: datetime) -> UUID:
    """The next version of a unit's notice; it holds for every school below without its own.

    Raises:
        NoticeIncomplete: one of the texts is empty.
    """
    for part, written in (("el texto corto", text.short), ("el texto completo", text.full)):
        if not written.strip():
            raise NoticeIncomplete(part=part)
    last = session.exec(
        select(PrivacyNotice.version)
        .where(PrivacyNotice.unit_id == unit_id)
        .order_by(col(PrivacyNotice.version).desc())
    ).first()
    notice = PrivacyNotice(
        unit_id=unit_id,
        version=(last or 0) + 1,
        short_text=text.short.strip(),
        full_text=text.full.strip(),
        published_at=now,
    )
    session.add(notice)
    session.flush()
    return notice.id


def notice_in_force(session: Session, school_id: UUID) -> PrivacyNotice:
    """The newest version of the nearest unit that has one: the school, then upwards.

    Both parents are asked level by level, subsystem before territory: the school belongs to
    its subsystem in law.

    Raises:
        NoticeMissing: nobody above has published one.
    """
    level, seen = [school_id], {school_id}
    while level:
        above: list[UUID] = []
        for unit_id in level:
            notice = _newest(session, unit_id)
            if notice:
                return notice
            unit = session.get_one(OrganisationUnit, unit_id)
            above += filter(None, (unit.subsystem_parent_id, unit.parent_id))
        level = [unit_id for unit_id in dict.fromkeys(above) if unit_id not in seen]
        seen.update(level)
    raise NoticeMissing(school=str(school_id))


def default_notice(institution: Institution) -> NoticeText:
    """A first text from the institution's data, to be read and corrected by its own lawyers."""
    shared = (
        f"Tus datos se comparten con: {institution.recipients}."
        if institution.recipients
        else "No compartimos tus datos con nadie fuera de la institución."
    )
    short = "\n\n".join(
        (
            (
                f"{institution.name}, con domicilio en {institution.address}, usa los "
                "datos que nos "
                "das para saber cómo les va a sus egresados en el estudio y el trabajo, mejorar la "
                "escuela y, solo si lo autorizas, escribirte después."
            ),
            (
                "Contestar es voluntario. Puedes dejar preguntas en blanco o terminar "
                "cuando quieras, "
                "y decir que no a cada permiso sin que eso te afecte."
            ),
            f"{shared} Los resultados se publican sin nombres.",
            (
                "Puedes ver, corregir o borrar tus datos, u oponerte a su uso, en: "
                f"{institution.transparency_office}."
            ),
            f"El aviso completo está en {institution.notice_url}.",
        )
    )
    full = "\n\n".join(
        (
            (
                f"Responsable. {institution.name}, con domicilio en {institution.address}, es "
                "responsable de tus datos personales."
            ),
            f"Fundamento. {institution.legal_basis}.",
            (
                "Datos. De la lista escolar: nombre, CURP, matrícula, fecha de nacimiento, sexo, "
                "plantel, grupo, carrera, promedio, correo y teléfono. De ti: lo que "
                "contestes sobre "
                "tus planes, estudio y trabajo, y los datos de contacto que nos des. "
                "No pedimos datos "
                "personales sensibles."
            ),
            (
                "Finalidades. Dar seguimiento a egresados con tres cuestionarios; elaborar "
                "estadísticas sin nombres. Con tu permiso, cada una por separado: "
                "escribirte para los "
                "siguientes cuestionarios, enviarte ofertas de estudio y empleo, y que "
                "orientación te "
                "busque."
            ),
            (
                "Si tienes menos de 18 años, quien ejerce tu patria potestad o tutela "
                "puede ejercer "
                "estos derechos por ti."
            ),
            f"Transferencias. {shared}",
            (
                "Conservación. Los datos de tu contacto alterno se borran al cerrar el tercer "
                "cuestionario. Doce meses después, tus respuestas quedan sin tu nombre."
            ),
            (
                "Derechos. Puedes pedir acceso, rectificación, cancelación u "
                "oposición, y llevarte tus "
                f"datos, en: {institution.transparency_office}."
            ),
            f"Cambios. Cualquier cambio a este aviso se publica en {institution.notice_url}.",
        )
    )
    return NoticeText(short, full)


def _newest(session: Session, unit_id: UUID) -> PrivacyNotice | None:
    return session.exec(
        select(PrivacyNotice)
        .where(PrivacyNotice.unit_id == unit_id)
        .order_by(col(PrivacyNotice.version).desc())
    ).first()
