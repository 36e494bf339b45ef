"""Qt models over frozen rows; sorting and filtering happen inside, `data` answers from memory."""
