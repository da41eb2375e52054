"""Answer those who asked for a lost link, and forget what was asked long ago."""

from datetime import datetime

from sqlmodel import Session

from app.directory.keyed import match_keys
from app.fieldwork.recovering import AT_ONCE, PostKeys, forget_requests, look
from app.fieldwork.stationery import post_office
from app.keys import keys_for
from app.messaging import suppression
from app.messaging.channels import open_channels
from app.worker.deployment import Deployment


def answer_requests(deployment: Deployment) -> int:
    """Look at every request that waits; how many there were."""
    settings = deployment.settings
    keys = PostKeys(
        match=match_keys(settings.data_keys),
        suppression=keys_for(suppression.PURPOSE, settings.data_keys),
        mail_domain=post_office(settings).mail_domain,
        channels=open_channels(settings),
    )

    def act(session: Session, now: datetime) -> int:
        return look(session, keys, now=now)

    answered = done = deployment.change(act)
    while done == AT_ONCE:
        done = deployment.change(act)
        answered += done
    return answered


def forget_old_requests(deployment: Deployment) -> int:
    """Drop requests that nobody needs any more."""
    return deployment.change(lambda session, now: forget_requests(session, now=now))
