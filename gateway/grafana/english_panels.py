"""What each dashboard and panel is called, and how it is read, in English."""

from __future__ import annotations

from gateway.grafana.words import Said

BOARDS = {
    "area": Said("Area", "Is every home watched, where are we blind, what is open, who answers"),
    "home": Said("Home", "What its doors did, what was done about it, when nobody could say"),
    "team": Said(
        "Team", "How soon somebody reports in, arrives, is done; and whether texts arrive"
    ),
    "devices": Said("Devices", "Which are silent, which battery ends first, radio, clocks"),
    "gateway": Said("Gateway", "Does it take in, keep up and tell; what wears its card"),
}

_AREA = {
    "area.incident": Said(
        "With an incident",
        "Homes with an incident that is not over. 0 is green; no data: the gateway writes nothing.",
    ),
    "area.unknown": Said(
        "Unknown", "Homes of which nobody can say whether their door is open. Unknown is not quiet."
    ),
    "area.quiet": Said("Quiet", "Homes whose door is known and that have no open incident."),
    "area.unwatched": Said(
        "Not watched", "Homes without a served notice, or whose order has not begun or is over."
    ),
    "area.open": Said("Open incidents", "Not resolved yet, those of equipment too.", "none"),
    "area.in_time": Said(
        "Answered in 15 min",
        "Share of incidents about a home that somebody reported in for within 15 minutes, in this "
        "range. The aim is 95% and more.",
        "no incident",
    ),
    "area.incidents": Said(
        "Open incidents",
        "One a row, the newest first, whatever the range. The house code leads to the home, the "
        "number to the time around the incident.",
        "No incident is open",
    ),
    "area.by_state": Said(
        "Homes by state",
        "Homes on average of each hour, by community. Grey are those nobody could see: where grey "
        "grows we go blind. Once an hour; not by building.",
    ),
    "area.failing_kinds": Said("Failing devices", "Devices by what is wrong now.", "None fails"),
    "area.communities": Said(
        "Unknown time by community", "Home-hours in which nobody could say, in this range.", "None"
    ),
    "area.buildings": Said(
        "Unknown time by building",
        "Share of the watched time that was unknown, on the last day of the range.",
        "No building was unknown",
    ),
    "area.homes": Said(
        "Unknown time by home",
        "The same for each home, the worst first. The house code leads to the home.",
        "No home was unknown",
    ),
    "area.answers": Said(
        "Time to a report-in",
        "From opening to the first report-in: median and 95th percentile, incidents about a home "
        "alone. Red beyond 15 minutes.",
        "no incident",
    ),
    "area.daily": Said(
        "Report-in by day",
        "Median and 95th percentile of each local day. The line is at 15 minutes.",
        "no incident",
    ),
    "area.months": Said(
        "Incidents by day over three months",
        "By what they were about, from what is kept for years and leads to no home. Days are UTC.",
        "no incident",
    ),
    "area.failing": Said(
        "What fails",
        "Silent, low battery, mains lost, tampered, flooding, camera: still so.",
        "None",
    ),
    "area.budget": Said(
        "Budget of texts today",
        "Share of the day's parts that is used. Beyond it only critical texts go out.",
    ),
    "area.sent": Said("Texts", "Texts written in this range.", "no text"),
    "area.fates": Said(
        "What became of texts",
        "Texts by their end. Red did not go out, grey expired without a report.",
        "no text",
    ),
}

_HOME = {
    "home.standing": Said("Now", "How the home stands at the end of the range."),
    "home.open": Said("Open incidents", "Not resolved yet.", "none"),
    "home.doors": Said("Doors open", "At the end of the range."),
    "home.missing": Said("Silent devices", "Devices that owe messages at the end of the range."),
    "home.unknown": Said("Unknown", "Share of the watched time in which nobody could say."),
    "home.ends": Said("Order ends in", "Days, hours, minutes, seconds. Red: it is over."),
    "home.timeline": Said(
        "Door, seal, permit, devices",
        "One thing a row. Green: closed, applied, online. Yellow: the door is open. Blue: "
        "announced. Red: seal broken or removed, tampered, camera covered. Grey: nobody can say. "
        "A yellow door above a blue permit is an announced opening. Red bands are incidents: "
        "point at one for its number. Drag to zoom, down to the second. What was not written for "
        "20 minutes is grey too.",
    ),
    "home.incidents": Said(
        "Incidents", "Opened in this range, and how long each step took.", "No incident"
    ),
    "home.transitions": Said(
        "What was done", "Who reported in, arrived, resolved, reviewed; when and why.", "Nothing"
    ),
    "home.notices": Said("Texts", "Whom texts went to, why, and whether they arrived.", "No text"),
    "home.events": Said(
        "What devices said",
        "Every event as it was reported, to the second. Late: how long until it arrived.",
        "Nothing was reported",
    ),
    "home.conditions": Said(
        "What was found", "Everything a rule found true: since when, how long.", "Nothing"
    ),
    "home.spans": Said(
        "When nobody could say",
        "Spans by device; without a device the gateway itself was deaf or off.",
        "Everything was known",
    ),
    "home.silence": Said(
        "Silence", "Time since each device was last heard. A line that climbs is a silent device."
    ),
    "home.battery": Said(
        "Battery", "Charge as reported. Below 20% it wants changing.", "No device reports a charge"
    ),
    "home.radio": Said(
        "Radio",
        "How each device hears its network. Below -85 dBm it may fall silent.",
        "No device reports it",
    ),
}

