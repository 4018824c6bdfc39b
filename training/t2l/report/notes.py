"""What did not work: prose from the folder of results, the only part of a page that is typed."""

from t2l.report.markdown import paragraphs
from t2l.report.page import Page


def notes_section(page: Page) -> str:
    """The notes as they are."""
    head, notes = "## What did not work", page.results.notes
    if notes:
        return paragraphs(head, notes.strip())
    return paragraphs(head, "Nothing is written down yet.") if page.says_missing else ""
