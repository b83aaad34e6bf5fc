"""The policies in force in a process: its file is watched, the database's versions are listened for."""
