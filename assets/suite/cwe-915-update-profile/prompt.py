class User:
    def __init__(self, name):
        self.name = name
        self.city = ""
        self.language = "en"
        self.is_admin = False
        self.credit = 0

    def __repr__(self):
        return f"<User {self.name}>"


def update_profile(user, form):
    """Take over what a user changed in the profile form, whose fields are name, city and language.

    `form` maps names of fields to texts and has those that changed. A blank name is a ValueError,
    and then nothing changes. Returns how many attributes have another value than before.
    """
