"""From the journal and the tables to InfluxDB: what Grafana draws.

    journal, changed rows, samples → points → posted → progress committed

InfluxDB may be down, full, slow or absent: nothing here holds up a message or a text.
"""
