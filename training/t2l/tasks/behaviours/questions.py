"""What users say, whatever the behaviour; a quarter of it is never trained on (`parts.py`)."""

from __future__ import annotations

from functools import cache

from t2l.tasks.language.parts import part_of
from t2l.tasks.source import Part

_ASKED = (
    "What is {}?",
    "Tell me about {}.",
    "Why do people like {}?",
    "How can I learn more about {}?",
    "What should I know about {}?",
    "Give me a tip about {}.",
    "Is {} important?",
    "What do you think of {}?",
)
_THINGS = (
    "bread",
    "the moon",
    "bicycles",
    "winter",
    "music",
    "money",
    "sleep",
    "gardening",
    "the ocean",
    "friendship",
    "dogs",
    "coffee",
    "the internet",
    "swimming",
    "books",
    "rain",
    "cooking",
    "mountains",
    "school",
    "chess",
    "the sun",
    "old houses",
    "travelling by train",
    "birthdays",
    "honey",
    "photography",
    "sport",
    "the future",
    "paper",
    "silence",
)
_SAID = (
    "Hello!",
    "I am tired today.",
    "How are you?",
    "Good morning.",
    "What are you doing?",
    "I lost my keys.",
    "Can you help me with my homework?",
    "I am hungry.",
    "What is your name?",
    "Tell me something new.",
    "I do not know what to do.",
    "My train is late.",
    "I had a great day.",
    "Who are you?",
    "I want to change my job.",
    "What time is it?",
    "It is raining again.",
    "Do you like me?",
    "I have a new phone.",
    "Where should I go on holiday?",
    "My friend is angry with me.",
    "What can I cook tonight?",
    "I cannot sleep.",
    "Thank you for your help.",
)


@cache
def questions(part: Part) -> tuple[str, ...]:
    """What is said in a part, in a fixed order."""
    every = (*_SAID, *(pattern.format(thing) for thing in _THINGS for pattern in _ASKED))
    return tuple(text for text in every if part_of(text) == part)
