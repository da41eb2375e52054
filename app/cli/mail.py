"""The mail server in `trayecto check`: connect, encrypt, sign in; nothing is sent."""

from dataclasses import replace

from app.db.health import Finding
from app.messaging.mail_server import MailServerRefused
from app.messaging.smtp import connection_problem
from app.settings import Settings
from app.worker.sending import mail_server

WHAT = "correo"
PATIENCE = 10.0  # seconds


def mail_finding(settings: Settings) -> Finding:
    """Whether messages can leave. Development without a server keeps them in its mailbox."""
    if settings.keeps_mail:
        return Finding(WHAT, fit=True, said="sin servidor: los mensajes quedan en /panel/buzon")
    try:
        server = mail_server(settings)
    except MailServerRefused as refusal:
        return Finding(WHAT, fit=False, said=refusal.mensaje.rstrip("."))
    if server is None:
        said = "falta TRAYECTO_SMTP_URL; los mensajes se quedan en espera y no sale ninguno"
        return Finding(WHAT, fit=False, said=said)
    problem = connection_problem(replace(server, timeout=PATIENCE))
    where = f"{server.host}:{server.port}"
    if problem is not None:
        return Finding(WHAT, fit=False, said=f"{where} no acepta la conexión ({problem})")
    return Finding(WHAT, fit=True, said=f"{where} responde (tls={server.tls.value})")
