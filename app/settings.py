"""Settings: one frozen object, built once from the environment by an entry point.

Names and meaning of every setting: README, "Settings". Prefix TRAYECTO_.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from app.errors import AppError

PREFIX = "TRAYECTO_"
SHORTEST_SECRET = 32  # characters; trust.md SEC-32

LOG_FORMATS = ("text", "json")


class SettingRefused(AppError):
    """A setting is missing or cannot be meant."""

    code = "settings.refused"
    status = 503
    plantilla = "Falta corregir el ajuste {name}: {problem}."


class Environment(StrEnum):
    """Unset means production: the careful choice is the one made by silence."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"


@dataclass(frozen=True, slots=True)
class Secret:
    """One key with its public name. Newest first in every list."""

    key_id: str
    value: bytes

    def __repr__(self) -> str:
        return f"Secret({self.key_id!r})"  # a key never reaches a log


@dataclass(frozen=True, slots=True)
class Settings:
    """What a deployment may choose."""

    environment: Environment
    database_url: str
    data_dir: Path
    base_url: str
    secret_keys: tuple[Secret, ...]
    data_keys: tuple[Secret, ...]
    smtp_url: str | None = None
    mail_from: str = "seguimiento@localhost"
    bounce_domain: str | None = None
    bounce_imap_url: str | None = field(default=None, repr=False)
    dkim_keys: tuple[str, ...] = ()  # selector:file
    mail_daily_limit: int | None = None
    mail_pace: str | None = None
    mail_warm_up: str | None = None
    sms_url: str | None = field(default=None, repr=False)
    sms_json: str | None = None
    sms_token: str | None = field(default=None, repr=False)
    whatsapp_url: str | None = field(default=None, repr=False)
    whatsapp_json: str | None = None
    whatsapp_token: str | None = field(default=None, repr=False)
    gateway_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    log_format: str = "text"
    base_url_chosen: bool = True  # otherwise `serve` knows better where it listens

    @property
    def secure(self) -> bool:
        """Whether people reach us by https: decides cookie names and HSTS."""
        return urlsplit(self.base_url).scheme == "https"

    @property
    def keeps_mail(self) -> bool:
        """Whether messages are kept for the development mailbox instead of being sent."""
        return self.smtp_url is None and self.environment is Environment.DEVELOPMENT


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from `environ`, completed by the file `.env` of the caller's choosing.

    Raises:
        SettingRefused: production without keys, or a value that cannot be meant.
    """
    chosen = {
        name.removeprefix(PREFIX): text
        for name, text in environ.items()
        if name.startswith(PREFIX) and text
    }
    environment = _environment(chosen.get("ENVIRONMENT", "production"))
    data_dir = Path(chosen.get("DATA_DIR", "var"))
    default_url = f"sqlite:///{data_dir / 'trayecto.db'}"
    return Settings(
        environment=environment,
        database_url=_database_url(chosen.get("DATABASE_URL", default_url)),
        data_dir=data_dir,
        base_url=_base_url(chosen.get("BASE_URL", "http://127.0.0.1:8000")),
        base_url_chosen="BASE_URL" in chosen,
        secret_keys=_keys(chosen, "SECRET_KEYS", environment),
        data_keys=_keys(chosen, "DATA_KEYS", environment),
        smtp_url=chosen.get("SMTP_URL"),
        mail_from=_mail_from(chosen.get("MAIL_FROM", "seguimiento@localhost")),
        bounce_domain=chosen.get("BOUNCE_DOMAIN"),
        bounce_imap_url=chosen.get("BOUNCE_IMAP_URL"),
        dkim_keys=_listed(chosen.get("DKIM_KEYS")),
        mail_daily_limit=_whole(chosen, "MAIL_DAILY_LIMIT"),
        mail_pace=chosen.get("MAIL_PACE"),
        mail_warm_up=chosen.get("MAIL_WARM_UP"),
        sms_url=chosen.get("SMS_URL"),
        sms_json=chosen.get("SMS_JSON"),
        sms_token=chosen.get("SMS_TOKEN"),
        whatsapp_url=chosen.get("WHATSAPP_URL"),
        whatsapp_json=chosen.get("WHATSAPP_JSON"),
        whatsapp_token=chosen.get("WHATSAPP_TOKEN"),
        gateway_hosts=_listed(chosen.get("GATEWAY_HOSTS")),
        trusted_proxies=_listed(chosen.get("TRUSTED_PROXIES")),
        log_format=_log_format(chosen.get("LOG_FORMAT", "text")),
    )


def parse_env_file(text: str) -> dict[str, str]:
    """`NAME=value` lines; `#` starts a comment line; quotes around a value are dropped."""
    found = {}
    for line in text.splitlines():
        name, separator, value = line.strip().removeprefix("export ").partition("=")
        if separator and not name.startswith("#"):
            found[name.strip()] = value.strip().strip("\"'")
    return found


def _environment(text: str) -> Environment:
    try:
        return Environment(text)
    except ValueError as error:
        raise SettingRefused(
            name="TRAYECTO_ENVIRONMENT", problem="debe ser production o development"
        ) from error


def _database_url(url: str) -> str:
    """PostgreSQL addresses as operators write them, with the driver we use."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        # The address itself is not repeated: it may hold a password.
        raise SettingRefused(
            name="TRAYECTO_DATABASE_URL", problem="debe empezar con postgresql:// o sqlite:///"
        )
    return url


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise SettingRefused(
            name="TRAYECTO_BASE_URL", problem="debe empezar con http:// o https://"
        )
    return url.rstrip("/")


def _mail_from(address: str) -> str:
    if "@" not in address:
        raise SettingRefused(
            name="TRAYECTO_MAIL_FROM", problem="debe ser un correo, por ejemplo avisos@escuela.mx"
        )
    return address


def _log_format(text: str) -> str:
    if text not in LOG_FORMATS:
        raise SettingRefused(name="TRAYECTO_LOG_FORMAT", problem="debe ser text o json")
    return text


def _listed(text: str | None) -> tuple[str, ...]:
    """The entries of a comma list."""
    return tuple(filter(None, (entry.strip() for entry in (text or "").split(","))))


def _whole(chosen: Mapping[str, str], name: str) -> int | None:
    text = chosen.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise SettingRefused(name=PREFIX + name, problem="debe ser un número entero")
    return int(text)


def _keys(chosen: Mapping[str, str], name: str, environment: Environment) -> tuple[Secret, ...]:
    text = chosen.get(name)
    if text is None:
        if environment is Environment.PRODUCTION:
            raise SettingRefused(name=PREFIX + name, problem="producción no arranca sin claves")
        # Development only: the same on every start, so that links of yesterday still work.
        return (Secret("dev", f"development-only-{name.lower()}-not-a-secret".encode()),)
    keys = []
    for item in text.split(","):
        key_id, separator, value = item.strip().partition(":")
        if not separator or not key_id.isalnum() or len(value) < SHORTEST_SECRET:
            raise SettingRefused(
                name=PREFIX + name,
                problem=f"cada clave se escribe id:secreto, con {SHORTEST_SECRET} "
                "caracteres de secreto o más",
            )
        keys.append(Secret(key_id, value.encode()))
    if len({key.key_id for key in keys}) < len(keys):
        raise SettingRefused(name=PREFIX + name, problem="hay dos claves con el mismo id")
    return tuple(keys)
