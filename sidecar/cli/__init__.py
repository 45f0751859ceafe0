"""The commands, one file a verb. The only place where the parts are put together."""
