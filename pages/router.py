"""The navigation; Streamlit runs this script first, on every page."""

import streamlit as st

navigation = st.navigation(
    [
        st.Page("new_batch.py", title="New batch", default=True),
        st.Page("batches.py", title="Batches"),
        st.Page("agents.py", title="Agents"),
        st.Page("graphs.py", title="Knowledge Graphs"),
        st.Page("connection.py", title="Connection"),
        st.Page("batch.py", title="Batch", visibility="hidden"),
        st.Page("jobs.py", title="Jobs", visibility="hidden"),
        st.Page("found.py", title="Lost jobs", visibility="hidden"),
    ],
    position="top",
)
navigation.run()