_TEAM = {
    "team.opened": Said("Incidents", "Opened in this range about a home, not equipment.", "none"),
    "team.answers": Said(
        "Time to a report-in",
        "From opening to the first report-in: median and 95th percentile. Red beyond 15 minutes.",
        "no incident",
    ),
    "team.in_time": Said(
        "Answered in 15 min", "Share that somebody reported in for in time.", "no incident"
    ),
    "team.arrival": Said("Time to arrival", "Median from opening to on site.", "no arrival"),
    "team.end": Said("Time to the end", "Median from opening to resolved.", "none resolved"),
    "team.spread_report_in": Said(
        "Report-in times", "A bar is 5 minutes; the first three are in time.", "no report-in"
    ),
    "team.spread_arrival": Said("Arrival times", "A bar is 5 minutes.", "no arrival"),
    "team.spread_end": Said("Closing times", "A bar is 5 minutes.", "none resolved"),
    "team.daily": Said(
        "Medians by day",
        "Report-in, arrival and end, each local day. The line is at 15 minutes.",
        "no incident",
    ),
    "team.share": Said(
        "Answered in 15 min, by day", "Yellow below 95%, red below 80%.", "no incident"
    ),
    "team.by_hour": Said(
        "Who works when",
        "Report-ins, arrivals, resolutions and reviews of this range by role, added up by the hour "
        "of the day.",
        "Nobody did anything",
    ),
    "team.by_role": Said(
        "Workload", "Report-ins, arrivals, resolutions and reviews by role.", "Nobody did anything"
    ),
    "team.late": Said(
        "Nobody within 15 minutes", "Each is worth asking why.", "All were answered in time"
    ),
    "team.fates": Said("What became of texts", "Texts to the team by their end.", "no text"),
    "team.kinds": Said(
        "What texts were for", "Too many for one matter, and nobody reads them.", "no text"
    ),
}

_DEVICES = {
    "devices.all": Said("Devices", "Devices under watch."),
    "devices.missing": Said("Silent", "Devices that owe messages."),
    "devices.unknown": Said("Unknown", "Devices of which nobody can say what they do."),
    "devices.low": Said("Battery low", "Devices that say so."),
    "devices.on_battery": Said("Mains lost", "Devices that run on their battery."),
    "devices.forecast": Said(
        "Days of battery left",
        "A straight line through the charge two weeks ago and now; the first to end on top. Not "
        "here: charges that do not fall, devices younger than two weeks, those that report none.",
        "No charge fell in two weeks",
    ),
    "devices.weakest": Said(
        "Weakest batteries", "Last charge of the last two days.", "No device reports a charge"
    ),
    "devices.silent": Said(
        "Silent longest", "Since they were last heard, and the longest pause allowed.", "None"
    ),
    "devices.share": Said(
        "Share silent and unknown", "Percent of all devices, on the last day of the range."
    ),
    "devices.raised": Said(
        "New faults", "Devices that fell silent, ran low, lost mains, were tampered with.", "None"
    ),
    "devices.radio": Said(
        "Weakest radio",
        "Last signal of the last day. Below -85 dBm it may fall silent.",
        "No device reports it",
    ),
    "devices.clock": Said(
        "Clocks that are off",
        "More than 60 seconds off ours. Times are always the gateway's: this is for repair.",
        "All clocks are right",
    ),
}

_GATEWAY = {
    "gateway.well": Said("Well", "Yes: it can do its work. Why not: see what was found."),
    "gateway.broker": Said("Broker", "Yes: it hears devices."),
    "gateway.clock": Said("Clock trusted", "No: no order ends by itself; set the clock."),
    "gateway.up": Said("Running for", "Since its start: days, hours, minutes, seconds."),
    "gateway.behind": Said("Records to apply", "Taken in and not decided on yet."),
    "gateway.spent": Said("Budget of texts today", "Share of the day's parts that is used."),
    "gateway.findings": Said("What was found", "Each part now and why; the worst on top."),
    "gateway.history": Said(
        "What was found before",
        "One part a row. Green well, yellow look at it, red its work is not done, grey no data.",
    ),
    "gateway.intake": Said("Taken in", "Messages and commits of the journal a second."),
    "gateway.lags": Said(
        "How far behind",
        "Records each consumer does not have yet. An export that is behind delays no alarm.",
    ),
    "gateway.waiting": Said(
        "Texts waiting", "Not taken by a channel (left); how long the oldest due waits (right)."
    ),
    "gateway.channels": Said(
        "Channels",
        "Can it send, signal, today's texts, when a test text last arrived.",
        "No channel",
    ),
    "gateway.attempts": Said("Attempts", "Every try to send, by what became of it.", "none"),
    "gateway.budget": Said("Parts today", "Parts used of the day; the red line is the budget."),
    "gateway.sent": Said(
        "Parts by day", "By channel and day (UTC), from what is kept for years.", "Nothing yet"
    ),
    "gateway.room": Said("Disk free", "Below 512 MiB somebody should make room."),
    "gateway.wear": Said("Written to disk", "By this program: what wears a card."),
    "gateway.database": Said("Database", "Size of the gateway's own, without InfluxDB."),
    "gateway.memory": Said("Memory", "Resident, of this program."),
    "gateway.cpu": Said("Processor", "Percent of one core."),
    "gateway.heat": Said(
        "Temperature",
        "Of the processor. It slows down from 80 °C on.",
        "This machine does not tell",
    ),
    "gateway.months_well": Said("Well", "Share of each six hours.", "Nothing yet"),
    "gateway.months_free": Said(
        "Disk free", "A line that falls says on which day the disk is full.", "Nothing yet"
    ),
    "gateway.months_written": Said(
        "Written to disk", "More of it wears the card sooner.", "Nothing yet"
    ),
    "gateway.counted": Said(
        "Refused, lost, not understood", "Growth of each total. Empty on a good day.", "None"
    ),
}

PANELS = {**_AREA, **_HOME, **_TEAM, **_DEVICES, **_GATEWAY}
