"""The domains that tasks come from. Their order is data: tasks are drawn and split in it."""

from t2l.tasks.procedural.digits import DIGITS_DOMAIN
from t2l.tasks.procedural.domain import Domain
from t2l.tasks.procedural.letters import LETTERS_DOMAIN
from t2l.tasks.procedural.words import WORDS_DOMAIN

DOMAINS: dict[str, Domain] = {
    domain.name: domain for domain in (WORDS_DOMAIN, DIGITS_DOMAIN, LETTERS_DOMAIN)
}


def control_codes() -> tuple[str, ...]:
    """Every step's control code, each once, in the order of domains and operations."""
    codes = [row.control for domain in DOMAINS.values() for row in domain.operations]
    return tuple(dict.fromkeys(codes))
