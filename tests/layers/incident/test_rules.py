"""Suggestions from the words of a report."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from layers.incident.rules import Category, RuleBook, Suggestion, SuggestionRule, suggest

CATEGORIES = (
    Category("ZF-01", "enforcement", "U3", "squad", ("占道", "流动摊贩"), "占道经营"),
    Category("ZF-02", "enforcement", "U3", "squad", ("噪音",), "噪声扰民"),
    Category("SJ-01", "market", "U2", "market-office", ("过期食品",), "过期食品"),
    Category("ZZ-01", "public_order", "U2", "mediation", ("纠纷",), "邻里纠纷"),
)
RULES = (
    SuggestionRule("R1", ("烧烤+油烟", "夜宵摊"), "ZF-01", 2.0),
    SuggestionRule("R2", ("KTV",), "ZF-02", 1.0, not_words=("消防",)),
    SuggestionRule("R3", ("投诉",), "SJ-01", 0.4, channel="hotline"),
    SuggestionRule("R4", ("随便",), "no-such-category", 9.0),
)
BOOK = RuleBook.of(CATEGORIES, RULES)


def test_rule_outweighs_keywords_and_says_why():
    found = suggest("夜宵摊占道，噪音大", "web", BOOK)
    assert (found.category, found.platform, found.lead_org, found.urgency) == ("ZF-01", "enforcement", "squad", "U3")
    assert found.rules == ("R1", "keyword:占道")
    assert [other.category for other in found.alternatives] == ["ZF-02"]
    assert found.confidence > found.alternatives[0].confidence > 0


def test_rule_with_two_parts_needs_both():
    assert suggest("烧烤很香", "web", BOOK) == Suggestion()
    found = suggest("烧烤店的油烟", "web", BOOK)
    assert (found.rules, found.words) == (("R1",), ("烧烤", "油烟"))


def test_part_of_a_word_has_several_spellings():
    book = RuleBook.of(CATEGORIES, [SuggestionRule("R1", ("井盖|窨井+没了|不见|", "||+", "阴沟|"), "ZF-01")])
    for text, rules in (
        ("窨井盖不见", ("R1",)),
        ("井盖没了", ("R1",)),
        ("井盖很响", ()),
        ("没了", ()),
        ("阴沟", ("R1",)),
    ):
        assert suggest(text, "web", book).rules == rules


def test_rule_is_silent_when_a_forbidden_word_occurs():
    assert suggest("ＫＴＶ太吵", "web", BOOK).category == "ZF-02"
    assert suggest("KTV消防通道", "web", BOOK) == Suggestion()


def test_rule_of_a_channel_holds_there_only():
    assert suggest("我要投诉", "hotline", BOOK).category == "SJ-01"
    assert suggest("我要投诉", "web", BOOK) == Suggestion()


def test_more_evidence_gives_more_confidence():
    weak = suggest("有人占道", "web", BOOK)
    strong = suggest("有人占道，流动摊贩，夜宵摊", "web", BOOK)
    assert weak.category == strong.category == "ZF-01"
    assert weak.confidence < strong.confidence < 1


@given(
    st.lists(st.sampled_from(["占道", "噪音", "夜宵摊", "KTV", "消防", "纠纷", "过期食品", "投诉", "无关"]), max_size=8)
)
def test_suggestion_obeys_its_laws(words):
    found = suggest("，".join(words), "hotline", BOOK)
    shares = [found.confidence, *(other.confidence for other in found.alternatives)]
    assert all(0 <= share < 1 for share in shares)
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1
    assert (found.category is None) == (found.confidence == 0) == (not found.rules)
    assert found == suggest("，".join(reversed(words)), "hotline", BOOK)
    json.dumps(found.as_json())


DECIDED = [("ZF-01", "马路上摆了个摊卖水果"), ("ZF-02", "半夜唱歌声音很响"), ("no-such-category", "马路上")] * 3


def test_likeness_suggests_where_no_word_is_found_and_never_decides():
    book = RuleBook.of(CATEGORIES, RULES, DECIDED)
    found = suggest("马路上有个摊子", "web", book)
    assert (found.category, found.rules) == ("ZF-01", ("likeness",))
    assert 0 < found.confidence < 0.5
    assert suggest("马路上有个摊子", "web", BOOK) == Suggestion()
    assert suggest("xyz 123", "web", book) == Suggestion()
    assert suggest("上水", "web", book) == Suggestion()  # single characters are in every text


@given(st.text(alphabet="马路摊卖水果半夜唱歌声音响占道噪", max_size=20))
def test_word_of_a_rule_outweighs_every_likeness(text):
    found = suggest(f"{text}。KTV", "web", RuleBook.of(CATEGORIES, RULES, DECIDED))
    if not any(word in text for word in ("占道", "噪音")):
        assert found.category == "ZF-02"
        assert "R2" in found.rules
