"""The report: results files in, `docs/results.md` and its figures out; every number is computed."""
