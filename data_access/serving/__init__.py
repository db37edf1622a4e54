"""Public side: turns a release into figures that may be shown. It never holds anything confidential."""
