"""The product tree: ids, what adds up to what, and finding a product."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from data_access.errors import UserError
from data_access.reference import Level, Licensed, Products, UnknownProduct

GROUPS = ["unwrought", "bars", "wire", "sheet", "foil", "tubes", "fittings", "castings", "forgings"]
PUBLIC_ONLY = ["scrap", "powders", "structures", "containers", "cable", "household", "other"]


def test_the_chapter_divides_into_licensed_products_and_public_only_groups(products: Products) -> None:
    assert products.next_level("76") == ("aim", *PUBLIC_ONLY)
    assert products.next_level("aim") == tuple(GROUPS)


def test_iteration_is_in_tree_order_with_the_two_nodes_beside_the_tree_last(products: Products) -> None:
    ids = [product.id for product in products]
    assert ids[:5] == ["76", "aim", "unwrought", "7601", "760110"]
    assert ids[-2:] == ["7616", "761699"]
    assert len(ids) == len(set(ids)) == len(products)


def test_children_never_overlap_and_add_up_to_their_node(products: Products) -> None:
    for product in products:
        parts = [products.codes(child) for child in product.children]
        if parts:
            assert sum(map(len, parts)) == len(products.codes(product.id)), product.id
            assert frozenset().union(*parts) == products.codes(product.id), product.id


def test_licensed_and_public_only_codes_together_are_the_chapter(products: Products) -> None:
    public_only = frozenset().union(*(products.codes(group) for group in PUBLIC_ONLY))
    assert not products.codes("aim") & public_only
    assert products.codes("aim") | public_only == products.codes("76")


def test_a_licensed_code_is_in_aim_and_no_other_is(products: Products) -> None:
    licensed = {product.id for product in products if product.is_code and product.licensed is Licensed.ALL}
    assert licensed == products.codes("aim")


@pytest.mark.parametrize(
    ("id_", "canonical"),
    [
        ("76", "76"),
        ("7601", "unwrought"),
        ("unwrought", "unwrought"),
        ("760110", "760110"),
        ("7609", "fittings"),
        ("760900", "fittings"),
        ("7609000000", "fittings"),
        ("760200", "scrap"),
        ("7603100000", "760310"),
        ("7611", "7611"),
        ("761100", "7611"),
        ("7616", "7616"),
        ("761699", "761699"),
        ("other", "other"),
        ("castings", "castings"),
        ("7616995160", "7616995160"),
    ],
)
def test_ids_that_name_one_cell_have_one_canonical_id(products: Products, id_: str, canonical: str) -> None:
    assert products.canonical(id_) == canonical


@pytest.mark.parametrize(
    ("id_", "below"),
    [
        ("unwrought", ("760110", "760120")),
        ("7601", ("760110", "760120")),
        ("containers", ("7611", "7612", "7613")),
        ("7611", ("7611000030", "7611000090")),
        ("7616", ("761610", "761691", "761699")),
        ("fittings", ("fittings",)),
        ("castings", ("castings",)),
        ("760310", ("760310",)),
        ("7601103000", ("7601103000",)),
    ],
)
def test_the_next_level_skips_levels_that_equal_the_product(
    products: Products, id_: str, below: tuple[str, ...]
) -> None:
    assert products.next_level(id_) == below


def test_castings_and_forgings_are_leaves_that_hold_old_and_new_code(products: Products) -> None:
    assert products.codes("castings") == {"7616995060", "7616995160"}
    assert products.codes("forgings") == {"7616995070", "7616995170"}
    assert products["castings"].children == ()
    assert products["7616995160"].parent == "castings"


@pytest.mark.parametrize(
    ("id_", "level", "parts"),
    [
        ("76", "HS2", {"76"}),
        ("aim", "HS2", None),
        ("aim", "HS4", None),
        ("aim", "HS6", None),
        ("unwrought", "HS2", None),
        ("unwrought", "HS4", {"7601"}),
        ("unwrought", "HS6", {"760110", "760120"}),
        ("760110", "HS4", None),
        ("760110", "HS6", {"760110"}),
        ("containers", "HS4", {"7611", "7612", "7613"}),
        ("fittings", "HS6", {"760900"}),
        ("castings", "HS6", None),
        ("castings", "HS10", {"7616995060", "7616995160"}),
        ("other", "HS4", None),
        ("other", "HS6", None),
        ("7616", "HS4", {"7616"}),
        ("7616", "HS6", {"761610", "761691", "761699"}),
        ("761699", "HS6", {"761699"}),
        ("7601103000", "HS6", None),
        ("7601103000", "HS10", {"7601103000"}),
    ],
)
def test_parts_are_the_codes_of_a_level_that_add_up_to_the_product(
    products: Products, id_: str, level: str, parts: set[str] | None
) -> None:
    assert products.parts(id_, level) == parts


def test_all_headings_add_up_to_the_chapter(products: Products) -> None:
    assert products.parts("76", "HS4") == {f"76{number:02}" for number in range(1, 17)}
    assert products.parts("aim", "HS10") == products.codes("aim")


@pytest.mark.parametrize(
    ("id_", "licensed"),
    [("76", "mixed"), ("aim", "all"), ("castings", "all"), ("scrap", "none"), ("7616", "mixed"), ("761699", "mixed")],
)
def test_a_node_says_whether_its_codes_are_licensed(products: Products, id_: str, licensed: str) -> None:
    assert products[id_].licensed == licensed


def test_the_schedule_of_2025_has_121_codes_of_which_20_count_pieces_and_10_of_these_weigh_too(
    products: Products,
) -> None:
    codes = [product for product in products if product.is_code and products.is_valid(product.id, "2025-01")]
    pieces = [product.units for product in codes if product.units[0] == "No."]
    assert (len(codes), len(pieces), pieces.count(("No.", "kg"))) == (121, 20, 10)


@pytest.mark.parametrize(
    ("id_", "dotted"), [("7601", "7601"), ("760110", "7601.10"), ("7601103000", "7601.10.30.00"), ("aim", "aim")]
)
def test_a_code_can_be_written_as_the_schedule_does(products: Products, id_: str, dotted: str) -> None:
    assert products[id_].dotted == dotted


def test_an_unknown_product_is_refused_with_what_is_close_to_it(products: Products) -> None:
    with pytest.raises(UnknownProduct, match=r"'unwrougt'; close to it: unwrought") as caught:
        products["unwrougt"]
    assert caught.value.given == "unwrougt"
    assert "unwrougt" not in products
    assert "unwrought" in products


@pytest.mark.parametrize("ask", ["canonical", "codes", "next_level", "family"])
def test_every_question_refuses_an_unknown_product(products: Products, ask: str) -> None:
    with pytest.raises(UnknownProduct):
        getattr(products, ask)("7699")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("billet", "7601209045"),
        ("Billets", "7601209045"),
        ("slab", "7601209080"),
        ("sow", "760110"),
        ("T-bar", "760110"),
        ("can stock", "sheet"),
        ("can body stock", "7606123045"),
        ("brazing sheet", "7606126000"),
        ("extrusions", "bars"),
        ("wire rod", "wire"),
        ("foil", "foil"),
        ("converter foil", "foil"),
        ("UBC", "scrap"),
        ("castings", "castings"),
        ("7601.10", "760110"),
        ("760110", "760110"),
        ("7601.10.30.00", "7601103000"),
        ("licensed", "aim"),
    ],
)
def test_a_product_is_found_by_code_label_or_trade_word(products: Products, text: str, first: str) -> None:
    assert products.search(text)[0].id == first


@pytest.mark.parametrize("text", ["", "  ", "copper", "7208", "billet copper"])
def test_a_text_that_names_no_product_finds_none(products: Products, text: str) -> None:
    assert products.search(text) == ()


@pytest.mark.parametrize(
    ("code", "parent", "group"),
    [
        ("7601109999", "760110", "unwrought"),
        ("7601999999", "760199", "unwrought"),
        ("760133", "7601", "unwrought"),
        ("7616999999", "other", "other"),
        ("7616500000", "761650", "other"),
        ("7617000000", "761700", "76"),
    ],
)
def test_a_code_that_the_tables_lack_is_kept_under_its_hts6_its_hts4_and_its_group(
    products: Products, code: str, parent: str, group: str
) -> None:
    wider = products.with_observed([code])
    assert wider[code].parent == parent
    assert wider[code].observed
    assert wider[code].label == f"Code {code} (not in the tables)"
    level = {10: "HS10", 6: "HS6"}[len(code)]
    for node in (code[:4], "7616" if code.startswith("7616") else group, "76"):
        assert code in (wider.parts(node, level) or ()), node
    assert code not in products


def test_an_unknown_licensed_code_counts_with_the_licensed_products(products: Products) -> None:
    wider = products.with_observed(["7604299999", "7616999999"])
    assert wider.codes("aim") - products.codes("aim") == {"7604299999"}
    assert wider.codes("other") - products.codes("other") == {"7616999999"}
    assert wider["7604299999"].licensed is Licensed.ALL
    assert wider["7616999999"].licensed is Licensed.NONE


def test_an_unknown_code_beside_a_single_one_makes_them_two_cells(products: Products) -> None:
    wider = products.with_observed(["7609000099"])
    assert wider.canonical("7609000000") == "7609000000"
    assert wider.next_level("fittings") == ("7609000000", "7609000099")


def test_an_observed_code_is_valid_in_every_month(products: Products) -> None:
    wider = products.with_observed(["7601109999"])
    assert wider.is_valid("7601109999", "1999-01")
    assert wider.code_note("7601109999", "1999-01") is None
    assert wider.family("7601109999") == {"7601109999"}


def test_known_codes_change_nothing(products: Products) -> None:
    assert products.with_observed(["7601103000", "7601", "76"]) is products


@pytest.mark.parametrize("code", ["7208000000", "76019", "7601x03000", "", "²601"])
def test_a_code_of_another_chapter_or_shape_is_refused(products: Products, code: str) -> None:
    with pytest.raises(UserError, match="expected 4, 6 or 10 digits of chapter 76"):
        products.with_observed([code])


def test_every_code_of_the_2025_schedule_is_there_with_its_units(products: Products, shared: Path) -> None:
    with (shared / "data/reference/hts_2025_chapter76.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            assert products[row["hts10"]].units == tuple(filter(None, (row["unit1"], row["unit2"]))), row["hts10"]


def test_every_six_digit_heading_is_there(products: Products, shared: Path) -> None:
    with (shared / "data/reference/hs6_chapter76.csv").open(newline="", encoding="utf-8") as file:
        codes = {row["hscode"] for row in csv.DictReader(file) if row["level"] in ("4", "6")}
    assert codes == {product.id for product in products if product.level in (Level.HTS4, Level.HTS6)}


def test_every_code_of_the_monitors_scope_is_licensed(products: Products, shared: Path) -> None:
    with (shared / "data/reference/aim_scope_hts10_unofficial.csv").open(newline="", encoding="utf-8") as file:
        scope = {row["hts10"] for row in csv.DictReader(file)}
    assert scope <= products.codes("aim")
