"""What a nightly run tells: one page that needs nothing else, and JUnit XML for CI servers."""
