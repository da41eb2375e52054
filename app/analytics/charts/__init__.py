"""Released figures as shapes, sentences and boards."""
