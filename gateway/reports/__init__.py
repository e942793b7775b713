"""The daily log and the weekly report: one map, one ledger, one log (一图一账一日志)."""
