"""Claims quote the paper: word for word, from the section they name, with the gain they name."""

import re

import pytest

from experiments.declared.tables import load_tables
from experiments.stages.layout import Layout
from reports.paper.transcription import load_paper

CLAIMS = [claim for table in load_tables(Layout("mini").manifests) for claim in table.claims]
QUOTING = [claim for claim in CLAIMS if claim.sentence]
SENTENCES = load_paper().text["sentences"]


@pytest.mark.parametrize("claim", QUOTING, ids=lambda claim: claim.name)
def test_a_quote_is_the_papers_word_for_word(claim):
    of_section = [one["text"] for one in SENTENCES if one["section"] == claim.section]
    assert any(claim.sentence in text for text in of_section)


@pytest.mark.parametrize("claim", QUOTING, ids=lambda claim: claim.name)
def test_a_quote_that_states_gains_states_the_claims(claim):
    """Directly, as the difference of two, or as a range."""
    span = re.search(r"([\d.]+) ?%-([\d.]+) ?%", claim.sentence)
    if span:
        assert float(span[1]) <= claim.published_gain <= float(span[2])
        return
    stated = [float(number) for number in re.findall(r"([\d.]+) ?% mAP", claim.sentence)]
    between = [round(a - b, 1) for a in stated for b in stated if a > b]
    assert not stated or claim.published_gain in [*stated, *between]


def test_every_transcribed_sentence_is_quoted():
    assert all(any(claim.sentence in one["text"] for claim in QUOTING) for one in SENTENCES)


def test_claims_without_a_sentence_say_what_they_rest_on():
    """Those of the paper; our controls are not in it."""
    silent = [
        claim
        for table in load_tables(Layout("mini").manifests)
        if table.paper.startswith("Table")
        for claim in table.claims
        if not claim.sentence
    ]
    assert [claim.name for claim in silent] == [
        "A backbone with deformable convolutions adds to TPR"
    ]
    assert all("No sentence of the paper claims this gain" in claim.note for claim in silent)
