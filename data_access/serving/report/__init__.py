"""The monthly report: the association's tables of a license month as a workbook."""
