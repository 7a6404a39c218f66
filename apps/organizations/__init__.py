"""Who is here: people, organizations, their members and roles, and API tokens."""
