"""Jobs: submitted, described, ended, and the controllers of arrays, attempts and waiting jobs."""
