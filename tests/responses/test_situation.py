"""What is read straight from the driver is what SQLAlchemy would have read."""

import pytest
from sqlalchemy import text

from app.db.transactions import Database
from app.errors import StorageOutdated
from app.fieldwork.entry import secret_hash
from app.responses.sitting import open_sitting
from app.responses.situation import LOCKED, OPENED, STORED, Situation
from tests.responses.desk import a_desk


def test_the_situation_is_what_sqlalchemy_reads(db: Database) -> None:
    desk = a_desk(db)
    desk.through({"aviso_q2": "1"}, {"municipio_residencia": "Mérida"})
    mark = secret_hash(desk.secret)

    with db.saving() as connection:
        statement = OPENED.statements[connection.dialect.name]
        whole = connection.execute(statement, {"secret": mark}).one()
        read = OPENED.first(connection, secret=mark)
        locked = LOCKED.first(connection, secret=mark)
        nobody = OPENED.first(connection, secret=secret_hash("otro"))

    assert tuple(statement.selected_columns.keys()) == Situation._fields
    assert read == locked == Situation(*whole)
    assert nobody is None


def test_answers_come_as_they_were_kept(db: Database) -> None:
    desk = a_desk(db)
    desk.through({"aviso_q2": "1"}, {"municipio_residencia": 'Mérida "la blanca", Yucatán'})
    sitting = desk.sitting()

    with db.saving() as connection:
        asked = {"response": sitting.response_id, "session": sitting.visit.session_id}
        rows = STORED.first(connection, **asked)

    assert {variable: value for variable, value, *_ in rows or ()} == {
        "celular_previo": False,  # known when it began
        "correo_previo": False,
        "aviso_q2": 1,
        "municipio_residencia": 'Mérida "la blanca", Yucatán',
    }


def test_a_store_that_lacks_a_table_is_a_refusal(db: Database) -> None:
    desk = a_desk(db)
    with pytest.raises(StorageOutdated), db.saving() as connection:  # and nothing of it stays
        connection.execute(text("alter table entry_session rename to entry_session_gone"))
        open_sitting(connection, desk.secret, now=desk.at)

    assert desk.sitting().response_id is None
