"""The grammar of queries: what it takes, what it refuses and how it says so."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.filters import (
    ALL,
    MAX_QUERY,
    MAX_VALUES,
    PARAMETERS,
    BadQuery,
    Basis,
    By,
    Chart,
    Filters,
    Freq,
    Measure,
    Of,
    Series,
    listed,
)
from data_access.reference import Reference, load

VOCABULARY = load()


@pytest.fixture(scope="module")
def vocabulary() -> Reference:
    return VOCABULARY


def refusal(query: str) -> BadQuery:
    with pytest.raises(BadQuery) as caught:
        Filters.from_query(query, VOCABULARY)
    return caught.value


def test_an_empty_query_is_all_licensed_products_from_all_countries_by_volume() -> None:
    filters = Filters.from_query("", VOCABULARY)
    assert filters == Filters()
    assert filters.products == ("aim",)
    assert filters.countries == ("all",)
    assert filters.measure == "volume"
    assert filters.series == ("public", "license")
    assert filters.to_query() == ""


def test_every_parameter_is_read() -> None:
    filters = Filters.from_query(
        "?product=7601&product=scrap&country=CAN&country=EU&smelt=unknown&smelt2=not_applicable&cast=RUS"
        "&from=2024-01&to=2025-12&freq=quarter&measure=share&of=value&series=combined&by=country&basis=general"
        "&chart=ranking",
        VOCABULARY,
    )
    assert filters == Filters(
        products=("7601", "scrap"),
        countries=("CAN", "EU"),
        smelt=("unknown",),
        smelt2=("not_applicable",),
        cast=("RUS",),
        start="2024-01",
        end="2025-12",
        freq=Freq.QUARTER,
        measure=Measure.SHARE,
        of=Of.VALUE,
        series=(Series.COMBINED,),
        by=By.COUNTRY,
        basis=Basis.GENERAL,
        chart=Chart.RANKING,
    )


def test_a_mapping_of_values_reads_like_a_query_string() -> None:
    assert Filters.from_query({"product": ["7601", "foil"], "measure": ["value"]}, VOCABULARY) == Filters.from_query(
        "product=7601&product=foil&measure=value", VOCABULARY
    )


def test_a_value_given_twice_counts_once() -> None:
    assert Filters.from_query("product=7601&product=7601", VOCABULARY).products == ("7601",)


@pytest.mark.parametrize(
    ("query", "parameter", "found"),
    [
        ("product=7699", "product", "7699"),
        ("product=", "product", ""),
        ("product=7601,7602", "product", "7601,7602"),
        ("country=can", "country", "can"),
        ("country=unknown", "country", "unknown"),
        ("smelt=XXX", "smelt", "XXX"),
        ("from=2025-13", "from", "2025-13"),
        ("from=2025-1", "from", "2025-1"),
        ("to=٢٠٢٥-01", "to", "٢٠٢٥-01"),
        ("freq=week", "freq", "week"),
        ("measure=tons", "measure", "tons"),
        ("of=auv", "of", "auv"),
        ("series=both", "series", "both"),
        ("by=month", "by", "month"),
        ("basis=cif", "basis", "cif"),
        ("chart=pie", "chart", "pie"),
        ("measure=value&measure=value", "measure", "value, value"),
        ("from=2025-01&from=2025-02", "from", "2025-01, 2025-02"),
        ("colour=blue", "colour", "blue"),
        ("Product=7601", "Product", "7601"),
    ],
)
def test_what_the_grammar_does_not_hold_is_refused_by_name(query: str, parameter: str, found: str) -> None:
    refused = refusal(query)
    assert (refused.parameter, refused.given) == (parameter, found)
    assert refused.allowed
    assert parameter in refused.message
    assert set(refused.to_dict()) == {"parameter", "given", "allowed", "message"}


@pytest.mark.parametrize(("start", "end", "fits"), [("2025-03", "2025-02", False), ("2025-03", "2025-03", True)])
def test_from_may_not_be_after_to(start: str, end: str, fits: bool) -> None:
    query = f"from={start}&to={end}"
    if fits:
        assert Filters.from_query(query, VOCABULARY).start == start
    else:
        refused = refusal(query)
        assert refused.parameter == "from"
        assert end in refused.message


def test_a_short_list_of_allowed_values_is_given_whole() -> None:
    assert refusal("measure=tons").allowed == ["value", "volume", "auv", "share"]


def test_a_long_list_is_described_and_close_matches_are_named() -> None:
    refused = refusal("country=Canada")
    assert refused.allowed[0] == "CAN"
    assert len(refused.allowed) < 6
    assert "Did you mean CAN?" in refused.message
    assert "bars" in refusal("product=extrusions").allowed


def test_a_foreign_value_is_repeated_short_and_printable() -> None:
    refused = refusal("product=" + "a%00%1b[31m" * 30)
    assert len(refused.given) <= 61
    assert refused.given.isprintable()
    assert refused.message.isprintable()


def test_a_query_out_of_all_proportion_is_refused() -> None:
    assert refusal("product=" + "7" * MAX_QUERY).parameter == "query"
    assert refusal("&".join(["product=aim"] * (MAX_VALUES + 1))).parameter == "product"


def test_the_canonical_query_leaves_defaults_out_and_keeps_one_order() -> None:
    query = "series=license&measure=volume&to=2025-02&country=CAN&series=public&from=2025-01&product=foil"
    assert Filters.from_query(query, VOCABULARY).to_query() == "product=foil&country=CAN&from=2025-01&to=2025-02"


def test_the_query_as_understood_has_its_defaults_filled_in() -> None:
    understood = Filters.from_query("product=7601&product=unwrought", VOCABULARY).to_dict()
    assert understood["product"] == ["7601", "unwrought"]
    assert understood["country"] == ["all"]
    assert understood["basis"] == "consumption"
    assert "of" not in understood
    assert "smelt" not in understood


def test_a_selection_is_described_in_words() -> None:
    filters = Filters.from_query("product=foil&country=CHN&from=2023-11&to=2026-10", VOCABULARY)
    assert filters.describe(VOCABULARY) == "Volume, Foil, from China, Nov 2023 to Oct 2026"


MONTHS = st.one_of(st.none(), st.builds("{:04d}-{:02d}".format, st.integers(1980, 2099), st.integers(1, 12)))
PRODUCTS = st.lists(st.sampled_from([product.id for product in VOCABULARY.products]), max_size=5, unique=True)
COUNTRIES = [ALL, *(group.id for group in VOCABULARY.countries.groups), *(one.id for one in VOCABULARY.countries)]
PLACES = st.lists(st.sampled_from(COUNTRIES), max_size=5, unique=True)
SERIES = st.sets(st.sampled_from(list(Series)), min_size=1)


@st.composite
def selections(draw: st.DrawFn) -> Filters:
    months = [draw(MONTHS), draw(MONTHS)]
    if None not in months:
        months.sort(key=str)
    return Filters(
        products=tuple(draw(PRODUCTS)) or ("aim",),
        countries=tuple(draw(PLACES)) or (ALL,),
        smelt=tuple(draw(PLACES)),
        cast=tuple(draw(PLACES)),
        start=months[0],
        end=months[1],
        freq=draw(st.sampled_from(Freq)),
        measure=draw(st.sampled_from(Measure)),
        of=draw(st.sampled_from(Of)),
        series=tuple(one for one in Series if one in draw(st.shared(SERIES, key="series"))),
        by=draw(st.sampled_from(By)),
        basis=draw(st.sampled_from(Basis)),
        chart=draw(st.sampled_from(Chart)),
    )


@given(selections())
def test_every_selection_survives_its_own_query_string(filters: Filters) -> None:
    assert Filters.from_query(filters.to_query(), VOCABULARY) == filters


NAMES = st.one_of(st.sampled_from(list(PARAMETERS)), st.text(max_size=20))
VALUES = st.one_of(st.text(max_size=100), st.sampled_from(["7601", "CAN", "2025-01", "value", "all"]))


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_a_hostile_query_gives_a_selection_or_a_refusal_and_nothing_else(pairs: list[tuple[str, str]]) -> None:
    try:
        Filters.from_query(urlencode(pairs), VOCABULARY)
    except BadQuery as refused:
        assert refused.message.isprintable()


@given(st.text(max_size=300))
def test_a_hostile_text_gives_a_selection_or_a_refusal_and_nothing_else(text: str) -> None:
    try:
        Filters.from_query(text, VOCABULARY)
    except BadQuery as refused:
        assert refused.message.isprintable()


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["Canada"], "Canada"),
        (["Canada", "Mexico", "China"], "Canada, Mexico and China"),
        (["A", "B", "C", "D", "E"], "A, B, C, D and E"),
        (["A", "B", "C", "D", "E", "F"], "A, B, C, D and 2 more"),
    ],
)
def test_a_sentence_lists_a_few_names_and_counts_the_rest(names: list[str], sentence: str) -> None:
    assert listed(names) == sentence


@pytest.mark.parametrize(
    ("query", "parameter", "words"),
    [
        ("r1=lots", "r1", "expected a number from 0 to 100,000 %, found 'lots'"),
        ("r1=-1", "r1", "expected a number from 0"),
        ("r1=1e3", "r1", "found '1e3'"),
        ("p=1", "p", "expected a number from -100 to 0 %"),
        ("r1=1&r1=2", "r1", "expected one value"),
        ("by=product&across=product", "across", "expected another split than by"),
        ("across=country", "across", "by=country alone"),
        ("event=section-232-51", "event", "Did you mean"),
        ("compare=measure%3Dvalue", "compare", "a second selection takes product, country"),
        ("compare=product%3Dnothing", "compare", "in the second selection, product: expected an id"),
        ("compare=compare%3Dproduct", "compare", "a second selection takes"),
        ("detail=hts2", "detail", "group, hts6, hts10"),
    ],
)
def test_parameters_of_views_are_checked_like_all_others(query: str, parameter: str, words: str) -> None:
    error = refusal(query)
    assert error.parameter == parameter
    assert words in error.message


@pytest.mark.parametrize("value", ["0", "25", "99.5", "100000"])
def test_a_threshold_is_read_and_written_as_it_was_given(value: str) -> None:
    filters = Filters.from_query(f"r1={value}", VOCABULARY)
    assert filters.tests.r1 == float(value)
    assert Filters.from_query(filters.to_query(), VOCABULARY) == filters
    assert filters.to_query() == ("" if value == "25" else f"r1={value}")


def test_a_second_selection_keeps_what_was_given_even_if_it_is_the_default() -> None:
    filters = Filters.from_query("country=CAN&compare=country%3Dall", VOCABULARY)
    second = filters.second(VOCABULARY)
    assert second is not None
    assert (second.countries, second.products) == (("all",), ("aim",))
    assert Filters.from_query(filters.to_query(), VOCABULARY) == filters


def test_a_comparison_is_told_in_the_words_of_the_selection() -> None:
    filters = Filters.from_query("product=foil&country=CHN&show=yoy&compare=country%3DKHM%26product%3Dfoil", VOCABULARY)
    assert filters.describe(VOCABULARY) == (
        "Volume (change on the year), Foil, from China, compared with Foil from Cambodia"
    )


def test_quiet_parameters_are_told_only_where_they_are_chosen() -> None:
    assert "r1" not in Filters().to_dict()
    assert "across" not in Filters().to_dict()
    assert Filters.from_query("r1=30&show=yoy", VOCABULARY).to_dict()["r1"] == "30"
