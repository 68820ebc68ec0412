"""The push service: a stand-in for browsers and their push services on this machine, and for FCM."""
