"""Disclosure control: primary rules, the attacker's one system, complementary suppression, the tables of a month."""
