"""The peer: a page like Overview as Dash's own tutorial leads to it, over the same release.

One callback filters and groups data frames with pandas; Plotly Express, Dash's components, default bundles. Serve it
with `BENCH_RELEASE=DIR gunicorn --workers 2 --threads 4 tests.bench.naive:server`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import plotly.express as px
import plotly.graph_objects as go
from dash import Dash, Input, Output, dash_table, dcc, html

from data_access.reference import load

RELEASE = Path(os.environ["BENCH_RELEASE"])

public = pd.read_parquet(RELEASE / "public.parquet")
public = public[public["country"] != "all"]
licenses_file = RELEASE / "license_origin.parquet"
licenses = pd.read_parquet(licenses_file) if licenses_file.exists() else pd.DataFrame()
months = sorted(public["month"].unique())
names = {country.iso3: country.name for country in load().countries}
every_country = sorted(public["country"].unique(), key=lambda country: names.get(country, country))
every_product = sorted(public["product"].unique())
last = len(months) - 1

app = Dash(__name__, title="U.S. aluminum imports")
server = app.server
app.layout = html.Div(
    style={"maxWidth": "1200px", "margin": "0 auto", "fontFamily": "sans-serif"},
    children=[
        html.H1("U.S. aluminum imports"),
        html.Div(
            style={"display": "grid", "gridTemplateColumns": "1fr 1fr", "gap": "1rem"},
            children=[
                dcc.Dropdown(every_product, id="products", multi=True, placeholder="All products"),
                dcc.Dropdown(
                    [{"label": names.get(country, country), "value": country} for country in every_country],
                    id="countries",
                    multi=True,
                    placeholder="All countries",
                ),
            ],
        ),
        dcc.RangeSlider(
            0,
            last,
            step=1,
            id="months",
            value=[max(0, last - 35), last],
            marks={number: month for number, month in enumerate(months) if month.endswith("-01")},
        ),
        dcc.Graph(id="trend"),
        dcc.Graph(id="top"),
        dash_table.DataTable(id="table", page_action="none", style_table={"overflowX": "auto"}),
    ],
)


@app.callback(
    Output("trend", "figure"),
    Output("top", "figure"),
    Output("table", "data"),
    Input("products", "value"),
    Input("countries", "value"),
    Input("months", "value"),
)
def update(
    products: list[str] | None, countries: list[str] | None, between: list[int]
) -> tuple[go.Figure, go.Figure, list[dict[str, object]]]:
    """Both charts and the table of a selection."""
    start, end = months[between[0]], months[between[1]]
    rows = public[public["month"].between(start, end)]
    if products:
        rows = rows[rows["product"].isin(products)]
    if countries:
        rows = rows[rows["country"].isin(countries)]
    rows = rows.assign(tons=rows["consumption_kg"] / 1000, chapter=rows["product"].str[:4])
    by_month = rows.groupby(["month", "chapter"], as_index=False)["tons"].sum()
    trend = px.area(by_month, x="month", y="tons", color="chapter", title="Imports by month, t")
    if not licenses.empty:
        trend.add_scatter(name="licenses", mode="lines+markers", **licensed(countries, start, end))
    by_country = rows.groupby("country", as_index=False)["tons"].sum().nlargest(15, "tons")
    top = px.bar(by_country, x="tons", y="country", orientation="h", title="Top countries, t")
    largest = rows.nlargest(100, "consumption_value")
    table = largest[["month", "product", "country", "tons", "consumption_value"]]
    return trend, top, table.to_dict("records")


def licensed(countries: list[str] | None, start: str, end: str) -> dict[str, pd.Series]:
    """The license series of all licensed products."""
    rows = licenses[licenses["period"].between(start, end) & (licenses["product"] == "aim")]
    rows = rows[rows["origin"].isin(countries or ["all"])]
    sums = rows.groupby("period", as_index=False)["kg"].sum()
    return {"x": sums["period"], "y": sums["kg"] / 1000}


# A worker that has not served the page yet answers 500 to its scripts (dash issue 3971).
server.test_client().get("/")
