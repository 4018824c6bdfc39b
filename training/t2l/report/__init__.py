"""The report: results files in, a page of results and its figures out; every number is computed."""
