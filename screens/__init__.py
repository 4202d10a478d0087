"""The console's face: one screen a file, its .tcss beside it. Screens show what services return and decide nothing."""
