"""Texts over Aliyun SMS (Dysmsapi of 2017-05-25), by its own SDK."""
