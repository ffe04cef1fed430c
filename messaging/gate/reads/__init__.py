"""The rows behind the facts, by what they are about: each module reads its facts for any number of messages in one statement."""
