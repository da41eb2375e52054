"""What a life makes a person answer: the variables that must agree with each other.

Everything else is drawn by weight (answering.py). Names and codes are the questionnaires' own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.questionnaires.answers import MissingCode
from app.simulation.chance import Chance, happens, one_of, whole
from app.simulation.lives import Life, Situation
from app.simulation.parameters import Parameters
from app.simulation.people import Address, Person, unassigned_number

YES, NO = 1, 2
COMMENTS = (
    "Gracias por preguntar, me gustó estudiar ahí.",
    "Hacen falta más prácticas en empresas.",
    "Sería bueno tener más orientación sobre becas.",
    "El laboratorio necesita equipo nuevo.",
    "Aprendí mucho, sobre todo en el último año.",
    "Deberían enseñar más inglés.",
)
INSTITUTIONS = (
    "Universidad pública del estado (simulada)",
    "Instituto tecnológico de la región (simulado)",
    "Universidad tecnológica del valle (simulada)",
    "Escuela normal del estado (simulada)",
    "Universidad politécnica del centro (simulada)",
    "Universidad a distancia (simulada)",
)
PROGRAMMES = (
    "Administración", "Derecho", "Psicología", "Enfermería", "Ingeniería industrial",
    "Contaduría", "Ingeniería en sistemas", "Pedagogía", "Medicina", "Arquitectura",
    "Ingeniería mecatrónica", "Trabajo social", "Gastronomía", "Educación primaria",
)  # fmt: skip
OCCUPATIONS = (
    "Cajera en una tienda", "Ayudante de cocina", "Vendedor de piso", "Repartidor",
    "Auxiliar administrativa", "Operador de producción", "Mesera", "Ayudante de mecánico",
    "Almacenista", "Atención a clientes por teléfono", "Ayudante de albañil", "Recepcionista",
    "Cuido niños", "Trabajo en el campo", "Técnico en mantenimiento",
)  # fmt: skip
_TOP_OF_BAND = {1: 14, 15: 34, 35: 48, 49: 72}  # hours, by the lower end
_LATER_PLACE, _REFUSED_BY_SCHOOL, _REJECTED = 11, 3, 1


@dataclass(frozen=True, slots=True)
class Occasion:
    """When and with what in the directory somebody answers; `None`: no usable address."""

    questionnaire: int
    today: date
    left_on: date
    track: int
    mobile: Address | None = None
    mail: Address | None = None
    first_job_known: bool = False


def tell(
    person: Person, life: Life, occasion: Occasion, *, assumed: Parameters, chance: Chance
) -> dict[str, object]:
    """Preloaded values and the answers that a life decides, for one questionnaire."""
    teller = _Teller(person, life, occasion, assumed, chance)
    return teller.first() if occasion.questionnaire == 1 else teller.later()


class _Teller:
    def __init__(
        self, person: Person, life: Life, occasion: Occasion, assumed: Parameters, chance: Chance
    ) -> None:
        self._person, self._life, self._occasion = person, life, occasion
        self._assumed, self._chance = assumed, chance

    def first(self) -> dict[str, object]:
        life, chance = self._life, self._chance
        return {
            **self._always(),
            "dato_por_corregir": "Mi segundo apellido está mal escrito.",
            **self._new_contacts(self._assumed.contacts.gives_mail),
            **self._alternate(),
            "trabaja_actual": life.works_at_school,
            "horas_semana": self._hours(at_school=True),
            "plan_egreso": life.plan,
            "ies_primera_opcion": INSTITUTIONS[life.institution % len(INSTITUTIONS)],
            "programa_primera_opcion": PROGRAMMES[life.programme % len(PROGRAMMES)],
            "motivo_no_estudio": self._reasons(self._assumed.open_answers.reason.draw(chance)),
            "apoyo_deseado": self._wants(),
        }

    def later(self) -> dict[str, object]:
        life = self._life
        now = life.at(self._occasion.questionnaire)
        reason = self._assumed.open_answers.reason.draw(self._chance)
        return {
            **self._always(),
            **self._renewed_contacts(),
            "estudia": now.studies,
            "trabaja": now.works,
            "ies_nombre": self._of_study(INSTITUTIONS, life.institution),
            "programa_es": self._of_study(PROGRAMMES, life.programme),
            "motivo_no_estudio": self._reasons(reason),
            **self._entry(reason),
            "trayectoria_es": _course(now),
            **self._job(now),
            **self._work_history(now),
        }

    def _always(self) -> dict[str, object]:
        occasion, chance = self._occasion, self._chance
        comments = happens(chance, self._assumed.response.comment)
        return {
            "tipo_bachillerato": occasion.track,
            "fecha_egreso": occasion.left_on.isoformat(),
            "hoy": occasion.today.isoformat(),
            "celular_previo": occasion.mobile is not None,
            "correo_previo": occasion.mail is not None,
            "primer_empleo_conocido": occasion.first_job_known,
            f"aviso_q{occasion.questionnaire}": YES,
            "municipio_residencia": self._person.municipality,
            "comentario": one_of(chance, COMMENTS) if comments else None,
        }

    def _new_contacts(self, gives_mail: float) -> dict[str, object]:
        gives_mobile = self._assumed.contacts.gives_mobile
        mobile = self._person.own_mobile.value.removeprefix("+52")
        return {
            "celular": mobile if happens(self._chance, gives_mobile) else None,
            "correo_personal": self._person.own_mail.value
            if happens(self._chance, gives_mail)
            else None,
        }

    def _alternate(self) -> dict[str, object]:
        if not happens(self._chance, self._assumed.contacts.gives_alternate):
            return {"alt_nombre": None, "alt_parentesco": None, "alt_tel": None}
        return {
            "alt_nombre": one_of(self._chance, ("Mi mamá", "Mi papá", "Mi hermana", "Un amigo")),
            "alt_tel": unassigned_number(self._chance).removeprefix("+52"),
        }

    def _renewed_contacts(self) -> dict[str, object]:
        occasion, renews = self._occasion, self._assumed.contacts.renews
        number = occasion.questionnaire
        new_mail = self._person.own_mail.value.replace("@", f".{number}@")
        new_mobile = unassigned_number(self._chance).removeprefix("+52")
        return {
            "contacto_vigente": _still(occasion.mobile, number),
            "correo_vigente": _still(occasion.mail, number),
            "celular": new_mobile if happens(self._chance, renews) else None,
            "correo_personal": new_mail if happens(self._chance, renews) else None,
        }

    def _of_study(self, names: Sequence[str], place: int) -> str:
        # Who changed of programme or school says another name a year later.
        moved = self._occasion.questionnaire == 3 and not self._life.third.same_programme
        return names[(place + moved) % len(names)]

    def _entry(self, reason: int) -> dict[str, object]:
        """Who names a refusal tried; who names a later place has one."""
        if reason == _REFUSED_BY_SCHOOL:
            return {"intento_ingreso": _REJECTED}
        return {"intento_ingreso": 5} if reason == _LATER_PLACE else {}

    def _job(self, now: Situation) -> dict[str, object]:
        assumed, chance = self._assumed.open_answers, self._chance
        found: dict[str, object] = {
            "ocupacion": OCCUPATIONS[self._life.occupation % len(OCCUPATIONS)],
            "horas_semana": self._hours(at_school=False),
        }
        if now.works == 2:
            found["posicion"] = 4  # works without pay: the questionnaire refuses the others
        if happens(chance, assumed.social_security):
            found["prestaciones"] = (1, 2, 3) if happens(chance, 0.7) else (1, 2)
        elif happens(chance, assumed.no_benefits):
            found["prestaciones"] = (4,)
        else:
            found["prestaciones"] = (2,) if happens(chance, 0.6) else (2, 3)
        return found

    def _work_history(self, now: Situation) -> dict[str, object]:
        life, occasion = self._life, self._occasion
        elapsed = _months(occasion.left_on, occasion.today)
        first = min(life.first_job_month, elapsed)
        started = whole(self._chance, first, elapsed)
        return {
            "meses_busqueda": whole(self._chance, 0, min(elapsed, 36)),
            "trabajo_desde_egreso": YES if now.job_since_exit else NO,
            "empleo_previo": YES if life.job_before_exit else NO,
            "primer_empleo": _month(occasion.left_on, first),
            "inicio_empleo": _month(occasion.left_on, started),
        }

    def _hours(self, *, at_school: bool) -> int:
        assumed = self._assumed.open_answers
        low = (assumed.hours_at_school if at_school else assumed.hours).draw(self._chance)
        return whole(self._chance, low, _TOP_OF_BAND[low])

    def _reasons(self, first: int) -> tuple[int, ...]:
        assumed, chance = self._assumed.open_answers, self._chance
        if first == 98 or not happens(chance, assumed.has_second_reason):
            return (first,)
        second = assumed.second_reason.draw(chance)
        return tuple(sorted({first, second}))

    def _wants(self) -> tuple[int, ...]:
        first = self._assumed.open_answers.wants.draw(self._chance)
        return (first,) if first == 5 else tuple(sorted({first, whole(self._chance, 1, 4)}))


def _course(now: Situation) -> int:
    """`trayectoria_es` of Questionnaire 3."""
    if not now.in_higher:
        return 4 if now.entered_higher else 5
    if not now.entered_before:
        return 3
    return 1 if now.same_programme else 2


def _still(address: Address | None, questionnaire: int) -> int | MissingCode:
    if address is None:
        return MissingCode.NOT_APPLICABLE
    return YES if address.ends > questionnaire else NO


def _months(start: date, end: date) -> int:
    return max(0, (end.year - start.year) * 12 + end.month - start.month)


def _month(start: date, after: int) -> str:
    months = start.year * 12 + start.month - 1 + after
    return f"{months // 12}-{months % 12 + 1:02d}"
