"""The parts of the page, one file a panel; they read reports and send commands, and know no economy."""
