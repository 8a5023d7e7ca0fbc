"""Where controls that did not run here are at home: the profiles that are made for them."""

from reports.claims.verdicts import MISSING, is_meaningless
from reports.evidence.load import Evidence
from reports.page.findings import is_ours


def elsewhere(evidence: Evidence) -> str:
    """A sentence that names the profiles made for the comparisons with controls of which none ran
    here; empty where some ran, or no other profile is made for them."""
    ours = [one for one in evidence.claims if is_ours(one)]
    if is_meaningless(evidence.profile) or any(one.verdict.word != MISSING for one in ours):
        return ""
    names = dict.fromkeys(name for one in ours for name in evidence.made_for.get(one.table.id, []))
    if not names:
        return ""
    homes = " and ".join(f"{name} (reports/{name}/index.html)" for name in names)
    made = "is made for them" if len(names) == 1 else "are made for them"
    return (
        f"What carries the gain is asked by controls, which did not run at {evidence.profile} "
        f"scale: profile {homes} {made}."
    )
