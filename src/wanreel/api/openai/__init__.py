"""The shape of OpenAI's `/v1/videos`: its SDK changes one line, its base URL, and orders Wan clips."""
