"""The table of endpoints: path, what it answers, which parameters matter, formats, and the function that answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from dashboard.api.formats import ALL_FORMATS, Answered, Format, as_json, of_sheet
from data_access.filters import BadQuery, Filters, shown
from data_access.serving.answers import cells as answers
from data_access.serving.answers import compare as answers_compare
from data_access.serving.answers import lists as answers_lists
from data_access.serving.answers import matrix as answers_matrix
from data_access.serving.answers import ranking as answers_ranking
from data_access.serving.answers import surges as surge_answers
from data_access.serving.answers import versus as answers_versus
from data_access.serving.meta import release_dict
from data_access.serving.statistics import Statistics
from data_access.serving.surges.flags import surges
from data_access.thresholds import THRESHOLDS

Given = dict[str, list[str]]
PLACES = ("product", "country", "smelt", "smelt2", "cast")
SPAN = ("from", "to")
FIGURES = ("measure", "of", "series", "basis")
FLOORS = ("floor", "floor_value")


@dataclass(frozen=True, slots=True)
class Call:
    """One question: the parameters given but for the format, and the address that links begin with."""

    statistics: Statistics
    given: Given
    base: str = ""

    def filters(self, **usual: str) -> Filters:
        """The selection of the query; `usual` holds what an endpoint takes where the query has nothing."""
        return self.statistics.parse({**{name: [value] for name, value in usual.items()}, **self.given})


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One path of the API.

    `takes` are the parameters that matter, the others of a page's query are accepted; `strict` ones take none but the
    format. `schema` names the shape of the JSON answer, `example` is a query to try.
    """

    path: str
    summary: str
    text: str
    takes: tuple[str, ...]
    schema: str
    answer: Callable[[Call], Answered]
    example: str = ""
    formats: tuple[Format, ...] = ALL_FORMATS
    strict: bool = False

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


def check_strict(endpoint: Endpoint, given: Given) -> None:
    """Raise BadQuery for a parameter of an endpoint that takes none."""
    if endpoint.strict and given:
        name = next(iter(given))
        message = f"{shown(name)!r} is not a parameter of {endpoint.path}, which takes format alone."
        raise BadQuery(shown(name), given=shown(given[name][0]), allowed=["format"], message=message)


# -- answers --------------------------------------------------------------------------------------------------------


def _series(call: Call) -> Answered:
    released = call.statistics.series(call.filters())
    return of_sheet(
        lambda: answers.to_json(released, base=call.base),
        lambda: answers.sheet(released, base=call.base),
        lambda ext: answers.file_name(released, ext),
    )


def _ranking(call: Call) -> Answered:
    filters = Call(call.statistics, {**call.given, "freq": ["range"], "across": ["none"]}).filters()
    _check_one_series(call)
    found = answers_ranking.ranking(call.statistics, filters)
    return of_sheet(
        lambda: answers_ranking.to_json(found, base=call.base),
        lambda: answers_ranking.to_sheet(found, base=call.base),
        lambda ext: answers.file_name(found.released, ext, kind="ranking"),
    )


def _matrix(call: Call) -> Answered:
    call = _without_none(call)
    filters = call.filters(freq="range", **_usual_pair(call.given, by="product", across="country"))
    _check_one_series(call)
    found = answers_matrix.matrix(call.statistics, filters, periods=filters.freq != "range")
    return _of_matrix(call, found, "matrix")


def _flows(call: Call) -> Answered:
    call = _without_none(call)
    usual = _usual_pair(call.given, by="country", across="cast" if call.given.get("by") == ["smelt"] else "smelt")
    # Before the grammar, which would offer splits that flows do not have.
    splits = {name: call.given.get(name, [usual.get(name, "")])[0] for name in ("by", "across")}
    answers_matrix.check_flows(**splits)
    filters = Call(call.statistics, {**call.given, "freq": ["quarter"]}).filters(**usual)
    return _of_matrix(call, answers_matrix.flows(call.statistics, filters), "flows")


