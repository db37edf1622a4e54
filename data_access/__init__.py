"""Data of the AIM Monitor: publishing (staff side) and serving (public side), with what the two share."""
