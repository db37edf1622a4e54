"""The surge list: which products and origins are tested, on what figures, by which tests, and what is said of them."""
