"""Examples as conversations in the model's own template: the input is said, the answer replied.

    [system]  user: told + demonstration's input  assistant: its output  ...  user: input
    --apply_chat_template--> prompt                  what the model is asked with
    ... assistant: output    --apply_chat_template--> row    begins with the prompt's tokens

The answer is what the whole conversation has beyond its prompt, up to and with the token that ends
a reply. Not every template can be used so: one whose prompt is not the beginning of the whole, or
that ends a reply with plain text, is refused when it is opened, not after a night of training.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from jinja2.exceptions import TemplateError as JinjaError
from transformers.tokenization_utils_base import PreTrainedTokenizerBase

from t2l.tasks.source import Sample
from t2l.template.rows import Row, before_end
from t2l.template.template import TemplateError

OPTIONS = {  # what templates ask for beside messages
    "enable_thinking": False,  # answers are short; a model's thoughts are none of them
    "date_string": "26 Jul 2024",  # Llama 3's default, or a prompt would change every day
}
_PROBES = (
    (Sample("How many are two and two?", "four"), (), None),
    (Sample("red, green", "Green, 2 \U0001f642"), (Sample("a b", "B"),), "Give the last word."),
)
Message = dict[str, str]


class ChatTemplate:
    """A tokenizer's chat template as a `Template`.

    :param system: the system message. An empty one is sent only where it takes the place of a
        default that the template would write; None sends none.
    :raises TemplateError: if the template cannot be used for training.
    """

    name = "chat"

    def __init__(self, tokenizer: PreTrainedTokenizerBase, system: str | None = "") -> None:
        if not tokenizer.chat_template:
            raise TemplateError(
                "template.kind is chat, but the base model's tokenizer has no chat template: "
                "choose an instruct model"
            )
        self.tokenizer = tokenizer
        self.system = system
        self._first = self._system_messages(system)
        self._end, self._after = self._find_end()

    @property
    def pad(self) -> int:
        """The tokenizer's padding, or any token: padding is masked."""
        for token in (self.tokenizer.pad_token_id, self.tokenizer.eos_token_id):
            if isinstance(token, int):
                return token
        return 0

    @property
    def ends(self) -> tuple[int, ...]:
        """What ends a reply, and what ends a text."""
        eos = self.tokenizer.eos_token_id
        return (self._end, eos) if isinstance(eos, int) and eos != self._end else (self._end,)

    def row(self, sample: Sample, shown: Sequence[Sample] = (), told: str | None = None) -> Row:
        """See `Template.row`.

        :raises TemplateError: if the template writes this answer so that it does not continue the
            prompt.
        """
        messages = self._messages(sample.input, shown, told)
        asked = self._render(messages, prompt=True)
        whole = self._render([*messages, _message("assistant", sample.output)])
        prompt, ids = self._encode(asked), self._encode(whole)
        if ids[: len(prompt)] != prompt:
            ids = self._continued(prompt, asked, whole)
        ids = ids[: len(ids) - self._after]
        if len(ids) <= len(prompt) or ids[-1] != self._end:
            raise TemplateError(
                f"the chat template does not end the answer {sample.output!r} as it ends others"
            )
        return ids, [False] * len(prompt) + [True] * (len(ids) - len(prompt))

    def prompt(self, text: str, shown: Sequence[Sample] = (), told: str | None = None) -> list[int]:
        """See `Template.prompt`."""
        return self._encode(self._render(self._messages(text, shown, told), prompt=True))

    def answer(self, ids: Sequence[int]) -> str:
        """See `Template.answer`; white space around it is the template's."""
        text = self.tokenizer.decode(
            before_end(ids, self.ends), skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return str(text).strip()

    def describe(self) -> dict[str, Any]:
        """See `Template.describe`."""
        text = self.tokenizer.get_chat_template()
        digest = hashlib.sha256(text.encode()).hexdigest()
        return {"kind": self.name, "system": self.system, "chat_template_sha256": digest}

    def _messages(self, text: str, shown: Sequence[Sample], told: str | None) -> list[Message]:
        """The conversation up to the question; what is told comes once, at its beginning."""
        said = [*(sample.input for sample in shown), text]
        if told:
            said[0] = f"{told}\n\n{said[0]}"
        messages = list(self._first)
        for index, words in enumerate(said):
            messages.append(_message("user", words))
            if index < len(shown):
                messages.append(_message("assistant", shown[index].output))
        return messages

    def _render(self, messages: Sequence[Message], prompt: bool = False) -> str:
        try:
            text = self.tokenizer.apply_chat_template(
                list(messages), tokenize=False, add_generation_prompt=prompt, **OPTIONS
            )
        except (JinjaError, TypeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise TemplateError(f"the chat template refuses a conversation: {reason}") from None
        assert isinstance(text, str)
        return text

    def _encode(self, text: str) -> list[int]:
        """Token ids of a rendered conversation, whose special tokens stand in it."""
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def _continued(self, prompt: list[int], asked: str, whole: str) -> list[int]:
        """The row of an answer whose beginning would merge with the prompt's last token.

        What is asked ends with that token, so the row keeps it and tokenises the rest apart.
        """
        if whole.startswith(asked):
            ids = prompt + self._encode(whole[len(asked) :])
            if self.tokenizer.decode(ids, clean_up_tokenization_spaces=False) == whole:
                return ids
        raise TemplateError(
            "the chat template's conversation does not begin with its prompt, so where the answer "
            f"begins is unknown: {asked[-40:]!r} against {whole[len(asked) - 40 :][:60]!r}"
        )

    def _system_messages(self, system: str | None) -> tuple[Message, ...]:
        """The system message as it is sent.

        :raises TemplateError: if the template refuses one, or leaves it out.
        """
        if system is None:
            return ()
        first = (_message("system", system),)
        user = _message("user", "x")
        if not system:
            try:
                silent = self._render([*first, user])
            except TemplateError:  # no system role, so no default either
                return ()
            return first if len(silent) < len(self._render([user])) else ()
        remedy = "leave template.system empty and say it in the descriptions"
        try:
            rendered = self._render([*first, user])
        except TemplateError as error:
            raise TemplateError(
                f"template.system {system!r} cannot be sent: {error}; {remedy}"
            ) from None
        if system.strip() not in rendered:
            raise TemplateError(
                f"template.system {system!r} cannot be sent: the chat template leaves it out; "
                f"{remedy}"
            )
        return first

    def _find_end(self) -> tuple[int, int]:
        """The token that ends a reply, and how many tokens the template writes after it.

        :raises TemplateError: if the template cannot be used for training.
        """
        special = {id for id, token in self.tokenizer.added_tokens_decoder.items() if token.special}
        special.update(self.tokenizer.all_special_ids)
        found = set()
        for sample, shown, told in _PROBES:
            messages = self._messages(sample.input, shown, told)
            prompt = self._encode(self._render(messages, prompt=True))
            whole = self._render([*messages, _message("assistant", sample.output)])
            ids = self._encode(whole)
            if ids[: len(prompt)] != prompt:
                asked = self.tokenizer.decode(prompt[-8:])
                raise TemplateError(
                    "the chat template cannot be used: a conversation's tokens do not begin with "
                    f"those of its prompt, which ends with {asked!r}"
                )
            ends = [place for place in range(len(prompt), len(ids)) if ids[place] in special]
            if not ends:
                raise TemplateError(
                    "the chat template cannot be used: it ends a reply with "
                    f"{whole[-12:]!r}, which is no special token"
                )
            text = self.tokenizer.decode(
                ids[len(prompt) : ends[0]], clean_up_tokenization_spaces=False
            )
            if str(text).strip() != sample.output:
                raise TemplateError(
                    f"the chat template cannot be used: it writes the reply {sample.output!r} as "
                    f"{text!r}"
                )
            found.add((ids[ends[0]], len(ids) - ends[0] - 1))
        if len(found) > 1:
            raise TemplateError("the chat template cannot be used: it ends replies in two ways")
        return found.pop()


def _message(role: str, content: str) -> Message:
    return {"role": role, "content": content}
