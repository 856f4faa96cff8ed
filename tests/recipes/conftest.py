"""The parts that a recipe adds are tested where they belong: in a copy of the project."""

collect_ignore_glob = ["protocol/*", "preset/*", "scorer/*"]
