"""The publishing half, staff side: from raw statistics and confidential license records to a release."""