def _check_one_series(call: Call) -> None:
    """Raise BadQuery where the query names several series; the usual ones of a page are named by none."""
    series = list(dict.fromkeys(call.given.get("series", [])))
    if len(series) > 1:
        raise answers_ranking.several_series(series)


def _without_none(call: Call) -> Call:
    """The question without splits by nothing, which name no pair."""
    return replace(call, given={name: values for name, values in call.given.items() if values != ["none"]})


def _usual_pair(given: Given, *, by: str, across: str) -> dict[str, str]:
    """The splits that hold where the query names none, or one."""
    if "by" in given:
        return {"across": by if given["by"] == [across] else across}
    return {"by": across if given.get("across") == [by] else by, "across": across}


def _of_matrix(call: Call, found: answers_matrix.Matrix, kind: str) -> Answered:
    return of_sheet(
        lambda: answers_matrix.to_json(found, base=call.base),
        lambda: answers_matrix.to_sheet(found, base=call.base),
        lambda ext: answers.file_name(found.released, ext, kind=kind),
    )


def _compare(call: Call) -> Answered:
    found = answers_compare.compare(call.statistics, call.filters())
    return of_sheet(
        lambda: answers_compare.to_json(found, base=call.base),
        lambda: answers_compare.to_sheet(found, base=call.base),
        lambda ext: answers.file_name(found.first, ext, kind="compare"),
    )


def _versus(call: Call) -> Answered:
    found = answers_versus.versus(call.statistics, call.filters())
    return of_sheet(
        lambda: answers_versus.to_json(found, base=call.base),
        lambda: answers_versus.to_sheet(found, base=call.base),
        lambda ext: answers.file_name(found.released, ext, kind="license-against-public-mean"),
    )


def _surges(call: Call) -> Answered:
    found = surges(call.statistics, call.filters())
    return of_sheet(
        lambda: surge_answers.to_json(found, base=call.base),
        lambda: surge_answers.sheet(found, base=call.base),
        lambda ext: surge_answers.file_name(found, ext),
    )


def _products(call: Call) -> Answered:
    rows = answers_lists.products(call.statistics.vocabulary)
    return _listed(call, "products", answers_lists.PRODUCT_COLUMNS, rows)


def _countries(call: Call) -> Answered:
    vocabulary = call.statistics.vocabulary
    rows = answers_lists.countries(vocabulary)
    groups = answers_lists.country_groups(vocabulary.countries)
    return _listed(call, "countries", answers_lists.COUNTRY_COLUMNS, rows, groups=groups)


def _releases(call: Call) -> Answered:
    rows = answers_lists.releases(call.statistics.log(), call.statistics.info())
    return _listed(call, "releases", answers_lists.RELEASE_COLUMNS, rows)


def _listed(call: Call, name: str, columns: tuple[str, ...], rows: list[dict[str, Any]], **more: Any) -> Answered:
    info = call.statistics.info()
    mark = "aim-demonstration" if info.demonstration else "aim"
    return of_sheet(
        lambda: {"release": release_dict(info), name: rows, **more},
        lambda: answers_lists.to_sheet(f"AIM Monitor: {name}", columns, rows, info),
        lambda ext: f"{mark}_{name}_{info.id or 'no-release'}.{ext}",
    )


