"""Questionnaires: what is asked of whom, and which answers are taken.

Pure and importable without settings; tables, library and publication are its edge.
"""

from app.questionnaires.flow import relevant
from app.questionnaires.reader import read
from app.questionnaires.validation import validate

__all__ = ["read", "relevant", "validate"]
