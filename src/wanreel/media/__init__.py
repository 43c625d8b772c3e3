"""Looking into clips: facts and contact sheets. The decoder is loaded with the files here, so import them late."""
