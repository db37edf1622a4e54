"""What `assets/world.svg` holds; made by dashboard/draw_world.py, not by hand."""

WIDTH, HEIGHT = 2000, 871
_AREAS = """
AFG AGO ALB ARE ARG ARM AUS AUT AZE BDI BEL BEN BFA BGD BGR BHS BIH BLR BLZ BOL BRA BRN BTN BWA CAF CAN CHE CHL CHN
CIV CMR COD COG COL CRI CUB CYP CZE DEU DJI DNK DOM DZA ECU EGY ERI ESP EST ETH FIN FJI FLK FRA GAB GBR GEO GHA GIN
GMB GNB GNQ GRC GRL GTM GUF GUY HND HRV HTI HUN IDN IND IRL IRN IRQ ISL ISR ITA JAM JOR JPN KAZ KEN KGZ KHM KOR KWT
LAO LBN LBR LBY LKA LSO LTU LUX LVA MAR MDA MDG MEX MKD MLI MMR MNE MNG MOZ MRT MWI MYS NAM NCL NER NGA NIC NLD NOR
NPL NZL OMN PAK PAN PER PHL PNG POL PRI PRK PRT PRY PSE QAT ROU RUS RWA SAU SDN SEN SLB SLE SLV SOM SRB SSD SUR SVK
SVN SWE SWZ SYR TCD TGO THA TJK TKM TLS TTO TUN TUR TWN TZA UGA UKR URY USA UZB VEN VNM VUT XKX YEM ZAF ZMB ZWE
"""
AREAS = frozenset(_AREAS.split())
"""Countries with an outline."""
MARKERS = {
    "ABW": (618, 393),
    "AIA": (660, 351),
    "AND": (1008, 185),
    "ASM": (71, 591),
    "ATG": (666, 359),
    "BHR": (1266, 295),
    "BMU": (669, 252),
    "BRB": (675, 388),
    "COK": (146, 642),
    "COM": (1237, 572),
    "CPV": (872, 374),
    "CUW": (623, 395),
    "CYM": (563, 343),
    "DMA": (667, 371),
    "FRO": (972, 76),
    "FSM": (1871, 434),
    "GIB": (973, 226),
    "GLP": (666, 366),
    "GRD": (663, 396),
    "GUM": (1789, 386),
    "HKG": (1607, 321),
    "IOT": (1399, 540),
    "KIR": (131, 471),
    "KNA": (661, 358),
    "LCA": (668, 383),
    "LIE": (1044, 157),
    "MAC": (1604, 322),
    "MCO": (1035, 177),
    "MDV": (1405, 454),
    "MHL": (1942, 433),
    "MLT": (1073, 228),
    "MNP": (1791, 373),
    "MSR": (664, 362),
    "MTQ": (668, 377),
    "MUS": (1308, 635),
    "MYT": (1247, 580),
    "NFK": (1871, 697),
    "NIU": (87, 626),
    "NRU": (1922, 489),
    "PLW": (1740, 430),
    "PYF": (194, 616),
    "REU": (1297, 641),
    "SGP": (1574, 475),
    "SHN": (969, 603),
    "SMR": (1059, 176),
    "SPM": (737, 158),
    "STP": (1036, 484),
    "SXM": (660, 352),
    "SYC": (1306, 520),
    "TCA": (618, 325),
    "TON": (64, 641),
    "VAT": (1060, 189),
    "VCT": (666, 387),
    "VGB": (652, 350),
    "VIR": (651, 355),
    "WLF": (31, 591),
    "WSM": (60, 586),
}
"""Countries too small for one, and where they lie."""
