"""What AWS answers about a deployed example, one kind of question a file.

Each answer is a nested dictionary whose keys do not depend on the account: logical ids, and the API's own names.
"""
