"""What measures clips and what asks models of words and pictures: never needed, never believed blindly."""
