"""UCF101 clip by clip: what there is, how it is fetched, and the record of what is whole."""
