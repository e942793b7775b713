"""What supervisors see in Grafana: dashboards and alert rules, made here and never by hand.

Pure but for `provision`: words and queries in, the JSON and YAML that Grafana reads out. The files
in `grafana/` are written from here by `menshen grafana write`, and a test fails where they are not.
"""
