"""What everyone speaks: the nouns of the package and its one error table."""
