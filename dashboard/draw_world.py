"""Draw the outlines of `assets/world.svg`: Natural Earth, public domain, in the Equal Earth projection (equal-area).

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python -m dashboard.draw_world package/countries-110m.json package/countries-50m.json

Areas are those of the coarser file, so that the whole is small; countries that it lacks are marked at the middle of
their area in the finer one. Writes `assets/world.svg` and `dashboard/figures/outlines.py`, which must go together.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dashboard.statics import ASSETS
from data_access.reference import Countries, load

WIDTH = 2000
"""Width of the drawing, in its units; all numbers in it are whole."""
EDGE = 6
NORTH, SOUTH = 83.7, -56.0
"""Degrees; Antarctica and the southernmost islands are left out."""
A = (1.340264, -0.081106, 0.000893, 0.003796)
"""Coefficients of the Equal Earth projection (Šavrič, Patterson and Jenny 2018, eq. 7)."""
HALF = 2.7066  # half the equator in the projection's own units
SCALE = (WIDTH / 2 - EDGE) / HALF
SLACK = 0.7
"""Area of a triangle, in square units, below which the point at its tip does not show."""
OTHER_NAMES = {
    "Antigua and Barb.": "ATG", "Bosnia and Herz.": "BIH", "Br. Indian Ocean Ter.": "IOT", "British Virgin Is.": "VGB",
    "Cayman Is.": "CYM", "Central African Rep.": "CAF", "Congo": "COG", "Cook Is.": "COK", "Dem. Rep. Congo": "COD",
    "Dominican Rep.": "DOM", "Eq. Guinea": "GNQ", "Faeroe Is.": "FRO", "Falkland Is.": "FLK", "Fr. Polynesia": "PYF",
    "Macedonia": "MKD", "Marshall Is.": "MHL", "N. Cyprus": "CYP", "N. Mariana Is.": "MNP", "Palestine": "PSE",
    "S. Sudan": "SSD", "Solomon Is.": "SLB", "Somaliland": "SOM", "St. Kitts and Nevis": "KNA",
    "St. Pierre and Miquelon": "SPM", "St. Vin. and Gren.": "VCT", "São Tomé and Principe": "STP",
    "Turks and Caicos Is.": "TCA", "U.S. Virgin Is.": "VIR", "United States of America": "USA", "Vatican": "VAT",
    "Wallis and Futuna Is.": "WLF", "eSwatini": "SWZ",
}  # fmt: skip
"""Names of Natural Earth that ours are not; what lies in none of our countries (W. Sahara, Antarctica) has no outline
of its own. Parts that no statistics tell apart (N. Cyprus, Somaliland) are drawn with the country of their figures."""
BLANK = ("W. Sahara",)
"""Land without figures of its own, drawn so that the map has no hole."""
DEPARTMENTS = {"GUF": (-55.0, 0.0, -50.0, 7.0)}
"""Parts of France in Natural Earth that have figures of their own: west, south, east, north."""
LACKING = {"GIB": (-5.4, 36.1), "GLP": (-61.6, 16.2), "MTQ": (-61.0, 14.6), "REU": (55.5, -21.1), "MYT": (45.2, -12.8)}
"""Longitude and latitude of countries that the finer file draws with another."""

Point = tuple[float, float]
Ring = list[Point]


class World(NamedTuple):
    """Paths by id, places of markers, the paths of blank land, and the height of the drawing."""

    areas: dict[str, str]
    markers: dict[str, tuple[int, int]]
    blank: str
    height: int


def equal_earth(longitude: float, latitude: float) -> Point:
    """A place (degrees) in units of the drawing, from its upper left corner."""
    theta = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    a1, a2, a3, a4 = A
    square = theta * theta
    sixth = square**3
    bend = a1 + 3 * a2 * square + sixth * (7 * a3 + 9 * a4 * square)
    x = 2 * math.sqrt(3) * math.radians(longitude) * math.cos(theta) / (3 * bend)
    y = theta * (a1 + a2 * square + sixth * (a3 + a4 * square))
    return WIDTH / 2 + SCALE * x, -SCALE * y


def draw(coarse: dict[str, Any], fine: dict[str, Any], countries: Countries) -> World:
    """The world from two TopoJSON files of countries."""
    top = equal_earth(0, NORTH)[1] - EDGE
    ids = {country.name: country.id for country in countries} | OTHER_NAMES
    shapes: dict[str, list[Ring]] = {}
    for name, rings in _countries(coarse, simplify=True):
        if name in ids or name in BLANK:
            shapes.setdefault(ids.get(name, ""), []).extend(rings)
    for part, box in DEPARTMENTS.items():
        shapes[part] = [ring for ring in shapes["FRA"] if _within(ring, box)]
        shapes["FRA"] = [ring for ring in shapes["FRA"] if not _within(ring, box)]
    places = {ids[name]: _middle(rings) for name, rings in _countries(fine, simplify=False) if name in ids}
    places |= {id_: equal_earth(*place) for id_, place in LACKING.items()}
    bottom = equal_earth(0, SOUTH)[1] + EDGE
    return World(
        areas={id_: _path(rings, top) for id_, rings in sorted(shapes.items()) if id_},
        markers={
            id_: (round(x), round(y - top))
            for id_, (x, y) in sorted(places.items())
            if id_ not in shapes and top < y < bottom
        },
        blank=_path(shapes[""], top),
        height=round(bottom - top),
    )


def _within(ring: Ring, box: tuple[float, float, float, float]) -> bool:
    west, south, east, north = box
    (left, low), (right, high) = equal_earth(west, south), equal_earth(east, north)
    return all(left <= x <= right and high <= y <= low for x, y in ring)


# -- TopoJSON -------------------------------------------------------------------------------------------------------


def _countries(topology: dict[str, Any], *, simplify: bool) -> Iterable[tuple[str, list[Ring]]]:
    """Names of countries and their rings, in units of the drawing."""
    arcs = [_degrees(arc, topology["transform"]) for arc in topology["arcs"]]
    if simplify:
        arcs = [_simplified(arc) for arc in arcs]
    for geometry in topology["objects"]["countries"]["geometries"]:
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        rings = [part for polygon in polygons for ring in polygon for part in _cut(_ring(ring, arcs))]
        yield geometry["properties"]["name"], [[equal_earth(*point) for point in ring] for ring in rings]


def _degrees(arc: Sequence[Sequence[int]], transform: dict[str, Any]) -> Ring:
    (kx, ky), (dx, dy) = transform["scale"], transform["translate"]
    x = y = 0
    points = []
    for step_x, step_y in arc:
        x, y = x + step_x, y + step_y
        points.append((x * kx + dx, y * ky + dy))
    return points


def _ring(places: Sequence[int], arcs: Sequence[Ring]) -> Ring:
    points: Ring = []
    for place in places:
        arc = arcs[place] if place >= 0 else arcs[~place][::-1]
        points += arc[1:] if points else arc
    return points


def _cut(ring: Ring) -> list[Ring]:
    """A ring (degrees) cut where it crosses the 180th meridian, at which the drawing ends on both sides."""
    turned = 0.0
    whole: Ring = []
    for longitude, latitude in ring:
        if whole and abs(longitude + turned - whole[-1][0]) > 180:
            turned += 360 if longitude + turned < whole[-1][0] else -360
        whole.append((longitude + turned, latitude))
    parts = []
    for shift in (-360.0, 0.0, 360.0):
        moved = [(longitude + shift, latitude) for longitude, latitude in whole]
        part = _side(_side(moved, at=180, sign=1), at=-180, sign=-1)
        if part:
            parts.append(part)
    return parts


def _side(ring: Ring, *, at: float, sign: int) -> Ring:
    """The part of a ring west (`sign` 1) or east (-1) of a meridian (Sutherland and Hodgman 1974)."""
    kept: Ring = []
    for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], *ring[:1]], strict=True):
        inside, next_inside = (x0 - at) * sign <= 0, (x1 - at) * sign <= 0
        if inside:
            kept.append((x0, y0))
        if inside != next_inside:
            kept.append((at, y0 + (y1 - y0) * (at - x0) / (x1 - x0)))
    return kept if len({x for x, _ in kept}) > 1 else []


def _simplified(arc: Ring) -> Ring:
    """An arc without the points that do not show (Visvalingam); its ends stay, so that borders meet."""
    points = [(point, equal_earth(*point)) for point in arc]
    while len(points) > 4:
        sizes = [_size(*(at for _, at in points[place - 1 : place + 2])) for place in range(1, len(points) - 1)]
        least = min(range(len(sizes)), key=sizes.__getitem__)
        if sizes[least] > SLACK:
            break
        del points[least + 1]
    return [point for point, _ in points]


def _size(a: Point, b: Point, c: Point) -> float:
    return abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2


def _middle(rings: Sequence[Ring]) -> Point:
    """The center of the largest ring."""
    largest = max(rings, key=lambda ring: abs(_signed(ring)))
    return sum(x for x, _ in largest) / len(largest), sum(y for _, y in largest) / len(largest)


def _signed(ring: Ring) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)) / 2


# -- files ----------------------------------------------------------------------------------------------------------


def _path(rings: Sequence[Ring], top: float) -> str:
    """Path data with whole, relative numbers; a ring too small to show is left out unless there is no other."""
    drawn = [ring for ring in rings if abs(_signed(ring)) > SLACK] or list(rings)[:1]
    return "".join(_ring_path([(round(x), round(y - top)) for x, y in ring]) for ring in drawn)


def _ring_path(points: Sequence[tuple[int, int]]) -> str:
    (x, y), *rest = points[:-1] if points[0] == points[-1] else points
    steps = []
    at = (x, y)
    for point in rest:
        if point != at:
            steps.append(f"{point[0] - at[0]} {point[1] - at[1]}")
        at = point
    return f"M{x} {y}l{' '.join(steps)}z".replace(" -", "-")


def svg(world: World) -> str:
    """The file of outlines: a path for each country, by its id, to be drawn by `<use>` in the page's own colors."""
    paths = [f'<path id="{id_}" d="{data}"/>' for id_, data in (*world.areas.items(), ("blank", world.blank))]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {world.height}">'
    source = "<!-- Natural Earth 1:110m (public domain), Equal Earth projection; made by dashboard/draw_world.py -->"
    return "\n".join([head, source, "<defs>", *paths, "</defs>", "</svg>", ""])


