"""The local web server: a status page without secrets, health, metrics and the API."""
