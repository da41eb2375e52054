"""Matching without reading: keyed hashes of CURPs, names and addresses.

Written under the newest key, looked up under all, so that rotation loses nobody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.keys import NamedSecret, PurposeKey, fingerprint, keys_for


@dataclass(frozen=True, slots=True)
class MatchKeys:
    """Keys for matching, newest first, at least one."""

    keys: tuple[PurposeKey, ...]

    def curp(self, curp: str) -> str:
        """What is stored beside an encrypted CURP."""
        return fingerprint(self.keys[0], f"curp:{curp}")

    def curp_forms(self, curp: str) -> tuple[str, ...]:
        """Under which a stored CURP may be found, newest key first."""
        return self._forms(f"curp:{curp}")

    def name(self, search_name: str) -> str:
        """What is stored beside an encrypted name, from its search form."""
        return fingerprint(self.keys[0], f"name:{search_name}")

    def name_forms(self, search_name: str) -> tuple[str, ...]:
        return self._forms(f"name:{search_name}")

    def contact(self, key: str) -> str:
        """What is stored beside an address: mail in lower case, or E.164."""
        return fingerprint(self.keys[0], f"contact:{key}")

    def contact_forms(self, key: str) -> tuple[str, ...]:
        return self._forms(f"contact:{key}")

    def _forms(self, text: str) -> tuple[str, ...]:
        return tuple(fingerprint(key, text) for key in self.keys)


def match_keys(data_keys: Sequence[NamedSecret]) -> MatchKeys:
    """Keys for matching, derived from the data keys of the deployment."""
    return MatchKeys(keys_for("match", data_keys))


def flatten(forms: Iterable[tuple[str, ...]]) -> list[str]:
    """Every form of every text, for one look-up."""
    return [form for each in forms for form in each]
