"""From the JSON of Writer's answers to Copydesk's records.

Writer's guide, its reference, and its SDK disagree in places, so this tolerates fields that are missing or have another
name. It's strict about what decides the fate of a row: a job's id and that a list is a list. Anything else raises
AnswerLostError: the answer arrived, but what it says is lost.
"""
