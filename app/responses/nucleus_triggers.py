"""Triggers: what an answered case says of its nucleus changed (decisions/0030).

They add a move of no cases (fieldwork/counting_tables.py), so that whatever was kept of the wave
is worked out again. Those of the migration; tests/db compares both. Whoever saves holds the lock
of the case, so that an answer and the move to answered are never seen apart.
"""

from app.db.triggers import come_with
from app.responses.tables import Answer

TRIGGERS = {
    "sqlite": (
        """
        create trigger nucleus_told after insert on answer
        when new.variable in ('plan_egreso', 'estudia', 'trabaja') begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, told, cases)
        select c.wave_id, c.disposition, c.eligibility_confirmed, c.source <> 'self', 0
        from response r join survey_case c on c.id = r.case_id
        where r.id = new.response_id and c.disposition in ('complete', 'partial'); end
        """,
        """
        create trigger nucleus_changed after update of value, missing on answer
        when new.variable in ('plan_egreso', 'estudia', 'trabaja') begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, told, cases)
        select c.wave_id, c.disposition, c.eligibility_confirmed, c.source <> 'self', 0
        from response r join survey_case c on c.id = r.case_id
        where r.id = new.response_id and c.disposition in ('complete', 'partial'); end
        """,
        """
        create trigger nucleus_gone after delete on answer
        when old.variable in ('plan_egreso', 'estudia', 'trabaja') begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, told, cases)
        select c.wave_id, c.disposition, c.eligibility_confirmed, c.source <> 'self', 0
        from response r join survey_case c on c.id = r.case_id
        where r.id = old.response_id and c.disposition in ('complete', 'partial'); end
        """,
    ),
    "postgresql": (
        """
        create or replace function nucleus_moved() returns trigger language plpgsql as $$ begin
        insert into case_move (wave_id, disposition, eligibility_confirmed, told, cases)
        select c.wave_id, c.disposition, c.eligibility_confirmed, c.source <> 'self', 0
        from response r join survey_case c on c.id = r.case_id
        where r.id = coalesce(new.response_id, old.response_id)
        and c.disposition in ('complete', 'partial'); return null; end $$
        """,
        """
        create trigger nucleus_told after insert on answer for each row
        when (new.variable in ('plan_egreso', 'estudia', 'trabaja'))
        execute function nucleus_moved()
        """,
        """
        create trigger nucleus_changed after update of value, missing on answer for each row
        when (new.variable in ('plan_egreso', 'estudia', 'trabaja'))
        execute function nucleus_moved()
        """,
        """
        create trigger nucleus_gone after delete on answer for each row
        when (old.variable in ('plan_egreso', 'estudia', 'trabaja'))
        execute function nucleus_moved()
        """,
    ),
}

come_with(Answer.metadata, TRIGGERS)
