"""The process engine: attempts are plain processes of this machine, kept by a supervisor that outlives the server."""
