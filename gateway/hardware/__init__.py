"""Things wired to the Pi itself: contacts, a seal loop, mains, a button, lights and a buzzer.

What an input says becomes a native message and goes through the journal like everybody else's; no
output can lock or unlock anything. Without `[[inputs]]` and `[[outputs]]` nothing here is loaded
but the shape of the settings.
"""
