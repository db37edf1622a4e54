"""Raw inputs of a release: public statistics from the Census API and license records."""
