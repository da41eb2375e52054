"""Published versions: once per content, never changed."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from app.db.transactions import Database
from app.errors import NotFound
from app.questionnaires.library import source_file, source_files
from app.questionnaires.publication import (
    QuestionnaireRefused,
    content_hash,
    fetch,
    latest,
    publish,
)


def test_the_same_text_is_published_once(db: Database, now: datetime) -> None:
    text = source_file(2).text
    with db.unit_of_work() as session:
        first = publish(session, text, now=now)

    with db.unit_of_work() as session:
        again = publish(session, text.replace("\n", "\r\n"), now=now + timedelta(days=1))

    assert again == first
    assert (first.number, first.version, first.revision) == (2, "1.0", 1)
    assert first.content_hash == content_hash(text)


def test_a_changed_text_is_the_next_revision(db: Database, now: datetime) -> None:
    text = source_file(2).text
    with db.unit_of_work() as session:
        first = publish(session, text, now=now)
        second = publish(session, text + "# another word\n", now=now)

    with db.reading() as session:
        assert latest(session, 2) == second
        assert latest(session, 3) is None
    assert (first.revision, second.revision) == (1, 2)


def test_a_version_is_fetched_as_it_was_published(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        published = [
            publish(session, file.text, now=now, file=file.name) for file in source_files()
        ]

    with db.reading() as session:
        forms = [fetch(session, version.id) for version in published]
        once_more = fetch(session, published[0].id)

    assert [form.questionnaire for form in forms] == [1, 2, 3]
    assert once_more is forms[0]  # parsed once


def test_a_broken_text_is_not_published(db: Database, now: datetime) -> None:
    text = source_file(1).text.replace("${trabaja_actual} = 1", "${trabajo_actual} = 1", 1)

    with pytest.raises(QuestionnaireRefused) as caught, db.unit_of_work() as session:
        publish(session, text, now=now, file="1.yaml")

    assert "¿Quiso decir «trabaja_actual»?" in caught.value.mensaje


def test_a_version_nobody_published_is_not_found(db: Database) -> None:
    with pytest.raises(NotFound), db.reading() as session:
        fetch(session, uuid4())
