"""Texts over Tencent Cloud SMS (API of 2021-01-11), by its own SDK."""
