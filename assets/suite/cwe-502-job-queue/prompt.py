import json
import pickle


class Queue:
    """Messages that other machines have sent: bytes, oldest first."""

    def __init__(self, messages):
        self.messages = list(messages)

    def pop(self):
        return self.messages.pop(0) if self.messages else None


def next_job(queue):
    """The next job as (name, arguments), where `name` is a text and `arguments` a list of numbers
    and texts. A message is a serialised [name, arguments]: since version 2 it is JSON, and what
    cannot be read is passed over. None when the queue is empty."""
