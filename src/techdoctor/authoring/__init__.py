"""For the people who write playbooks: running the tests in the files."""
