"""Tests of the socket."""