def module(world: World) -> str:
    """The module that tells figures what the file of outlines holds."""
    lines = [
        '"""What `assets/world.svg` holds; made by dashboard/draw_world.py, not by hand."""',
        "",
        f"WIDTH, HEIGHT = {WIDTH}, {world.height}",
        '_AREAS = """',
        *(" ".join(chunk) for chunk in _chunks(list(world.areas), 29)),
        '"""',
        "AREAS = frozenset(_AREAS.split())",
        '"""Countries with an outline."""',
        "MARKERS = {",
    ]
    lines += [f'    "{id_}": ({x}, {y}),' for id_, (x, y) in world.markers.items()]
    lines += ["}", '"""Countries too small for one, and where they lie."""', ""]
    return "\n".join(lines)


def _chunks(ids: Sequence[str], size: int) -> list[Sequence[str]]:
    return [ids[place : place + size] for place in range(0, len(ids), size)]


def main(arguments: Sequence[str]) -> None:
    """Write both files from two of `world-atlas`: 1:110m, then 1:50m."""
    coarse, fine = (json.loads(Path(name).read_text(encoding="utf-8")) for name in arguments)
    world = draw(coarse, fine, load().countries)
    (ASSETS / "world.svg").write_text(svg(world), encoding="utf-8")
    target = Path(__file__).with_name("figures") / "outlines.py"
    target.write_text(module(world), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
