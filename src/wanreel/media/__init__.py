"""Looking into foreign clips and pictures: the decoders run in a child process, and only there (`inside`)."""
