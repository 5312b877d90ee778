"""One module a system of the papers, with SUMMARY, add_arguments and run, as verbs have."""
