"""Every table, for Alembic and the tests."""

import app.analytics.editions.tables
import app.analytics.tables
import app.classroom.tables
import app.db.tables
import app.directory.tables
import app.fieldwork.counting_tables
import app.fieldwork.tables
import app.fieldwork.worklist.tables
import app.messaging.tables
import app.questionnaires.tables
import app.responses.nucleus_triggers
import app.responses.tables
import app.staff.tables
import app.units.tables  # noqa: F401
