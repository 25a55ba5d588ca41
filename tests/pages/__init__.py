"""The pages for people, asked over a socket."""
