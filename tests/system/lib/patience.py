"""How long a test waits, in seconds. No test passes or fails by how fast the machine is."""

# For what must come: only a test that would fail waits that long. A slow machine needs a tenth of it.
PATIENCE = 90
# For the end after SIGTERM. That it comes in order within 4 s is said by the exit status, which an alarm of the daemon's
# own sets otherwise (signals.py: the_alarm_rings_in_time); what is more is the machine's.
STOP_PATIENCE = 30
