"""Reports over stored scores: windows of responses, read from the store and looked through by Deepchecks."""
