"""Everything that is not screen. Nothing in here imports Streamlit; read `desk` first."""
