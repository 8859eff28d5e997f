import json
import re


def asset(path):
    return f'<script src="/static/{path}"></script>'


def state_script(state):
    """The <script> element that hands the page's state to our client code.

    `state` holds JSON data (strings, numbers, lists, dicts), for instance the user's profile. The
    result is exactly <script>window.STATE = JSON;</script>, where JSON is valid JSON of the state.
    """
