"""The words of the audit trail: what was done, and to what."""

from collections.abc import Mapping

ACTION_WORDS: Mapping[str, str] = {
    "appointment.agreed": "Acordó una cita para llamar",
    "calendar.chosen": "Eligió el calendario del plantel",
    "case.message_queued": "Pidió enviar un mensaje",
    "case.seen": "Vio a una persona de un levantamiento",
    "classroom.closed": "Cerró una sesión de aula",
    "classroom.contact_proven": "Comprobó un contacto de un estudiante en el aula",
    "classroom.let_in_again": "Dejó entrar otra vez a un estudiante en el aula",
    "classroom.locked": "Se detuvo la entrada a un aula por demasiados intentos",
    "classroom.opened": "Abrió una sesión de aula",
    "classroom.reopened": "Abrió otra vez una sesión de aula",
    "classroom.seen": "Vio una sesión de aula",
    "classroom.student_unlocked": "Dio más intentos a un estudiante en el aula",
    "classroom.unlocked": "Desbloqueó la entrada a un aula",
    "contact.opened": "Abrió una forma de contactar a una persona",
    "contact.result_said": "Anotó qué pasó al buscar a una persona",
    "contact_plan.chosen": "Cambió el plan de mensajes",
    "contact_plan.inherited": "Volvió al plan de mensajes de arriba",
    "contact.added": "Agregó un contacto",
    "contact.confirmed": "Confirmó un contacto",
    "contact.dead": "Anotó que un contacto ya no sirve",
    "contact.withdrawn": "Retiró un contacto",
    "correction.settled": "Atendió una corrección",
    "institution.notice_published": "Publicó el aviso de privacidad",
    "institution.sender_set": "Cambió el remitente",
    "interview.begun": "Empezó una entrevista por teléfono",
    "link.renewed": "Hizo un enlace personal nuevo",
    "link.revoked": "Anuló un enlace personal",
    "link.shown": "Vio un enlace personal",
    "links.exported": "Descargó los enlaces personales",
    "mailbox.read": "Leyó un mensaje del buzón de pruebas",
    "message_text.given_up": "Volvió al texto de arriba en un mensaje",
    "message_text.written": "Cambió el texto de un mensaje",
    "people.merged": "Unió dos registros de una persona",
    "person.corrected": "Corrigió datos de una persona",
    "person.opt_out_withdrawn": "Reanudó los mensajes a una persona",
    "person.opted_out": "Dio de baja de los mensajes a una persona",
    "person.viewed": "Vio los datos de una persona",
    "roster.confirmed": "Confirmó quién egresó",
    "roster.imported": "Cargó una lista de estudiantes",
    "sign_off.accepted": "Aceptó el cierre de un plantel",
    "sign_off.returned": "Devolvió el cierre de un plantel",
    "sign_off.submitted": "Entregó el cierre de un plantel",
    "simulation.loaded": "Cargó datos simulados",
    "staff.disabled": "Cerró una cuenta",
    "staff.enabled": "Abrió una cuenta",
    "staff.grant_taken_back": "Quitó un papel",
    "staff.granted": "Dio un papel",
    "staff.link_made": "Hizo un enlace de acceso",
    "staff.password_changed": "Cambió su contraseña",
    "staff.password_set": "Puso su contraseña",
    "staff.renamed": "Cambió un nombre",
    "staff.session_ended": "Terminó una sesión",
    "staff.sign_in_failed": "Falló una entrada",
    "staff.signed_in": "Entró",
    "staff.signed_out": "Salió",
    "transfer.decided": "Decidió un traslado",
    "units.imported": "Cargó planteles y oficinas",
    "wave.messages_seen": "Vio los mensajes de un levantamiento",
    "wave.missing_seen": "Vio quién falta en un levantamiento",
    "wave.paused": "Pausó un levantamiento",
    "wave.resumed": "Reanudó un levantamiento",
    "worklist.seen": "Vio su lista de pendientes",
    "window.moved": "Movió una fecha",
}
OBJECT_WORDS: Mapping[str, str] = {
    "case": "persona en un levantamiento",
    "classroom": "sesión de aula",
    "file": "archivo",
    "import_batch": "lista",
    "message": "mensaje",
    "panel_member": "persona",
    "seed": "semilla",
    "staff_account": "cuenta",
    "staff_session": "sesión",
    "transfer_request": "traslado",
    "unit": "plantel u oficina",
    "wave": "levantamiento",
}


def action_words(action: str) -> str:
    """What was done, in Spanish; the code itself of an act an older or newer version wrote."""
    return ACTION_WORDS.get(action, action)


def object_words(kind: str) -> str:
    """What it was done to, in Spanish."""
    return OBJECT_WORDS.get(kind, kind)