def _meta(call: Call) -> Answered:
    return Answered(writers={Format.JSON: lambda: as_json(call.statistics.meta())})


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        path="/api/v1/series",
        summary="Figures of a selection by period",
        text="Every period of the range for every series asked for, each figure with its status. Takes a page's query "
        "as it is.",
        takes=(*PLACES, *SPAN, "freq", *FIGURES, "by", "across", "show", *FLOORS),
        schema="Series",
        answer=_series,
        example="product=foil&country=CHN&measure=value&from=2025-01",
    ),
    Endpoint(
        path="/api/v1/ranking",
        summary="Members of one period, the largest first",
        text="Countries (or products, smelts, casts: by) by their figure in one period, with their share of the total "
        "and the change on the same months a year before. Only published figures have a rank; the others stand after "
        "them with their status. Without from and to: the last twelve months of public statistics, the last closed "
        "month of license data. Change is told where the figure a year before reaches the floor.",
        takes=(*PLACES, *SPAN, *FIGURES, "by", *FLOORS),
        schema="Ranking",
        answer=_ranking,
        example="product=7601&measure=volume",
    ),
    Endpoint(
        path="/api/v1/matrix",
        summary="A selection split twice: product by country",
        text="A cell for every pair of by (usually product) and across (usually country), of one series; one period "
        "unless freq asks for several.",
        takes=(*PLACES, *SPAN, "freq", *FIGURES, "by", "across", "show", *FLOORS),
        schema="Matrix",
        answer=_matrix,
        example="country=CAN&country=MEX&measure=value",
    ),
    Endpoint(
        path="/api/v1/flows",
        summary="Origin by country of smelt or cast, per quarter",
        text="License data of every pair of origin and smelt (across=cast: most recent cast), by quarter; without from "
        "and to the last quarter whose months are closed.",
        takes=(*PLACES, *SPAN, "measure", "of", "by", "across"),
        schema="Matrix",
        answer=_flows,
        example="across=cast&measure=volume",
    ),
    Endpoint(
        path="/api/v1/compare",
        summary="Two selections side by side",
        text="The selection of the query and the one that compare holds, a query of its own with other products, "
        "countries or series (percent-encoded); all else is the same for both.",
        takes=(*PLACES, *SPAN, "freq", *FIGURES, "by", "show", *FLOORS, "compare"),
        schema="Compare",
        answer=_compare,
        example="product=foil&country=CHN&compare=product%3Dfoil%26country%3DKOR",
    ),
    Endpoint(
        path="/api/v1/versus",
        summary="A license month against the public average",
        text="The newest whole license month of a selection against the mean of the three public months before it, for "
        "the selection and each of its products (by=country: countries): the association's monthly comparison. "
        "Change is told where the mean reaches the floor.",
        takes=(*PLACES[:2], *SPAN, "measure", "basis", "by", *FLOORS),
        schema="Versus",
        answer=_versus,
        example="by=country&measure=volume",
    ),
    Endpoint(
        path="/api/v1/surges",
        summary="Products from origins that surged",
        text="Flags of the surge tests, the most severe first, each with what every test says and its small trend; "
        "tested are the newest public month and the whole license months after it. Thresholds are parameters.",
        takes=("product", "country", "series", "basis", "detail", *THRESHOLDS),
        schema="Surges",
        answer=_surges,
        example="product=aim&r1=50",
    ),
    Endpoint(
        path="/api/v1/products",
        summary="Products that a query may name",
        text="The product tree: ids, names, levels, what each is part of, whether it needs licenses, validity of "
        "codes, and the codes before and after.",
        takes=(),
        schema="Products",
        answer=_products,
        strict=True,
    ),
    Endpoint(
        path="/api/v1/countries",
        summary="Countries and groups that a query may name",
        text="Countries with their codes and groups; groups with the months in which each country is a member.",
        takes=(),
        schema="Countries",
        answer=_countries,
        strict=True,
    ),
    Endpoint(
        path="/api/v1/releases",
        summary="The log of releases",
        text="Releases up to the one in use, newest first: when each was published, the dates of its data, and "
        "how many cells of each license table it withholds.",
        takes=(),
        schema="Releases",
        answer=_releases,
        strict=True,
    ),
    Endpoint(
        path="/api/v1/meta",
        summary="What a query may ask of this release",
        text="Parameters, products, countries, months of each series, license tables and levels, measures, statuses, "
        "events and limits.",
        takes=(),
        schema="Meta",
        answer=_meta,
        formats=(Format.JSON,),
        strict=True,
    ),
)
"""All endpoints that answer a query; `routes` adds the document itself and the files of a release."""
