"""From nothing to recording: what `sidecar init` finds, makes and leaves. It asks nobody and prints nothing."""
