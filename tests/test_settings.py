import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settings import Environment, SettingRefused, parse_env_file, read_settings

KEYS = {
    "TRAYECTO_SECRET_KEYS": "b:" + "s" * 40 + ",a:" + "t" * 40,
    "TRAYECTO_DATA_KEYS": "a:" + "d" * 40,
}


def test_silence_means_production_and_production_needs_keys() -> None:
    with pytest.raises(SettingRefused) as refusal:
        read_settings({})

    assert "TRAYECTO_SECRET_KEYS" in refusal.value.mensaje
    assert "producción no arranca sin claves" in refusal.value.mensaje


def test_keys_keep_their_order_newest_first() -> None:
    settings = read_settings(KEYS)

    assert settings.environment is Environment.PRODUCTION
    assert [key.key_id for key in settings.secret_keys] == ["b", "a"]


def test_a_key_never_shows_itself() -> None:
    settings = read_settings(KEYS)

    assert "sss" not in repr(settings)
    assert "ddd" not in str(settings.data_keys)


@pytest.mark.parametrize(
    "change",
    [
        {"TRAYECTO_SECRET_KEYS": "a:short"},
        {"TRAYECTO_SECRET_KEYS": "no-separator"},
        {"TRAYECTO_DATA_KEYS": "a:" + "d" * 40 + ",a:" + "e" * 40},
        {"TRAYECTO_ENVIRONMENT": "produccion"},
        {"TRAYECTO_BASE_URL": "egresados.mx"},
        {"TRAYECTO_MAIL_DAILY_LIMIT": "muchos"},
        {"TRAYECTO_DATABASE_URL": "mysql://u:p@h/d"},
        {"TRAYECTO_MAIL_FROM": "la escuela"},
        {"TRAYECTO_LOG_FORMAT": "xml"},
    ],
)
def test_a_setting_that_cannot_be_meant_is_named(change: dict[str, str]) -> None:
    with pytest.raises(SettingRefused) as refusal:
        read_settings({**KEYS, **change})

    assert next(iter(change)) in refusal.value.mensaje


def test_a_postgres_address_gets_our_driver() -> None:
    settings = read_settings({**KEYS, "TRAYECTO_DATABASE_URL": "postgresql://u@h/d"})

    assert settings.database_url == "postgresql+psycopg://u@h/d"


def test_cookies_follow_the_scheme_of_the_address() -> None:
    assert read_settings({**KEYS, "TRAYECTO_BASE_URL": "https://e.mx/"}).secure
    assert not read_settings({**KEYS, "TRAYECTO_BASE_URL": "http://e.mx"}).secure


def test_an_env_file_is_read_as_people_write_it() -> None:
    text = '# comment\nexport TRAYECTO_A="x y"\nTRAYECTO_B = z\n\nnonsense\n'

    assert parse_env_file(text) == {"TRAYECTO_A": "x y", "TRAYECTO_B": "z"}


@given(st.text())
def test_any_env_file_can_be_read(text: str) -> None:
    assert all(isinstance(value, str) for value in parse_env_file(text).values())
