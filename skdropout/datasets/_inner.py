"""What upper rooms need of the tables on disk."""

from skdropout.datasets._on_disk import TableOnDisk
