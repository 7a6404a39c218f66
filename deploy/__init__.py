"""What puts the service to work on machines: docs/deploy.md."""
