"""The gateway with the programs around it: broker, InfluxDB, Grafana; their secrets and copies."""
