"""All of Inlay on one machine: its processes, their ports and their logs in one terminal."""
