"""Every rule, by family. The documentation page, `explain` and SARIF all come from here."""

from __future__ import annotations

from sigfix.diagnosis.catalogue import behaviour, container, signatures, specs, target
from sigfix.diagnosis.rule import Rule

FAMILIES = {
    "SIG": "signatures",
    "SPC": "specs",
    "CON": "container",
    "BEH": "behaviour",
    "TGT": "target",
}

RULES: dict[str, Rule] = {
    rule.code: rule
    for module in (signatures, specs, container, behaviour, target)
    for rule in module.RULES
}


def find_rule(code_or_name: str) -> Rule | None:
    """The rule with this code (any case) or name."""
    wanted = code_or_name.strip()
    by_code = RULES.get(wanted.upper())
    return by_code or next((rule for rule in RULES.values() if rule.name == wanted.lower()), None)
