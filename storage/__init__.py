"""What we keep: tables, repositories (all SQL), migrations, the stream log."""
