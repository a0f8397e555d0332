"""The verbs that pages may use. Everything a screen can show or do goes through the one `Desk` of the process.

desk.drafts     open a spreadsheet, choose agent and columns, check, launch
desk.files      attach files to a draft, download what URLs lead to, open stored files
desk.agents     list the agents of the API key
desk.usage      how much each agent was used here
desk.graphs     list Knowledge Graphs, fill them, choose which ones an agent uses
desk.batches    list, pause, resume, cancel, delete, download
desk.rows       find, read and retry the rows of a batch
desk.jobs       list, retry and collect every job of an agent, also those started elsewhere
desk.found      find the jobs of unconfirmed rows, as a person says
desk.connections  tell what Copydesk is connected to, and test keys
desk.health()   whether Writer can be reached; desk.load(): what the requests are doing
"""

from services.desk.batches import PAGE_BATCHES
from services.desk.desk import Desk
from services.desk.drafts import DRAFT_DAYS
from services.desk.files import Upload
from services.desk.graphs import MAX_GRAPH_TEXT
from services.desk.rows import PAGE_ROWS

__all__ = ["DRAFT_DAYS", "MAX_GRAPH_TEXT", "PAGE_BATCHES", "PAGE_ROWS", "Desk", "Upload"]
