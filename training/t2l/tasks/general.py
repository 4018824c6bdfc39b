"""Sentences about other things, which keep the tuned encoder's vectors where they were.

None of them is in `off_topic.py`, whose texts measure the fit score.
"""

_REQUESTS = (
    "Summarise {}.",
    "Translate {} into German.",
    "Explain {} to a child.",
    "Write a review of {}.",
    "Answer a question about {}.",
    "Find the errors in {}.",
    "Classify {} by topic.",
    "Rate {} from one to ten.",
    "Continue {}.",
    "Compare {} with another one.",
    "What do you think of {}?",
    "Extract the dates from {}.",
)
_SUBJECTS = (
    "the newspaper article",
    "a short story about the sea",
    "the customer's letter",
    "the contract",
    "a scientific paper on climate",
    "the football match",
    "this poem",
    "the history of Rome",
    "a chemistry experiment",
    "the patient's report",
    "a restaurant menu",
    "the program's source code",
    "the politician's speech",
    "a train timetable",
    "the film's plot",
    "a photograph of a mountain",
    "the company's accounts",
    "a song by an unknown band",
    "the theory of relativity",
    "a recipe for bread",
    "the weather report",
    "a job application",
    "the court's decision",
    "an advertisement for shoes",
)
GENERAL: tuple[str, ...] = tuple(
    request.format(subject) for subject in _SUBJECTS for request in _REQUESTS
)
